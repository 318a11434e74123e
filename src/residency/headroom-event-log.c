/* headroom-event-log.c: see headroom-event-log.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-event-log.h"

#include <sqlite3.h>

#include "headroom-json.h"

/* Another server may be writing. */
#define BUSY_MS 200
/* Old ones are deleted once in so many. */
#define TIDY_EVERY 100

struct _HeadroomEventLog {
  sqlite3 *db; /* NULL: done without */
  guint n_appended;
};

static void
give_up (HeadroomEventLog *self, const char *what)
{
  g_warning ("Events are not kept: %s: %s", what,
             self->db != NULL ? sqlite3_errmsg (self->db) : "no memory");
  sqlite3_close (self->db);
  self->db = NULL;
}

static gboolean
run (HeadroomEventLog *self, const char *sql)
{
  return sqlite3_exec (self->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

HeadroomEventLog *
headroom_event_log_open (const char *path)
{
  HeadroomEventLog *self = g_new0 (HeadroomEventLog, 1);
  g_autofree char *usual =
      g_build_filename (g_get_user_state_dir (), "headroom", "events.db", NULL);
  g_autofree char *folder = g_path_get_dirname (path != NULL ? path : usual);

  g_mkdir_with_parents (folder, 0700);
  if (sqlite3_open_v2 (path != NULL ? path : usual, &self->db,
                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK) {
    give_up (self, path != NULL ? path : usual);
    return self;
  }
  sqlite3_busy_timeout (self->db, BUSY_MS);
  if (!run (
          self,
          "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA user_version=1;"
          "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, time_ns INTEGER, kind TEXT, model TEXT, client TEXT,"
          " bytes INTEGER, code TEXT, params TEXT);"))
    give_up (self, path != NULL ? path : usual);
  return self;
}

void
headroom_event_log_free (HeadroomEventLog *self)
{
  if (self == NULL)
    return;
  sqlite3_close (self->db);
  g_free (self);
}

/* ---- Writing ---- */

static void
bind_text (sqlite3_stmt *statement, int index, const char *text)
{
  sqlite3_bind_text (statement, index, text, -1, SQLITE_TRANSIENT);
}

static gboolean
insert (HeadroomEventLog *self, HeadroomEvent *event)
{
  g_autofree char *params =
      headroom_json_print (headroom_event_get_params (event), HEADROOM_JSON_PLAIN);
  sqlite3_stmt *statement;
  gboolean done;

  if (sqlite3_prepare_v2 (
          self->db,
          "INSERT INTO events (time_ns, kind, model, client, bytes, code, params) VALUES (?, ?, ?, ?, ?, ?, ?)",
          -1, &statement, NULL) != SQLITE_OK)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, headroom_event_get_time_ns (event));
  bind_text (statement, 2, headroom_event_get_kind_name (event));
  bind_text (statement, 3, headroom_event_get_model (event));
  bind_text (statement, 4, headroom_event_get_client (event));
  sqlite3_bind_int64 (statement, 5, (sqlite3_int64) headroom_event_get_bytes (event));
  bind_text (statement, 6, headroom_reason_code (headroom_event_get_code (event)));
  bind_text (statement, 7, params);
  done = sqlite3_step (statement) == SQLITE_DONE;
  sqlite3_finalize (statement);
  return done;
}

static gboolean
tidy (HeadroomEventLog *self)
{
  g_autofree char *sql =
      g_strdup_printf ("DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - %d",
                       HEADROOM_EVENT_LOG_MAX);

  return run (self, sql);
}

void
headroom_event_log_append (HeadroomEventLog *self, HeadroomEvent *event)
{
  if (self->db == NULL)
    return;
  if (!insert (self, event) || (self->n_appended++ % TIDY_EVERY == 0 && !tidy (self)))
    give_up (self, "events.db");
}

/* ---- Reading ---- */

static const char *
text_of (sqlite3_stmt *statement, int column)
{
  const unsigned char *text = sqlite3_column_text (statement, column);

  return text != NULL && g_utf8_validate ((const char *) text, -1, NULL) ? (const char *) text : "";
}

/* A row of a later version, or one that was tampered with, is skipped. */
static HeadroomEvent *
event_of (sqlite3_stmt *statement)
{
  HeadroomEventKind kind;
  HeadroomReason reason;
  g_autoptr (HrValue) params = headroom_json_parse (text_of (statement, 6), -1, FALSE, NULL);

  if (!headroom_event_parse_kind (text_of (statement, 1), &kind) ||
      !headroom_reason_parse_code (text_of (statement, 5), &reason) || params == NULL ||
      hr_value_kind (params) != HR_VALUE_LIST)
    return NULL;
  return headroom_event_new (sqlite3_column_int64 (statement, 0), kind, text_of (statement, 2),
                             text_of (statement, 3),
                             (guint64) MAX (sqlite3_column_int64 (statement, 4), 0), reason,
                             g_steal_pointer (&params));
}

GPtrArray *
headroom_event_log_read (HeadroomEventLog *self, guint n)
{
  GPtrArray *events = g_ptr_array_new_with_free_func (g_object_unref);
  sqlite3_stmt *statement;

  if (self->db == NULL ||
      sqlite3_prepare_v2 (self->db,
                          "SELECT time_ns, kind, model, client, bytes, code, params FROM"
                          " (SELECT * FROM events ORDER BY id DESC LIMIT ?) ORDER BY id",
                          -1, &statement, NULL) != SQLITE_OK)
    return events;
  sqlite3_bind_int64 (statement, 1, n);
  while (sqlite3_step (statement) == SQLITE_ROW) {
    HeadroomEvent *event = event_of (statement);
    if (event != NULL)
      g_ptr_array_add (events, event);
  }
  sqlite3_finalize (statement);
  return events;
}
