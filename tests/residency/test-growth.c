/* test-growth.c: a loaded model that needs more than there is: nobody goes in vain.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A host of 32 GB, of which 6.4 are kept for others, with an idle model and one that is to grow.
 */
#include "headroom-catalogue.h"
#include "virtual-fixture.h"

#define HOST (32 * GB)
#define RESERVE (HOST / 5)
#define IDLE (8 * GB)
#define MARGIN (GB / 10)

static const HrSettings small = { .num_ctx = 2048, .parallel = 1, .gpu_layers = -1 },
                        large = { .num_ctx = 8192, .parallel = 3, .gpu_layers = -1 };

typedef struct {
  Virtual v;
  HrModel *shape;
} Fixture;

static void
setup (Fixture *f, gconstpointer data)
{
  virtual_init (&f->v, HOST, NULL);
  f->shape = headroom_catalogue_open (headroom_catalogue_find ("smollm2:1.7b"), NULL, NULL);
  virtual_add (&f->v, "idle", IDLE);
  g_hash_table_insert (f->v.entries, g_strdup ("grows"),
                       headroom_virtual_machine_add_model (f->v.machine, "grows", f->shape, 0));
}

static void
teardown (Fixture *f, gconstpointer data)
{
  virtual_clear (&f->v);
  hr_model_unref (f->shape);
}

static guint64
bytes_of (Fixture *f, const HrSettings *settings)
{
  HrDevice roomy = { .name = "host", .total = 1000 * GB, .free = 1000 * GB };
  g_autoptr (HrPlan) plan = headroom_plan_new (f->shape, settings, &roomy, 1, NULL);

  return hr_plan_get_bytes (plan, HR_ITEM_N_KINDS);
}

static GError *
ask_for (Fixture *f, const HrSettings *settings)
{
  Asked *asked = virtual_ask_for (&f->v, "grows", settings);
  GError *error;

  virtual_pass (&f->v, 60 * SECOND);
  g_assert_true (asked->done);
  error = g_steal_pointer (&asked->error);
  asked_free (asked);
  return error;
}

/* Others take so much that without the idle model, and with what is kept for them, so many bytes are
 * left to what grows. */
static void
leave (Fixture *f, guint64 bytes)
{
  headroom_virtual_machine_set_others (f->v.machine, 0, HOST - RESERVE - bytes);
  virtual_pass (&f->v, SECOND);
}

/* A tenth of a gigabyte is missing even if the idle model goes, part of which others have taken of
 * their reserve: so it does not go. With that tenth it does. */
static void
test_edge (Fixture *f, gconstpointer data)
{
  guint64 need = bytes_of (f, &large);
  g_autoptr (GError) none = NULL;
  g_autoptr (GError) refused = NULL;
  g_autoptr (GError) grown = NULL;

  g_assert_cmpuint (need, <, IDLE);
  virtual_use (&f->v, "idle", NULL);
  none = ask_for (f, &small);
  g_assert_no_error (none);
  leave (f, need - MARGIN);
  refused = ask_for (f, &large);
  g_assert_error (refused, HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_NO_MEMORY);
  virtual_assert_story (&f->v, "load idle, load grows, refuse grows");
  g_assert_true (virtual_has (&f->v, "idle"));
  leave (f, need + MARGIN);
  grown = ask_for (f, &large);
  g_assert_no_error (grown);
  g_assert_cmpuint (virtual_count (&f->v, "room"), ==, 1);
  g_assert_cmpuint (virtual_count (&f->v, "resized"), ==, 1);
  g_assert_false (virtual_has (&f->v, "idle"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define CASE(path, func) g_test_add ("/growth/" path, Fixture, NULL, setup, func, teardown)
  CASE ("edge", test_edge);
  return g_test_run ();
}
