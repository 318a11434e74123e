/* test-residency.c: who is loaded, who goes and who waits, on memory that is only claimed to be
 * there.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-residency.h"
#include "headroom-resident.h"
#include "headroom-wire-time.h"
#include "server-fixture.h"

typedef struct {
  char *root, *loose;
  HeadroomStore *store;
  HeadroomResidency *residency;
  guint64 model_bytes; /* of one model with the settings below */
  guint64 free_bytes;  /* of the machine, before any model */
  guint64 taken_bytes; /* by others, as a test likes */
} Fixture;

#define NUM_CTX 256

static gsize
devices_cb (HrDevice *devices, gsize max, gpointer data)
{
  Fixture *f = data;
  g_autoptr (GPtrArray) residents =
      f->residency != NULL ? headroom_residency_dup_residents (f->residency) : NULL;
  guint64 touched = f->taken_bytes;

  /* What the system would have given away: everything but mapped weights and unfilled cache. */
  for (guint i = 0; residents != NULL && i < residents->len; i++) {
    HeadroomResident *resident = residents->pdata[i];
    if (resident->plan != NULL)
      touched += headroom_resident_get_bytes (resident, 0) -
                 headroom_resident_get_promised_bytes (resident, 0);
  }
  devices[0] = (HrDevice) { .name = "host", .kind = HR_DEVICE_CPU, .total = f->free_bytes,
                            .free = f->free_bytes - MIN (f->free_bytes, touched) };
  return 1;
}

static HeadroomDemand
demand (guint32 num_ctx)
{
  return (HeadroomDemand){ .settings = { .num_ctx = num_ctx,
                                         .parallel = 1,
                                         .num_batch = 64,
                                         .threads = 1,
                                         .gpu_layers = -1 } };
}

static HeadroomModelEntry *
entry (Fixture *f, const char *name)
{
  g_autoptr (GError) error = NULL;
  HeadroomModelEntry *found = headroom_store_lookup (f->store, name, &error);

  g_assert_no_error (error);
  return found;
}

static void
measure (Fixture *f)
{
  g_autoptr (HeadroomModelEntry) tiny = entry (f, "tiny");
  g_autoptr (HrModel) model = hr_model_open (headroom_model_entry_get_path (tiny), NULL);
  HeadroomDemand wanted = demand (NUM_CTX);
  g_autoptr (HrPlan) plan = NULL;

  f->free_bytes = 1ull << 40;
  plan = headroom_residency_plan (f->residency, NULL, model, &wanted, NULL);
  f->model_bytes = hr_plan_get_bytes (plan, HR_ITEM_N_KINDS);
  f->free_bytes = 10 * f->model_bytes;
}

static void
setup (Fixture *f, gconstpointer data)
{
  HeadroomResidencyLimits limits = { .keep_alive_ns = 300 * HEADROOM_NSEC_PER_SEC,
                                     .max_loaded = 8,
                                     .max_queue = 4 };
  static const char *const more[] = { "third", "fourth" };

  f->store = server_store_new (&f->root, &f->loose);
  for (gsize i = 0; i < G_N_ELEMENTS (more); i++) {
    g_autofree char *from = g_build_filename (f->loose, "tiny.gguf", NULL);
    g_autofree char *to = g_strdup_printf ("%s/%s.gguf", f->loose, more[i]);
    g_autofree char *bytes = NULL;
    gsize len;
    g_assert_true (g_file_get_contents (from, &bytes, &len, NULL));
    g_assert_true (g_file_set_contents (to, bytes, (gssize) len, NULL));
  }
  f->residency = headroom_residency_new (&limits);
  headroom_residency_set_devices_func (f->residency, devices_cb, f);
  measure (f);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  headroom_residency_close (f->residency);
  g_assert_finalize_object (g_steal_pointer (&f->residency));
  g_object_unref (f->store);
  server_store_remove (f->root, f->loose);
}

/* ---- Acquiring ---- */

typedef struct {
  Fixture *f;
  gboolean done;
  HeadroomLease *lease;
  GError *error;
  GCancellable *cancellable;
} Wait;

