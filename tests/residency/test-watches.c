/* test-watches.c: readings, thresholds, crossings, and what is told of them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-json.h"
#include "virtual-fixture.h"

#include <glib/gstdio.h>

#define MEMORY HEADROOM_WATCH_DEVICE_MEMORY

typedef struct {
  char *folder, *path;
} Files;

static void
setup (Files *f, gconstpointer data)
{
  f->folder = g_dir_make_tmp ("headroom-watches-XXXXXX", NULL);
  f->path = g_build_filename (f->folder, "below", "watches.json", NULL);
}

static void
teardown (Files *f, gconstpointer data)
{
  g_autofree char *below = g_path_get_dirname (f->path);

  g_remove (f->path);
  g_rmdir (below);
  g_rmdir (f->folder);
  g_free (f->folder);
  g_free (f->path);
}

/* Two readings in a row above it make a crossing; a twentieth below it is over. */
static void
test_crossing (void)
{
  g_autoptr (HeadroomWatches) watches = headroom_watches_new (NULL);
  static const struct {
    double value;
    gboolean told, crossed;
  } steps[] = { { 95, FALSE, FALSE }, { 80, FALSE, FALSE }, { 95, FALSE, FALSE },
                { 96, TRUE, TRUE },   { 97, FALSE, TRUE },  { 88, FALSE, TRUE },
                { 96, FALSE, TRUE },  { 97, FALSE, TRUE },  { 85, FALSE, FALSE },
                { 91, FALSE, FALSE }, { 92, TRUE, TRUE },   { -1, FALSE, TRUE } };

  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++) {
    const HeadroomWatch *told =
        headroom_watches_feed (watches, MEMORY, "host", steps[i].value, (gint64) i);
    g_assert_cmpint (told != NULL, ==, steps[i].told);
    g_assert_cmpint (headroom_watches_get (watches, 0)->crossed, ==, steps[i].crossed);
  }
  g_assert_false (headroom_watches_get (watches, 0)->known);
  g_assert_cmpint (headroom_watches_get (watches, 0)->since_ns, ==, 10);
}

static void
test_history (void)
{
  g_autoptr (HeadroomWatches) watches = headroom_watches_new (NULL);
  g_autoptr (HrValue) json = NULL;
  HrValue *watch, *history;

  for (int i = 0; i < 300; i++)
    headroom_watches_feed (watches, MEMORY, "host", i % 80, i);
  headroom_watches_feed (watches, HEADROOM_WATCH_SWAP, NULL, 12345, 0);
  json = headroom_watches_to_json (watches, TRUE);
  watch = hr_value_at (json, 0);
  history = hr_value_lookup (watch, "history");
  g_assert_cmpuint (hr_value_size (history), ==, HEADROOM_WATCH_HISTORY);
  g_assert_cmpfloat (hr_value_get_float (hr_value_at (history, 0)), ==, (300 - 120) % 80);
  g_assert_cmpfloat (hr_value_get_float (hr_value_at (history, 119)), ==, 299 % 80);
  g_assert_cmpstr (headroom_json_get_string (watch, "code"), ==, "device-memory");
  g_assert_cmpstr (headroom_json_get_string (watch, "device"), ==, "host");
  g_assert_cmpuint (strlen (headroom_json_get_string (watch, "advice")), >, 20);
  g_assert_nonnull (strstr (headroom_json_get_string (watch, "text"), "59.0 percent"));
  g_assert_nonnull (
      strstr (headroom_json_get_string (hr_value_at (json, 1), "text"), "512.0"));
}

/* What is set is there at the next start; what cannot be is refused and changes nothing. */
static void
test_settings (Files *f, gconstpointer data)
{
  g_autoptr (HeadroomWatches) watches = headroom_watches_new (f->path);
  g_autoptr (HeadroomWatches) next = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpfloat (headroom_watches_get_threshold (watches, MEMORY), ==, 90);
  g_assert_cmpfloat (headroom_watches_get_threshold (watches, HEADROOM_WATCH_LATENCY), ==, 1.5);
  g_assert_true (headroom_watches_set_threshold (watches, MEMORY, 75.5, &error));
  g_assert_no_error (error);
  g_assert_false (headroom_watches_set_threshold (watches, MEMORY, 101, &error));
  g_assert_error (error, HR_ERROR, HR_ERROR_SETTINGS);
  g_clear_error (&error);
  g_assert_false (headroom_watches_set_threshold (watches, HEADROOM_WATCH_SWAP, -1, &error));
  g_clear_error (&error);
  g_assert_cmpfloat (headroom_watches_get_threshold (watches, MEMORY), ==, 75.5);
  next = headroom_watches_new (f->path);
  g_assert_cmpfloat (headroom_watches_get_threshold (next, MEMORY), ==, 75.5);
  g_assert_cmpfloat (headroom_watches_get_threshold (next, HEADROOM_WATCH_BUS), ==, 70);
}

