/* test-memory.c: parts of memory and their places on a bar.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-memory.h"

#define MIB ((guint64) 1024 * 1024)
#define GIB (1024 * MIB)

static HeadroomMemoryDevice
make_device (void)
{
  HeadroomMemoryDevice device = { .name = "Memory", .total = 16 * GIB };

  device.now[HEADROOM_MEMORY_WEIGHTS] = 2 * GIB;
  device.now[HEADROOM_MEMORY_CACHE] = 1 * MIB;
  device.now[HEADROOM_MEMORY_CACHE_UNUSED] = 511 * MIB;
  device.now[HEADROOM_MEMORY_COMPUTE] = 256 * MIB;
  headroom_memory_settle (&device, 8 * GIB, 2 * GIB);
  return device;
}

static guint64
sum (const guint64 *parts)
{
  guint64 total = 0;

  for (int i = 0; i < HEADROOM_MEMORY_N_PARTS; i++)
    total += parts[i];
  return total;
}

static void
test_settle (void)
{
  HeadroomMemoryDevice device = make_device ();

  g_assert_cmpuint (sum (device.now), ==, device.total);
  g_assert_cmpuint (device.now[HEADROOM_MEMORY_RESERVE], ==, 2 * GIB);
  g_assert_cmpuint (device.now[HEADROOM_MEMORY_FREE], ==, 6 * GIB);
  g_assert_cmpuint (device.now[HEADROOM_MEMORY_OTHERS], ==,
                    16 * GIB - 8 * GIB - 2 * GIB - 768 * MIB);
}

/* Numbers that were read one after the other may contradict each other; the parts add up all the
 * same. */
static void
test_settle_contradiction (void)
{
  static const struct {
    guint64 free, reserve;
  } cases[] = { { 0, 0 }, { 64 * GIB, GIB }, { GIB, 64 * GIB }, { G_MAXUINT64, G_MAXUINT64 } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    HeadroomMemoryDevice device = make_device ();
    headroom_memory_settle (&device, cases[i].free, cases[i].reserve);
    g_assert_cmpuint (sum (device.now), ==, device.total);
  }
}

static void
test_fits (void)
{
  HeadroomMemoryDevice device = make_device ();
  guint64 available = headroom_memory_available (&device);

  g_assert_true (headroom_memory_fits (&device));
  g_assert_cmpuint (available, ==, 6 * GIB + 2 * GIB + 768 * MIB);
  device.has_plan = TRUE;
  device.plan[HEADROOM_MEMORY_WEIGHTS] = available;
  g_assert_true (headroom_memory_fits (&device));
  device.plan[HEADROOM_MEMORY_COMPUTE] = 1;
  g_assert_false (headroom_memory_fits (&device));
}

static void
test_layout_now (void)
{
  HeadroomMemoryDevice device = make_device ();
  HeadroomMemorySpan spans[HEADROOM_MEMORY_N_PARTS];

  for (double width = 120; width < 2000; width += 37) {
    double x = 0;
    headroom_memory_layout_now (&device, width, spans);
    for (int i = 0; i < HEADROOM_MEMORY_N_PARTS; i++) {
      g_assert_cmpfloat_with_epsilon (spans[i].start, x, 1e-6);
      x += spans[i].width;
    }
    g_assert_cmpfloat_with_epsilon (x, width, 1e-6);
    /* 1 MiB of 16 GiB is a part of a pixel and is seen all the same. */
    g_assert_cmpfloat (spans[HEADROOM_MEMORY_CACHE].width, >=, 3);
  }
}

static void
test_layout_plan (void)
{
  HeadroomMemoryDevice device = make_device ();
  HeadroomMemorySpan now[HEADROOM_MEMORY_N_PARTS], plan[HEADROOM_MEMORY_N_PARTS];

  device.has_plan = TRUE;
  device.plan[HEADROOM_MEMORY_WEIGHTS] = 2 * GIB;
  device.plan[HEADROOM_MEMORY_CACHE_UNUSED] = 16 * GIB;
  headroom_memory_layout_now (&device, 800, now);
  headroom_memory_layout_plan (&device, 800, plan);
  g_assert_cmpfloat_with_epsilon (plan[HEADROOM_MEMORY_WEIGHTS].start,
                                  now[HEADROOM_MEMORY_WEIGHTS].start, 1e-6);
  g_assert_cmpfloat_with_epsilon (plan[HEADROOM_MEMORY_WEIGHTS].width, 100, 1e-6);
  g_assert_cmpfloat_with_epsilon (plan[HEADROOM_MEMORY_CACHE_UNUSED].width, 800, 1e-6);
}

static void
test_layout_nothing (void)
{
  HeadroomMemoryDevice device = { 0 };
  HeadroomMemorySpan spans[HEADROOM_MEMORY_N_PARTS];

  headroom_memory_layout_now (&device, 800, spans);
  for (int i = 0; i < HEADROOM_MEMORY_N_PARTS; i++)
    g_assert_cmpfloat (spans[i].width, ==, 0);
}