static void
acquired_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Wait *wait = data;

  wait->lease =
      headroom_residency_acquire_finish (HEADROOM_RESIDENCY (source), result, &wait->error);
  wait->done = TRUE;
}

static void
no_event (const HrEvent *event, void *data)
{
}

static Wait *
ask (Fixture *f, const char *name, guint32 num_ctx, const gint64 *keep_alive_ns)
{
  g_autoptr (HeadroomModelEntry) model = entry (f, name);
  HeadroomDemand wanted = demand (num_ctx);
  Wait *wait = g_new0 (Wait, 1);

  wait->f = f;
  wait->cancellable = g_cancellable_new ();
  headroom_residency_acquire_async (f->residency, model, &wanted, keep_alive_ns, wait->cancellable,
                                    acquired_cb, wait);
  return wait;
}

/* Frees the lease, if there is one: the model becomes idle. */
static void
end (Wait *wait)
{
  g_clear_pointer (&wait->lease, headroom_lease_free);
  g_clear_error (&wait->error);
  g_object_unref (wait->cancellable);
  g_free (wait);
}

static void
wait_for (Wait *wait)
{
  while (!wait->done)
    g_main_context_iteration (NULL, TRUE);
}

static Wait *
have (Fixture *f, const char *name, guint32 num_ctx, const gint64 *keep_alive_ns)
{
  Wait *wait = ask (f, name, num_ctx, keep_alive_ns);

  wait_for (wait);
  g_assert_no_error (wait->error);
  g_assert_nonnull (wait->lease);
  return wait;
}

static void
use (Fixture *f, const char *name)
{
  end (have (f, name, NUM_CTX, NULL));
}

/* Everything that can happen by itself has happened. */
static void
settle (Fixture *f)
{
  for (int i = 0; i < 20; i++) {
    while (g_main_context_iteration (NULL, FALSE))
      ;
    g_usleep (2000);
  }
}

static gboolean
is_loaded (Fixture *f, const char *name)
{
  g_autoptr (HeadroomModelEntry) model = entry (f, name);
  g_autoptr (GPtrArray) residents = headroom_residency_dup_residents (f->residency);

  for (guint i = 0; i < residents->len; i++) {
    HeadroomResident *resident = residents->pdata[i];
    if (g_str_equal (headroom_model_entry_get_path (resident->entry),
                     headroom_model_entry_get_path (model)))
      return resident->state == HEADROOM_RESIDENT_READY;
  }
  return FALSE;
}

/* "load tiny:latest, evict tiny:latest, ..." */
static char *
story (Fixture *f)
{
  GListModel *events = headroom_residency_get_events (f->residency);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (events); i++) {
    g_autoptr (HeadroomEvent) event = g_list_model_get_item (events, i);
    g_autofree char *name = g_strndup (headroom_event_get_model (event),
                                       strcspn (headroom_event_get_model (event), ":"));
    g_string_append_printf (text, "%s%s %s", i > 0 ? ", " : "",
                            headroom_event_get_kind_name (event), name);
    g_assert_cmpuint (strlen (headroom_event_get_reason (event)), >, 10);
  }
  return g_string_free (text, FALSE);
}

static void
assert_story (Fixture *f, const char *expected)
{
  g_autofree char *told = story (f);

  g_assert_cmpstr (told, ==, expected);
}

/* ---- Cases ---- */

static void
test_shared_load (Fixture *f, gconstpointer data)
{
  Wait *a = ask (f, "tiny", NUM_CTX, NULL), *b = ask (f, "tiny", NUM_CTX, NULL);

  wait_for (a);
  wait_for (b);
  g_assert_true (headroom_lease_get_runner (a->lease) == headroom_lease_get_runner (b->lease));
  assert_story (f, "load tiny");
  end (a);
  end (b);
}

