/* test-loop.c: what is a loop, and what only looks like one.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-loop.h"

/* Takes n tokens that repeat themselves after length; returns after how many the loop was noticed,
 * 0: not at all. */
static guint
noticed_after (HeadroomLoop *loop, guint length, guint n)
{
  for (guint i = 0; i < n; i++) {
    guint found = headroom_loop_take (loop, (HrToken) (1000 + i % length));
    if (found > 0) {
      g_assert_cmpuint (found, ==, length);
      return i + 1;
    }
  }
  return 0;
}

static void
test_lengths (void)
{
  static const struct {
    guint length, after;
  } cases[] = { { 1, 256 }, { 2, 256 }, { 16, 256 }, { 17, 272 }, { 64, 1024 }, { 128, 2048 } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    HeadroomLoop loop = { 0 };
    g_assert_cmpuint (noticed_after (&loop, cases[i].length, 4096), ==, cases[i].after);
  }
  HeadroomLoop loop = { 0 };
  g_assert_cmpuint (noticed_after (&loop, HEADROOM_LOOP_LONGEST + 1, 8192), ==, 0);
}

/* Text before the loop does not hide it, and a token in between begins the count anew. */
static void
test_interrupted (void)
{
  HeadroomLoop loop = { 0 };

  for (HrToken i = 0; i < 500; i++)
    g_assert_cmpuint (headroom_loop_take (&loop, i), ==, 0);
  g_assert_cmpuint (noticed_after (&loop, 5, 255), ==, 0);
  g_assert_cmpuint (headroom_loop_take (&loop, 7), ==, 0);
  g_assert_cmpuint (noticed_after (&loop, 5, 255), ==, 0);
}

/* Rows of a table: the same frame around other numbers. */
static void
test_table (void)
{
  HeadroomLoop loop = { 0 };

  for (HrToken row = 0; row < 1000; row++)
    for (HrToken column = 0; column < 8; column++)
      g_assert_cmpuint (headroom_loop_take (&loop, column == 4 ? 100 + row : column), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/loop/lengths", test_lengths);
  g_test_add_func ("/loop/interrupted", test_interrupted);
  g_test_add_func ("/loop/table", test_table);
  return g_test_run ();
}