/* Two models and two other programs, one of which is counted for more than there is. */
static void
test_layout_segments (void)
{
  static const struct {
    HeadroomMemoryPart part;
    int owner;
  } expected[] = {
    { HEADROOM_MEMORY_OTHERS, 0 },   { HEADROOM_MEMORY_OTHERS, 1 },
    { HEADROOM_MEMORY_WEIGHTS, 0 },  { HEADROOM_MEMORY_CACHE, 0 },
    { HEADROOM_MEMORY_WEIGHTS, 1 },  { HEADROOM_MEMORY_CACHE_UNUSED, -1 },
    { HEADROOM_MEMORY_COMPUTE, -1 }, { HEADROOM_MEMORY_FREE, -1 },
    { HEADROOM_MEMORY_RESERVE, -1 },
  };
  HeadroomMemoryDevice device = make_device ();
  HeadroomMemorySegment segments[HEADROOM_MEMORY_MAX_SEGMENTS];
  guint64 bytes = 0;
  double x = 0;
  gsize n;

  device.n_models = 2;
  device.models[0].parts[HEADROOM_MEMORY_WEIGHTS] = 512 * MIB;
  device.models[0].parts[HEADROOM_MEMORY_CACHE] = 1 * MIB;
  device.models[1].parts[HEADROOM_MEMORY_WEIGHTS] = 1536 * MIB;
  device.n_neighbours = 2;
  device.neighbours[0].bytes = 3 * GIB;
  device.neighbours[1].bytes = 64 * GIB;
  n = headroom_memory_layout_segments (&device, 800, segments);
  g_assert_cmpuint (n, ==, G_N_ELEMENTS (expected));
  for (gsize i = 0; i < n; i++) {
    g_assert_cmpint (segments[i].part, ==, expected[i].part);
    g_assert_cmpint (segments[i].owner, ==, expected[i].owner);
    g_assert_cmpfloat_with_epsilon (segments[i].span.start, x, 1e-6);
    g_assert_cmpfloat (segments[i].span.width, >=, 3);
    x += segments[i].span.width;
    bytes += segments[i].bytes;
  }
  g_assert_cmpfloat_with_epsilon (x, 800, 1e-6);
  g_assert_cmpuint (bytes, ==, device.total);

  /* A program that would be seen as a line only is not told apart. */
  device.neighbours[1].bytes = 64 * MIB;
  n = headroom_memory_layout_segments (&device, 800, segments);
  g_assert_cmpint (segments[0].owner, ==, 0);
  g_assert_cmpint (segments[1].owner, ==, -1);
  g_assert_cmpint (segments[1].part, ==, HEADROOM_MEMORY_OTHERS);
}

/* As many as may be told apart, each with every part. */
static void
test_layout_most_segments (void)
{
  HeadroomMemoryDevice device = { .name = "Memory", .total = 16 * GIB };
  HeadroomMemorySegment segments[HEADROOM_MEMORY_MAX_SEGMENTS];

  device.n_models = HEADROOM_MEMORY_MAX_MODELS;
  device.n_neighbours = HEADROOM_MEMORY_MAX_NEIGHBOURS;
  for (gsize i = 0; i < device.n_models; i++)
    for (int part = HEADROOM_MEMORY_WEIGHTS; part <= HEADROOM_MEMORY_DRIVER; part++)
      device.models[i].parts[part] = MIB;
  for (int part = HEADROOM_MEMORY_WEIGHTS; part <= HEADROOM_MEMORY_DRIVER; part++)
    device.now[part] = (HEADROOM_MEMORY_MAX_MODELS + 1) * MIB;
  for (gsize i = 0; i < device.n_neighbours; i++)
    device.neighbours[i].bytes = GIB;
  headroom_memory_settle (&device, 8 * GIB, 2 * GIB);
  g_assert_cmpuint (headroom_memory_layout_segments (&device, 360, segments), ==,
                    HEADROOM_MEMORY_MAX_NEIGHBOURS + 1 + 6 * (HEADROOM_MEMORY_MAX_MODELS + 1) + 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/memory/settle", test_settle);
  g_test_add_func ("/memory/settle-contradiction", test_settle_contradiction);
  g_test_add_func ("/memory/fits", test_fits);
  g_test_add_func ("/memory/layout/now", test_layout_now);
  g_test_add_func ("/memory/layout/segments", test_layout_segments);
  g_test_add_func ("/memory/layout/most-segments", test_layout_most_segments);
  g_test_add_func ("/memory/layout/plan", test_layout_plan);
  g_test_add_func ("/memory/layout/nothing", test_layout_nothing);
  return g_test_run ();
}