static void
test_smaller_reuses (Fixture *f, gconstpointer data)
{
  Wait *large = have (f, "tiny", 512, NULL), *small = have (f, "tiny", 64, NULL),
       *any = have (f, "tiny", 0, NULL);

  g_assert_cmpuint (headroom_lease_get_num_ctx (large->lease), ==, 512);
  g_assert_cmpuint (headroom_lease_get_num_ctx (small->lease), ==, 64);
  g_assert_cmpuint (headroom_lease_get_num_ctx (any->lease), ==, 512);
  assert_story (f, "load tiny");
  end (large);
  end (small);
  end (any);
}

/* Growth happens while the model answers, and who needs less than there is does not wait for it. */
static void
test_larger_resizes (Fixture *f, gconstpointer data)
{
  Wait *busy = have (f, "tiny", 128, NULL), *larger = ask (f, "tiny", 512, NULL),
       *later = ask (f, "tiny", 64, NULL);
  HrRunner *runner = headroom_lease_get_runner (busy->lease);

  wait_for (later);
  wait_for (larger);
  g_assert_cmpuint (headroom_lease_get_num_ctx (busy->lease), ==, 128);
  g_assert_cmpuint (headroom_lease_get_num_ctx (larger->lease), ==, 512);
  g_assert_true (headroom_lease_get_runner (larger->lease) == runner);
  g_assert_cmpuint (hr_plan_get_settings (hr_runner_get_plan (runner))->num_ctx, ==, 512);
  assert_story (f, "load tiny, resize tiny");
  end (busy);
  end (larger);
  end (later);
}

static void
test_other_type_resizes (Fixture *f, gconstpointer data)
{
  Wait *busy = have (f, "tiny", NUM_CTX, NULL), *coarse = g_new0 (Wait, 1);
  g_autoptr (HeadroomModelEntry) model = entry (f, "tiny");
  HeadroomDemand wanted = demand (NUM_CTX);

  wanted.settings.kv_type = HR_KV_F32;
  wanted.kv_type_given = TRUE;
  coarse->cancellable = g_cancellable_new ();
  headroom_residency_acquire_async (f->residency, model, &wanted, NULL, coarse->cancellable,
                                    acquired_cb, coarse);
  wait_for (coarse);
  g_assert_no_error (coarse->error);
  g_assert_cmpint (hr_plan_get_settings (headroom_lease_get_plan (busy->lease))->kv_type, ==,
                   HR_KV_F32);
  assert_story (f, "load tiny, resize tiny");
  end (busy);
  end (coarse);
}

/* What growth needs is taken from idle models. */
static void
test_growth_evicts (Fixture *f, gconstpointer data)
{
  Wait *busy, *larger;

  f->free_bytes = 2 * f->model_bytes + 4096;
  use (f, "other");
  busy = have (f, "tiny", NUM_CTX, NULL);
  larger = ask (f, "tiny", 1024, NULL);
  wait_for (larger);
  g_assert_no_error (larger->error);
  g_assert_false (is_loaded (f, "other"));
  assert_story (f, "load other, load tiny, evict other, resize tiny");
  end (busy);
  end (larger);
}

/* Nothing is touched for what would not fit anyway. */
static void
test_growth_refused (Fixture *f, gconstpointer data)
{
  Wait *larger;

  f->free_bytes = f->model_bytes + 40000;
  use (f, "tiny");
  larger = ask (f, "tiny", 1024, NULL);
  wait_for (larger);
  g_assert_error (larger->error, HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_NO_MEMORY);
  g_assert_nonnull (strstr (larger->error->message, "num_ctx of "));
  end (larger);
  assert_story (f, "load tiny, refuse tiny");
  end (have (f, "tiny", NUM_CTX, NULL));
  g_assert_true (is_loaded (f, "tiny"));
}

/* Two clients that take turns with their own sizes: one piece of advice, and nothing is resized. */
static void
test_two_sizes (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 8; i++)
    end (have (f, "tiny", i % 2 == 0 ? 512 : 256, NULL));
  assert_story (f, "load tiny, advise tiny");
}

