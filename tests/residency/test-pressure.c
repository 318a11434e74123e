/* test-pressure.c: who goes when other programs need the memory.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A host of 16 GB: 3.2 are kept for others; below 0.8 of them, 1.6 are made free.
 */
#include "virtual-fixture.h"

typedef struct {
  Virtual v;
  guint64 relieved; /* what the relief function gives back, at each call */
  guint n_relieved;
} Fixture;

static void
setup (Fixture *f, gconstpointer data)
{
  virtual_init (&f->v, 16 * GB, NULL);
  virtual_add (&f->v, "a", 4 * GB);
  virtual_add (&f->v, "b", 3 * GB);
  virtual_add (&f->v, "c", 2 * GB);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  virtual_clear (&f->v);
}

static void
use_all (Fixture *f)
{
  virtual_use (&f->v, "a", NULL);
  virtual_pass (&f->v, SECOND);
  virtual_use (&f->v, "b", NULL);
  virtual_pass (&f->v, SECOND);
  virtual_use (&f->v, "c", NULL);
}

/* Other programs take so much from now on, and what follows from it has happened. */
static void
others_take (Fixture *f, guint64 bytes)
{
  headroom_virtual_machine_set_others (f->v.machine, 0, bytes);
  virtual_pass (&f->v, SECOND);
}

/* The reserve is there to be used: nobody goes for the first part of it. */
static void
test_reserve (Fixture *f, gconstpointer data)
{
  use_all (f);
  others_take (f, 6 * GB);
  virtual_assert_story (&f->v, "load a, load b, load c");
}

/* One model is enough, and of those that are, the one that was used least recently. */
static void
test_as_few_as_enough (Fixture *f, gconstpointer data)
{
  use_all (f);
  others_take (f, 13 * GB / 2);
  virtual_assert_story (&f->v, "load a, load b, load c, evict a");
  g_assert_cmpuint (virtual_count (&f->v, "pressure"), ==, 1);
  others_take (f, 21 * GB / 2);
  virtual_assert_story (&f->v, "load a, load b, load c, evict a, evict b");
}

/* Not enough whoever goes: all that may go. */
static void
test_all (Fixture *f, gconstpointer data)
{
  use_all (f);
  others_take (f, 16 * GB);
  g_assert_cmpuint (virtual_count (&f->v, "pressure"), ==, 3);
  g_assert_false (virtual_has (&f->v, "a") || virtual_has (&f->v, "b") || virtual_has (&f->v, "c"));
}

/* Busy ones stay until they are idle, pinned ones for good; that nothing can be done is said once.
 */
static void
test_busy_and_pinned (Fixture *f, gconstpointer data)
{
  gint64 forever = HEADROOM_FOREVER;
  Asked *busy;

  virtual_use (&f->v, "a", &forever);
  busy = virtual_ask (&f->v, "b", NULL);
  virtual_wait_for (&f->v, busy);
  others_take (f, 17 * GB / 2);
  others_take (f, 18 * GB / 2);
  g_assert_cmpuint (virtual_count (&f->v, "helpless"), ==, 1);
  g_assert_true (virtual_has (&f->v, "b"));
  asked_free (busy);
  virtual_pass (&f->v, SECOND);
  g_assert_false (virtual_has (&f->v, "b"));
  g_assert_true (virtual_has (&f->v, "a"));
  virtual_assert_story (&f->v, "load a, load b, advise , evict b");
}

/* Memory that came back is as good as new, and the next time is told again. */
static void
test_again (Fixture *f, gconstpointer data)
{
  gint64 forever = HEADROOM_FOREVER;

  virtual_use (&f->v, "a", &forever);
  others_take (f, 12 * GB);
  others_take (f, GB);
  others_take (f, 12 * GB);
  g_assert_cmpuint (virtual_count (&f->v, "helpless"), ==, 2);
  others_take (f, GB);
  virtual_use (&f->v, "b", NULL);
  g_assert_true (virtual_has (&f->v, "b"));
}

static guint64
relief_cb (HeadroomResidency *residency, gsize device, guint64 need_bytes, gpointer data)
{
  Fixture *f = data;

  g_assert_cmpuint (device, ==, 0);
  g_assert_cmpuint (need_bytes, >, 0);
  f->n_relieved++;
  return f->relieved;
}

/* What is cheaper goes first, and nobody else if that is enough. */
static void
test_relief (Fixture *f, gconstpointer data)
{
  headroom_residency_set_relief_func (f->v.residency, relief_cb, f);
  use_all (f);
  f->relieved = 4 * GB;
  others_take (f, 13 * GB / 2);
  g_assert_cmpuint (f->n_relieved, ==, 1);
  virtual_assert_story (&f->v, "load a, load b, load c");
  f->relieved = 0;
  others_take (f, 27 * GB / 4);
  g_assert_cmpuint (f->n_relieved, ==, 2);
  virtual_assert_story (&f->v, "load a, load b, load c, evict a");
}

