/* test-loads.c: loads that are shared, given up or stand still, and who waits for them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Loading reads 1 GB a second.
 */
#include "virtual-fixture.h"

static void
setup (Virtual *v, gconstpointer data)
{
  HeadroomResidencyLimits limits = { .keep_alive_ns = HEADROOM_FOREVER - 1, .max_loaded = 8,
                                     .max_queue = 8,
                                     .load_timeout_ns = 60 * HEADROOM_NSEC_PER_SEC };

  virtual_init (v, 1000 * GB, &limits);
  virtual_add (v, "small", GB);
  virtual_add (v, "large", 300 * GB);
}

static void
teardown (Virtual *v, gconstpointer data)
{
  headroom_virtual_machine_set_disk (v->machine, 1e9);
  virtual_clear (v);
}

static gint64
now_us (Virtual *v)
{
  return headroom_machine_now_us (HEADROOM_MACHINE (v->machine));
}

/* Who asks for a model that is here has it at once, whatever is being loaded. */
static void
test_beside (Virtual *v, gconstpointer data)
{
  Asked *large, *small;
  gint64 before;

  virtual_use (v, "small", NULL);
  large = virtual_ask (v, "large", NULL);
  virtual_pass (v, 5 * SECOND);
  g_assert_false (large->done);
  before = now_us (v);
  small = virtual_ask (v, "small", NULL);
  while (!small->done && g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_true (small->done);
  g_assert_no_error (small->error);
  g_assert_cmpint (now_us (v), ==, before);
  g_assert_false (large->done);
  asked_free (small);
  virtual_wait_for (v, large);
  g_assert_no_error (large->error);
  asked_free (large);
}

/* The second asks while the first one's load is half done, and has it when that is over. */
static void
test_shared (Virtual *v, gconstpointer data)
{
  Asked *first = virtual_ask (v, "large", NULL), *second;

  virtual_pass (v, 100 * SECOND);
  second = virtual_ask (v, "large", NULL);
  virtual_wait_for (v, second);
  g_assert_true (first->done);
  g_assert_cmpint (now_us (v) / SECOND, ==, 300);
  virtual_assert_story (v, "load large");
  asked_free (first);
  asked_free (second);
}

/* A load that gets on may take longer than LOAD_TIMEOUT. */
static void
test_slow (Virtual *v, gconstpointer data)
{
  virtual_use (v, "large", NULL);
  g_assert_cmpint (now_us (v) / SECOND, ==, 300);
  g_assert_true (virtual_has (v, "large"));
}

/* One that stands still is given up: who waits is told, and another model can be loaded. */
static void
test_stands_still (Virtual *v, gconstpointer data)
{
  Asked *stuck = virtual_ask (v, "large", NULL), *again;

  virtual_pass (v, 100 * SECOND);
  headroom_virtual_machine_set_disk (v->machine, 0);
  virtual_wait_for (v, stuck);
  g_assert_error (stuck->error, HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_STALLED);
  g_assert_nonnull (strstr (stuck->error->message, "LOAD_TIMEOUT"));
  g_assert_cmpint (now_us (v) / SECOND, <=, 230);
  g_assert_cmpuint (virtual_count (v, "load-stalled"), ==, 1);
  /* Who asks for it meanwhile is told the same, and it is no news. */
  again = virtual_ask (v, "large", NULL);
  virtual_wait_for (v, again);
  g_assert_error (again->error, HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_STALLED);
  g_assert_cmpuint (virtual_count (v, "load-stalled"), ==, 1);
  asked_free (stuck);
  asked_free (again);
  /* The disk answers again: the rest of the old load is dropped, and all is as before. */
  headroom_virtual_machine_set_disk (v->machine, 1e9);
  virtual_use (v, "small", NULL);
  virtual_use (v, "large", NULL);
  virtual_assert_story (v, "refuse large, load small, load large");
}

/* Another model does not wait for the one that stands still. */
static void
test_others_go_on (Virtual *v, gconstpointer data)
{
  Asked *stuck = virtual_ask (v, "large", NULL), *small;

  virtual_pass (v, 10 * SECOND);
  headroom_virtual_machine_set_disk (v->machine, 0);
  small = virtual_ask (v, "small", NULL);
  virtual_wait_for (v, stuck);
  g_assert_nonnull (stuck->error);
  asked_free (stuck);
  g_assert_false (small->done);
  virtual_pass (v, SECOND);
  headroom_virtual_machine_set_disk (v->machine, 1e9);
  virtual_wait_for (v, small);
  g_assert_no_error (small->error);
  asked_free (small);
  virtual_pass (v, 20 * SECOND);
  g_assert_false (virtual_has (v, "large"));
}

/* Memory that was there when the load was planned is taken by others before it has it: an idle
 * model goes, then the load is given up, and all is as before. */
static void
test_squeezed (Virtual *v, gconstpointer data)
{
  Asked *large;

  virtual_use (v, "small", NULL);
  large = virtual_ask (v, "large", NULL);
  virtual_pass (v, 100 * SECOND);
  headroom_virtual_machine_set_others (v->machine, 0, 690 * GB);
  virtual_wait_for (v, large);
  g_assert_error (large->error, HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_NO_MEMORY);
  g_assert_nonnull (strstr (large->error->message, "other programs took the memory"));
  asked_free (large);
  virtual_assert_story (v, "load small, evict small, refuse large");
  g_assert_cmpuint (virtual_count (v, "load-squeezed"), ==, 1);
  headroom_virtual_machine_set_others (v->machine, 0, 0);
  virtual_use (v, "large", NULL);
  virtual_use (v, "small", NULL);
  g_assert_true (virtual_has (v, "large") && virtual_has (v, "small"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define CASE(path, func) g_test_add ("/loads/" path, Virtual, NULL, setup, func, teardown)
  CASE ("beside", test_beside);
  CASE ("shared", test_shared);
  CASE ("slow", test_slow);
  CASE ("stands-still", test_stands_still);
  CASE ("others-go-on", test_others_go_on);
  CASE ("squeezed", test_squeezed);
  return g_test_run ();
}