/* One piece of advice for clients that keep asking for more, however often they do. */
static void
test_many_sizes (Fixture *f, gconstpointer data)
{
  for (guint num_ctx = 64; num_ctx <= 1024; num_ctx *= 2)
    end (have (f, "tiny", num_ctx, NULL));
  end (have (f, "tiny", 100, NULL));
  assert_story (f, "load tiny, resize tiny, resize tiny, resize tiny, advise tiny, resize tiny");
}

/* An idle cache is given back before a model is, and models that are asked to park tell what came of it. */
static void
test_parking (Fixture *f, gconstpointer data)
{
  HeadroomResidencyLimits limits = {
    .keep_alive_ns = 0, .max_loaded = 8, .max_queue = 4, .parking_bytes = 1 << 20
  };
  HeadroomResidency *before = f->residency;
  HrToken prompt[200] = { 0 };
  HrRequestOptions options = { .tokens = prompt, .n_tokens = 200, .sampling = hr_sampling_default };
  Wait *wait;

  f->residency = headroom_residency_new (&limits);
  headroom_residency_set_devices_func (f->residency, devices_cb, f);
  for (int round = 0; round < 2; round++) {
    HrRunnerStats stats = { 0 };
    g_autoptr (HrRequest) request = NULL;
    wait = have (f, "tiny", NUM_CTX, NULL);
    request = hr_runner_submit (headroom_lease_get_runner (wait->lease), &options, NULL, no_event,
                                NULL, NULL, NULL);
    while (stats.cached_tokens < 200 || stats.n_active > 0)
      hr_runner_get_stats (headroom_lease_get_runner (wait->lease), &stats);
    end (wait);
    settle (f);
    g_assert_false (is_loaded (f, "tiny"));
  }
  assert_story (f, "load tiny, unload tiny, park tiny, load tiny, unload tiny, park tiny");
  headroom_residency_close (f->residency);
  g_assert_finalize_object (f->residency);
  f->residency = before;
}

static void
test_evicts_least_recently_used (Fixture *f, gconstpointer data)
{
  f->free_bytes = f->model_bytes * 5 / 2;
  use (f, "tiny");
  use (f, "other");
  use (f, "tiny");
  use (f, "third");
  g_assert_true (is_loaded (f, "tiny"));
  g_assert_false (is_loaded (f, "other"));
  g_assert_true (is_loaded (f, "third"));
  assert_story (f, "load tiny, load other, evict other, load third");
}

static void
test_never_a_busy_one (Fixture *f, gconstpointer data)
{
  Wait *busy, *waiting, *same;

  f->free_bytes = f->model_bytes * 3 / 2;
  busy = have (f, "tiny", NUM_CTX, NULL);
  waiting = ask (f, "other", NUM_CTX, NULL);
  settle (f);
  g_assert_false (waiting->done);
  /* Who asks for what is loaded does not wait for who wants to be. */
  same = have (f, "tiny", NUM_CTX, NULL);
  end (same);
  settle (f);
  g_assert_false (waiting->done);
  end (busy);
  wait_for (waiting);
  g_assert_no_error (waiting->error);
  assert_story (f, "load tiny, queue other, evict tiny, load other");
  end (waiting);
}

static void
test_refuses_before_anything_is_touched (Fixture *f, gconstpointer data)
{
  Wait *refused;

  f->free_bytes = f->model_bytes * 3 / 2;
  use (f, "tiny");
  refused = ask (f, "other", 1024, NULL);
  f->free_bytes = f->model_bytes * 9 / 8;
  wait_for (refused);
  g_assert_error (refused->error, HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_NO_MEMORY);
  g_assert_nonnull (strstr (refused->error->message, "would fit"));
  g_assert_true (is_loaded (f, "tiny"));
  assert_story (f, "load tiny, refuse other");
  end (refused);
}

static void
test_pinned_stays (Fixture *f, gconstpointer data)
{
  gint64 forever = HEADROOM_FOREVER;
  Wait *refused;

  f->free_bytes = f->model_bytes * 3 / 2;
  end (have (f, "tiny", NUM_CTX, &forever));
  refused = ask (f, "other", NUM_CTX, NULL);
  wait_for (refused);
  g_assert_error (refused->error, HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_NO_MEMORY);
  g_assert_nonnull (strstr (refused->error->message, "tiny:latest")); /* who is pinned is named */
  g_assert_true (is_loaded (f, "tiny"));
  end (refused);
}

