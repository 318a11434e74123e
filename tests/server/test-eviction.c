/* test-eviction.c: as few models as free enough, then the least recently used, then the cheapest to
 * bring back.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-eviction.h"

#define MAX_MODELS 8

typedef struct {
  guint64 bytes, load_bytes;
  gint64 last_used_us;
} Model;

/* Which are chosen, as bits in the order given; -1 if it cannot be done. */
static int
choose (const Model *models, gsize n, guint64 need_bytes, gsize need_models)
{
  HeadroomEvictionCandidate candidates[MAX_MODELS], *pointers[MAX_MODELS];
  int chosen = 0;

  for (gsize i = 0; i < n; i++) {
    candidates[i] = (HeadroomEvictionCandidate){ models[i].bytes, models[i].load_bytes,
                                                 models[i].last_used_us, TRUE };
    pointers[i] = &candidates[i];
  }
  if (!headroom_eviction_choose (pointers, n, need_bytes, need_models)) {
    for (gsize i = 0; i < n; i++)
      g_assert_false (candidates[i].chosen);
    return -1;
  }
  for (gsize i = 0; i < n; i++)
    chosen |= candidates[i].chosen << i;
  return chosen;
}

static void
test_examples (void)
{
  static const Model models[] = { { 4, 4, 10 }, { 2, 2, 20 }, { 6, 6, 30 }, { 4, 3, 10 } };

  g_assert_cmpint (choose (models, 4, 0, 0), ==, 0);
  g_assert_cmpint (choose (models, 4, 1, 0), ==, 1 << 3); /* as old as the first, but back sooner */
  g_assert_cmpint (choose (models, 4, 5, 0), ==,
                   1 << 2); /* one that is enough, though it was used last */
  g_assert_cmpint (choose (models, 4, 7, 0), ==,
                   1 << 0 | 1 << 3); /* two: the oldest two are enough */
  g_assert_cmpint (choose (models, 4, 9, 0), ==, 1 << 2 | 1 << 3);
  g_assert_cmpint (choose (models, 4, 16, 0), ==, 15);
  g_assert_cmpint (choose (models, 4, 17, 0), ==, -1);
  g_assert_cmpint (choose (models, 4, 0, 2), ==, 1 << 0 | 1 << 3);
  g_assert_cmpint (choose (models, 4, 0, 5), ==, -1);
  g_assert_cmpint (choose (NULL, 0, 1, 0), ==, -1);
  g_assert_cmpint (choose (NULL, 0, 0, 0), ==, 0);
}

/* The five models that people quote, on 16 GB: the fifth sends exactly the oldest away. */
static void
test_five_models (void)
{
  static const Model models[] = {
    { 4300, 4300, 1 }, { 4700, 4700, 2 }, { 270, 270, 3 }, { 4500, 4500, 4 }
  };
  guint64 used = 4300 + 4700 + 270 + 4500;

  g_assert_cmpint (choose (models, 4, used + 3800 - 16000, 0), ==, 1 << 0);
}

/* Against trying every set. */
static void
test_random (void)
{
  for (int round = 0; round < 20000; round++) {
    gsize n = (gsize) g_test_rand_int_range (0, MAX_MODELS + 1);
    guint64 need = (guint64) g_test_rand_int_range (0, 60);
    Model models[MAX_MODELS];
    int best_size = G_MAXINT, chosen;
    guint64 freed = 0;

    for (gsize i = 0; i < n; i++)
      models[i] =
          (Model){ (guint64) g_test_rand_int_range (1, 20), 1, g_test_rand_int_range (0, 4) };
    for (int set = 0; set < 1 << n; set++) {
      guint64 bytes = 0;
      for (gsize i = 0; i < n; i++)
        bytes += (set >> i & 1) ? models[i].bytes : 0;
      if (bytes >= need)
        best_size = MIN (best_size, __builtin_popcount ((unsigned) set));
    }
    chosen = choose (models, n, need, 0);
    if (best_size == G_MAXINT) {
      g_assert_cmpint (chosen, ==, -1);
      continue;
    }
    for (gsize i = 0; i < n; i++)
      freed += (chosen >> i & 1) ? models[i].bytes : 0;
    g_assert_cmpuint (freed, >=, need);
    g_assert_cmpint (__builtin_popcount ((unsigned) chosen), ==, best_size);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/eviction/examples", test_examples);
  g_test_add_func ("/eviction/five-models", test_five_models);
  g_test_add_func ("/eviction/random", test_random);
  return g_test_run ();
}
