/* test-events.c: reasons as codes, and the log that outlives the process.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-event-log.h"
#include "headroom-json.h"

#include <glib/gstdio.h>

typedef struct {
  char *folder, *path;
} Fixture;

static void
setup (Fixture *f, gconstpointer data)
{
  f->folder = g_dir_make_tmp ("headroom-events-XXXXXX", NULL);
  f->path = g_build_filename (f->folder, "state", "events.db", NULL);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  static const char *const endings[] = { "", "-wal", "-shm" };
  g_autofree char *state = g_path_get_dirname (f->path);

  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++) {
    g_autofree char *file = g_strconcat (f->path, endings[i], NULL);
    g_unlink (file);
  }
  g_rmdir (state);
  g_assert_cmpint (g_rmdir (f->folder), ==, 0);
  g_free (f->folder);
  g_free (f->path);
}

static HeadroomEvent *
event (gint64 time_ns, HeadroomEventKind kind, HeadroomReason reason, ...)
{
  HeadroomEvent *made;
  va_list args;

  va_start (args, reason);
  made = headroom_event_new (time_ns, kind, "m", "editor", 42, reason,
                             headroom_reason_new (reason, args));
  va_end (args);
  return made;
}

static void
test_reasons (void)
{
  g_autoptr (HeadroomEvent) room =
      event (1, HEADROOM_EVENT_EVICT, HEADROOM_REASON_ROOM, "guest", (guint64) 3 << 30);
  g_autoptr (HeadroomEvent) asked =
      event (1, HEADROOM_EVENT_LOAD, HEADROOM_REASON_ASKED, 4096u, 2u, 1.25);
  g_autoptr (HeadroomEvent) longer =
      event (1, HEADROOM_EVENT_RESIZE, HEADROOM_REASON_RESIZED, 4096u, 8192u, 2u, 2u, "f16", "f16",
             512u, 512u);
  g_autoptr (HeadroomEvent) other =
      event (1, HEADROOM_EVENT_RESIZE, HEADROOM_REASON_RESIZED, 4096u, 4096u, 2u, 1u, "f16", "q8_0",
             512u, 128u);
  g_autoptr (HrValue) json = headroom_event_to_json (room);
  HeadroomReason reason;

  g_assert_cmpstr (headroom_event_get_reason (room), ==,
                   "It was idle, and guest needs 3.0\302\240GiB more memory than is free.");
  g_assert_cmpstr (
      headroom_event_get_reason (asked), ==,
      "A request asked for it; it was loaded with num_ctx 4096 and parallel 2 in 1.2 s.");
  g_assert_cmpstr (headroom_json_get_string (json, "code"), ==, "room");
  g_assert_cmpstr (headroom_json_get_string (json, "client"), ==, "editor");
  g_assert_cmpint (hr_value_get_int (hr_value_at (hr_value_lookup (json, "params"), 1)), ==,
                   G_GINT64_CONSTANT (3) << 30);
  g_assert_cmpstr (headroom_event_get_reason (longer), ==,
                   "It was resized while it stays loaded: num_ctx 8192 instead of 4096.");
  g_assert_cmpstr (headroom_event_get_reason (other), ==,
                   "It was resized while it stays loaded: parallel 1 instead of 2, num_batch 128 "
                   "instead of 512, a q8_0 cache instead of f16.");
  for (int i = 0; i < HEADROOM_REASON_N; i++) {
    g_assert_true (headroom_reason_parse_code (headroom_reason_code (i), &reason));
    g_assert_cmpint (reason, ==, i);
  }
  g_assert_false (headroom_reason_parse_code ("unheard-of", &reason));
}

static void
test_round_trip (Fixture *f, gconstpointer data)
{
  HeadroomEventLog *log = headroom_event_log_open (f->path);
  g_autoptr (HeadroomEvent) one = event (1, HEADROOM_EVENT_QUEUE, HEADROOM_REASON_BUSY);
  g_autoptr (HeadroomEvent) two =
      event (2, HEADROOM_EVENT_EVICT, HEADROOM_REASON_ROOM, "guest \"x\"", (guint64) 5);
  g_autoptr (GPtrArray) read = NULL;

  headroom_event_log_append (log, one);
  headroom_event_log_append (log, two);
  headroom_event_log_free (log);
  log = headroom_event_log_open (f->path);
  read = headroom_event_log_read (log, 10);
  g_assert_cmpuint (read->len, ==, 2);
  g_assert_cmpint (headroom_event_get_time_ns (read->pdata[0]), ==, 1);
  g_assert_cmpint (headroom_event_get_kind (read->pdata[1]), ==, HEADROOM_EVENT_EVICT);
  g_assert_cmpstr (headroom_event_get_reason (read->pdata[1]), ==, headroom_event_get_reason (two));
  g_assert_cmpstr (headroom_event_get_client (read->pdata[1]), ==, "editor");
  g_assert_cmpuint (headroom_event_get_bytes (read->pdata[1]), ==, 42);
  headroom_event_log_free (log);
}

static void
test_bounded (Fixture *f, gconstpointer data)
{
  HeadroomEventLog *log = headroom_event_log_open (f->path);
  g_autoptr (GPtrArray) read = NULL;

  for (guint i = 0; i < HEADROOM_EVENT_LOG_MAX + 500; i++) {
    g_autoptr (HeadroomEvent) next = event (i, HEADROOM_EVENT_QUEUE, HEADROOM_REASON_BUSY);
    headroom_event_log_append (log, next);
  }
  read = headroom_event_log_read (log, G_MAXUINT);
  g_assert_cmpuint (read->len, >=, HEADROOM_EVENT_LOG_MAX);
  g_assert_cmpuint (read->len, <, HEADROOM_EVENT_LOG_MAX + 200);
  g_assert_cmpint (headroom_event_get_time_ns (read->pdata[read->len - 1]), ==,
                   HEADROOM_EVENT_LOG_MAX + 499);
  headroom_event_log_free (log);
}

/* A file that is no database, and a folder that cannot be: done without. */
static void
test_broken (Fixture *f, gconstpointer data)
{
  g_autofree char *state = g_path_get_dirname (f->path);
  g_autoptr (HeadroomEvent) one = event (1, HEADROOM_EVENT_QUEUE, HEADROOM_REASON_BUSY);

  g_mkdir_with_parents (state, 0700);
  g_assert_true (g_file_set_contents (
      f->path,
      "this is no database, and long enough to be taken for one ................................",
      -1, NULL));
  for (gsize i = 0; i < 2; i++) {
    const char *paths[] = { f->path, "/proc/no/such/place/events.db" };
    HeadroomEventLog *log;
    g_autoptr (GPtrArray) read = NULL;
    g_test_expect_message ("headroom", G_LOG_LEVEL_WARNING, "*are not kept*");
    log = headroom_event_log_open (paths[i]);
    headroom_event_log_append (log, one);
    read = headroom_event_log_read (log, 10);
    g_test_assert_expected_messages ();
    g_assert_cmpuint (read->len, ==, 0);
    headroom_event_log_free (log);
  }
}

#define CASE(path, func) g_test_add (path, Fixture, NULL, setup, func, teardown)

int
main (int argc, char **argv)
{
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/events/reasons", test_reasons);
  CASE ("/events/log/round-trip", test_round_trip);
  CASE ("/events/log/bounded", test_bounded);
  CASE ("/events/log/broken", test_broken);
  return g_test_run ();
}