static void
test_keep_alive (Fixture *f, gconstpointer data)
{
  gint64 zero = 0, soon = 20 * 1000 * 1000;

  end (have (f, "tiny", NUM_CTX, &zero));
  settle (f);
  g_assert_false (is_loaded (f, "tiny"));
  end (have (f, "tiny", NUM_CTX, &soon));
  while (is_loaded (f, "tiny"))
    g_main_context_iteration (NULL, TRUE);
  settle (f);
  assert_story (f, "load tiny, unload tiny, load tiny, unload tiny");
}

static void
test_keep_alive_is_sticky (Fixture *f, gconstpointer data)
{
  gint64 forever = HEADROOM_FOREVER;
  g_autoptr (GPtrArray) residents = NULL;

  end (have (f, "tiny", NUM_CTX, &forever));
  use (f, "tiny");
  residents = headroom_residency_dup_residents (f->residency);
  g_assert_cmpint (headroom_residency_get_expiry (f->residency, residents->pdata[0]), ==,
                   HEADROOM_FOREVER);
}

static void
test_unload_when_idle (Fixture *f, gconstpointer data)
{
  Wait *busy = have (f, "tiny", NUM_CTX, NULL);
  g_autoptr (HeadroomModelEntry) tiny = entry (f, "tiny");

  headroom_residency_unload (f->residency, tiny);
  settle (f);
  g_assert_true (is_loaded (f, "tiny"));
  end (busy);
  settle (f);
  g_assert_false (is_loaded (f, "tiny"));
}

static void
test_queue_limit (Fixture *f, gconstpointer data)
{
  Wait *waits[5], *one_too_many;

  for (gsize i = 0; i < 4; i++)
    waits[i] = ask (f, "tiny", NUM_CTX, NULL);
  one_too_many = ask (f, "other", NUM_CTX, NULL);
  wait_for (one_too_many);
  g_assert_error (one_too_many->error, HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_BUSY);
  g_assert_cmpstr (one_too_many->error->message, ==,
                   "server busy, please try again.  maximum pending requests exceeded");
  end (one_too_many);
  for (gsize i = 0; i < 4; i++) {
    wait_for (waits[i]);
    g_assert_no_error (waits[i]->error);
    end (waits[i]);
  }
}

static void
test_given_up_load_stops (Fixture *f, gconstpointer data)
{
  Wait *a = ask (f, "tiny", NUM_CTX, NULL), *b = ask (f, "tiny", NUM_CTX, NULL);

  g_cancellable_cancel (a->cancellable);
  wait_for (a);
  g_assert_error (a->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  wait_for (b); /* somebody still wanted it */
  g_assert_no_error (b->error);
  end (a);
  end (b);

  a = ask (f, "other", NUM_CTX, NULL);
  g_cancellable_cancel (a->cancellable);
  wait_for (a);
  g_assert_error (a->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  end (a);
  settle (f);
  /* It may have been ready before the word came; then it is idle. It can be had all the same. */
  use (f, "other");
}

static void
test_count_limit (Fixture *f, gconstpointer data)
{
  for (int i = 0; i < 2; i++) {
    use (f, "tiny");
    use (f, "other");
  }
  assert_story (f, "load tiny, load other");
}

static void
test_one_at_most (Fixture *f, gconstpointer data)
{
  HeadroomResidencyLimits limits = { .keep_alive_ns = HEADROOM_NSEC_PER_SEC * 60,
                                     .max_loaded = 1,
                                     .max_queue = 4 };
  Fixture one = *f;

  one.residency = headroom_residency_new (&limits);
  headroom_residency_set_devices_func (one.residency, devices_cb, &one);
  use (&one, "tiny");
  use (&one, "other");
  g_assert_false (is_loaded (&one, "tiny"));
  assert_story (&one, "load tiny, evict tiny, load other");
  headroom_residency_close (one.residency);
  g_assert_finalize_object (one.residency);
}

static void
test_bad_file (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->loose, "third.gguf", NULL);
  Wait *wait;
  HeadroomDemand wanted = demand (NUM_CTX);
  g_autoptr (HeadroomModelEntry) third = entry (f, "third");

  g_assert_true (g_file_set_contents (path, "GGUF", 4, NULL));
  wait = g_new0 (Wait, 1);
  wait->cancellable = g_cancellable_new ();
  headroom_residency_acquire_async (f->residency, third, &wanted, NULL, wait->cancellable,
                                    acquired_cb, wait);
  wait_for (wait);
  g_assert_nonnull (wait->error);
  assert_story (f, "refuse third");
  end (wait);
  use (f, "tiny");
}

/* The same file, once by its name and once by its path. */
static void
test_named_by_path (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->loose, "tiny.gguf", NULL);
  g_autoptr (HeadroomModelEntry) by_path = headroom_store_open_file (f->store, path, NULL);
  HeadroomDemand wanted = demand (NUM_CTX);
  Wait *wait = g_new0 (Wait, 1);

  use (f, "tiny");
  wait->cancellable = g_cancellable_new ();
  headroom_residency_acquire_async (f->residency, by_path, &wanted, NULL, wait->cancellable,
                                    acquired_cb, wait);
  wait_for (wait);
  end (wait);
  assert_story (f, "load tiny");
}