static void
fill (Fixture *f, const char *name, guint64 bytes)
{
  headroom_virtual_machine_set_filled (f->v.machine, g_hash_table_lookup (f->v.entries, name),
                                       bytes);
}

/* The server's own relief: idle models' caches go before models do, and only they if that is
 * enough; a busy model's stays. */
static void
test_caches_first (Fixture *f, gconstpointer data)
{
  Asked *busy = virtual_ask (&f->v, "a", NULL);

  virtual_wait_for (&f->v, busy);
  virtual_use (&f->v, "b", NULL);
  virtual_pass (&f->v, SECOND);
  virtual_use (&f->v, "c", NULL);
  fill (f, "a", GB);
  fill (f, "b", GB);
  fill (f, "c", GB);
  others_take (f, 3 * GB);
  virtual_assert_story (&f->v, "load a, load b, load c");
  others_take (f, 9 * GB / 2); /* models and caches take 12: nothing is left */
  g_assert_cmpuint (virtual_count (&f->v, "cache-given-up"), ==, 2);
  g_assert_cmpuint (virtual_count (&f->v, "pressure"), ==, 0);
  fill (f, "b", GB / 2);
  others_take (f, 6 * GB);
  g_assert_cmpuint (virtual_count (&f->v, "cache-given-up"), ==, 3);
  g_assert_cmpuint (virtual_count (&f->v, "pressure"), ==, 1);
  g_assert_true (virtual_has (&f->v, "a"));
  g_assert_false (virtual_has (&f->v, "b"));
  g_assert_true (virtual_has (&f->v, "c"));
  asked_free (busy);
}

/* Caches that go to files first: nobody else goes while they are on their way. */
static void
test_caches_to_files (Fixture *f, gconstpointer data)
{
  headroom_virtual_machine_set_release_time (f->v.machine, SECOND);
  use_all (f);
  fill (f, "b", 2 * GB);
  headroom_virtual_machine_set_others (f->v.machine, 0, 9 * GB / 2); /* 0.5 are left */
  virtual_pass (&f->v, SECOND / 2);
  headroom_virtual_machine_set_others (f->v.machine, 0, 23 * GB / 5);
  virtual_pass (&f->v, SECOND / 4);
  g_assert_cmpuint (virtual_count (&f->v, "cache-given-up"), ==, 1);
  virtual_pass (&f->v, SECOND);
  g_assert_cmpuint (virtual_count (&f->v, "cache-given-up"), ==, 1);
  g_assert_cmpuint (virtual_count (&f->v, "pressure"), ==, 0);
  others_take (f, 7 * GB); /* there is nothing more to give up but models */
  g_assert_cmpuint (virtual_count (&f->v, "pressure"), ==, 1);
}

/* Programs that wait for memory: one model at a time, with time to see whether it helped. */
static void
test_stalls (Fixture *f, gconstpointer data)
{
  HrPressure stalls = { .some_percent = 35, .full_percent = 20 };

  use_all (f);
  headroom_virtual_machine_set_pressure (f->v.machine, &stalls);
  virtual_pass (&f->v, SECOND);
  virtual_assert_story (&f->v,
                        "load a, load b, load c"); /* there is enough: others stall by themselves */
  others_take (f, 5 * GB);
  virtual_assert_story (&f->v, "load a, load b, load c, evict a");
  g_assert_cmpuint (virtual_count (&f->v, "stalls"), ==, 1);
  others_take (f, 10 * GB);
  g_assert_cmpuint (virtual_count (&f->v, "stalls"), ==, 1);
  virtual_pass (&f->v, 10 * SECOND);
  others_take (f, 10 * GB);
  virtual_assert_story (&f->v, "load a, load b, load c, evict a, evict b");
}

/* Nobody is here, nobody looks: time stands still instead of passing in looks. */
static void
test_sleeps (Fixture *f, gconstpointer data)
{
  gint64 zero = 0;

  virtual_use (&f->v, "a", &zero);
  virtual_pass (&f->v, SECOND);
  headroom_virtual_machine_set_others (f->v.machine, 0, 16 * GB);
  g_assert_false (headroom_virtual_machine_step (f->v.machine));
  virtual_assert_story (&f->v, "load a, unload a");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define CASE(path, func) g_test_add ("/pressure/" path, Fixture, NULL, setup, func, teardown)
  CASE ("reserve", test_reserve);
  CASE ("as-few-as-enough", test_as_few_as_enough);
  CASE ("all", test_all);
  CASE ("busy-and-pinned", test_busy_and_pinned);
  CASE ("again", test_again);
  CASE ("relief", test_relief);
  CASE ("caches-first", test_caches_first);
  CASE ("caches-to-files", test_caches_to_files);
  CASE ("stalls", test_stalls);
  CASE ("sleeps", test_sleeps);
  return g_test_run ();
}