/* The environment wins and cannot be overruled; nonsense in it or in the file counts as nothing. */
static void
test_environment (Files *f, gconstpointer data)
{
  g_autofree char *below = g_path_get_dirname (f->path);
  g_autoptr (HeadroomWatches) watches = NULL;
  g_autoptr (GError) error = NULL;

  g_mkdir_with_parents (below, 0700);
  g_assert_true (g_file_set_contents (f->path,
                                      "{\"bus\": 50, \"swap\": \"much\", \"latency\": 1e9}", -1,
                                      NULL));
  g_setenv ("OLLAMA_WATCH_BUS", "60", TRUE);
  g_setenv ("HEADROOM_WATCH_DEVICE_MEMORY", "nearly all", TRUE);
  g_test_expect_message ("headroom", G_LOG_LEVEL_WARNING, "*WATCH_DEVICE_MEMORY*");
  watches = headroom_watches_new (f->path);
  g_test_assert_expected_messages ();
  g_assert_cmpfloat (headroom_watches_get_threshold (watches, HEADROOM_WATCH_BUS), ==, 60);
  g_assert_cmpfloat (headroom_watches_get_threshold (watches, MEMORY), ==, 90);
  g_assert_cmpfloat (headroom_watches_get_threshold (watches, HEADROOM_WATCH_LATENCY), ==, 1.5);
  g_assert_false (headroom_watches_set_threshold (watches, HEADROOM_WATCH_BUS, 40, &error));
  g_assert_error (error, HR_ERROR, HR_ERROR_SETTINGS);
  g_unsetenv ("OLLAMA_WATCH_BUS");
  g_unsetenv ("HEADROOM_WATCH_DEVICE_MEMORY");
}

/* ---- In a residency ---- */

static const HeadroomWatch *
find (Virtual *v, HeadroomWatchKind kind)
{
  HeadroomWatches *watches = headroom_residency_get_watches (v->residency);

  for (guint i = 0; i < headroom_watches_get_size (watches); i++)
    if (headroom_watches_get (watches, i)->kind == kind)
      return headroom_watches_get (watches, i);
  return NULL;
}

static void
read_at (Virtual *v, gint64 us, const HeadroomVitals *vitals)
{
  virtual_pass (v, us);
  headroom_virtual_machine_set_vitals (v->machine, vitals);
  virtual_pass (v, 1);
}

/* Readings come while a model is here; each crossing is one event with its reason. */
static void
test_residency (void)
{
  HeadroomVitals calm = { .bandwidth = 10e9, .latency = 100e-9, .idle_latency = 100e-9,
                          .heap_bytes = GB, .heap_unused = GB / 100 };
  HeadroomVitals busy = { .bandwidth = 10e9, .latency = 180e-9, .idle_latency = 100e-9,
                          .heap_bytes = GB, .heap_unused = GB * 6 / 10 };
  gint64 soon = 3600 * HEADROOM_NSEC_PER_SEC;
  Virtual v;

  virtual_init (&v, 16 * GB, NULL);
  virtual_add (&v, "a", 4 * GB);
  headroom_virtual_machine_set_vitals (v.machine, &busy);
  g_assert_false (headroom_virtual_machine_step (v.machine));
  g_assert_null (find (&v, MEMORY)); /* nobody is here */
  virtual_use (&v, "a", &soon);
  read_at (&v, SECOND, &calm);
  g_assert_cmpfloat_with_epsilon (find (&v, MEMORY)->value, 25, 0.01);
  g_assert_cmpfloat_with_epsilon (find (&v, HEADROOM_WATCH_LATENCY)->value, 1, 1e-9);
  g_assert_false (find (&v, HEADROOM_WATCH_BUS)->known); /* that takes two readings */
  busy.bytes_read = 80 * GB;
  read_at (&v, 10 * SECOND, &busy);
  g_assert_cmpfloat_with_epsilon (find (&v, HEADROOM_WATCH_BUS)->value, 80, 0.1);
  busy.bytes_read = 160 * GB;
  read_at (&v, 10 * SECOND, &busy);
  g_assert_cmpuint (virtual_count (&v, "watch-bus"), ==, 1);
  g_assert_cmpuint (virtual_count (&v, "watch-latency"), ==, 1);
  g_assert_cmpuint (virtual_count (&v, "watch-fragmentation"), ==, 1);
  g_assert_cmpuint (virtual_count (&v, "watch-memory"), ==, 0);
  g_assert_true (find (&v, HEADROOM_WATCH_BUS)->crossed);
  headroom_residency_unload (v.residency, g_hash_table_lookup (v.entries, "a"));
  virtual_pass (&v, SECOND);
  g_assert_false (find (&v, HEADROOM_WATCH_BUS)->crossed);
  g_assert_false (find (&v, HEADROOM_WATCH_BUS)->known);
  virtual_clear (&v);
}

/* Other programs fill a device nearly, and the system begins to swap. */
static void
test_memory_and_swap (void)
{
  HrPressure swapping = { .some_percent = -1, .full_percent = -1, .swap_total = 8 * GB,
                          .swap_used = GB };
  HeadroomVitals calm = { 0 };
  Virtual v;

  virtual_init (&v, 16 * GB, NULL);
  virtual_add (&v, "a", 4 * GB);
  virtual_use (&v, "a", NULL);
  headroom_virtual_machine_set_others (v.machine, 0, 11 * GB);
  headroom_virtual_machine_set_pressure (v.machine, &swapping);
  for (int i = 0; i < 3; i++)
    read_at (&v, 10 * SECOND, &calm);
  g_assert_cmpfloat_with_epsilon (find (&v, MEMORY)->value, 93.75, 0.01);
  g_assert_cmpfloat (find (&v, HEADROOM_WATCH_SWAP)->value, ==, (double) GB);
  g_assert_cmpuint (virtual_count (&v, "watch-memory"), ==, 1);
  g_assert_cmpuint (virtual_count (&v, "watch-swap"), ==, 1);
  g_assert_true (virtual_has (&v, "a"));
  virtual_clear (&v);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/watches/crossing", test_crossing);
  g_test_add_func ("/watches/history", test_history);
  g_test_add ("/watches/settings", Files, NULL, setup, test_settings, teardown);
  g_test_add ("/watches/environment", Files, NULL, setup, test_environment, teardown);
  g_test_add_func ("/watches/residency", test_residency);
  g_test_add_func ("/watches/memory-and-swap", test_memory_and_swap);
  return g_test_run ();
}