static void
test_replaced_file (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->loose, "tiny.gguf", NULL);
  g_autofree char *bytes = NULL;
  gsize len;

  use (f, "tiny");
  g_assert_true (g_file_get_contents (path, &bytes, &len, NULL));
  g_assert_true (
      g_file_set_contents (path, bytes, (gssize) len, NULL)); /* another file of the same name */
  use (f, "tiny");
  assert_story (f, "load tiny, reload tiny, load tiny");
}

static void
test_close_refuses (Fixture *f, gconstpointer data)
{
  Wait *loading = ask (f, "tiny", NUM_CTX, NULL);
  Wait *after;

  headroom_residency_close (f->residency);
  wait_for (loading);
  g_assert_error (loading->error, HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_CLOSED);
  after = ask (f, "tiny", NUM_CTX, NULL);
  wait_for (after);
  g_assert_error (after->error, HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_CLOSED);
  end (loading);
  end (after);
}

int
main (int argc, char **argv)
{
  int rc;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
#define CASE(path, func) g_test_add ("/residency/" path, Fixture, NULL, setup, func, teardown)
  CASE ("load/shared", test_shared_load);
  CASE ("load/given-up", test_given_up_load_stops);
  CASE ("load/bad-file", test_bad_file);
  CASE ("load/by-path", test_named_by_path);
  CASE ("load/replaced-file", test_replaced_file);
  CASE ("context/smaller-reuses", test_smaller_reuses);
  CASE ("context/larger-resizes", test_larger_resizes);
  CASE ("context/other-type-resizes", test_other_type_resizes);
  CASE ("context/growth-evicts", test_growth_evicts);
  CASE ("context/growth-refused", test_growth_refused);
  CASE ("context/two-sizes", test_two_sizes);
  CASE ("context/many-sizes", test_many_sizes);
  CASE ("parking", test_parking);
  CASE ("evict/least-recently-used", test_evicts_least_recently_used);
  CASE ("evict/never-busy", test_never_a_busy_one);
  CASE ("evict/pinned", test_pinned_stays);
  CASE ("evict/one-at-most", test_one_at_most);
  CASE ("limit/count", test_count_limit);
  CASE ("limit/queue", test_queue_limit);
  CASE ("refuse/memory", test_refuses_before_anything_is_touched);
  CASE ("keep-alive/durations", test_keep_alive);
  CASE ("keep-alive/sticky", test_keep_alive_is_sticky);
  CASE ("keep-alive/unload-when-idle", test_unload_when_idle);
  CASE ("close", test_close_refuses);
  rc = g_test_run ();
  server_fixture_finish ();
  return rc;
}
