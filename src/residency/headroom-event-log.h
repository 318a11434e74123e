/* headroom-event-log.h: events that outlive the process.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An SQLite file, user_version 1:
 *   events (id INTEGER PRIMARY KEY, time_ns INTEGER, kind TEXT, model TEXT, client TEXT, bytes
 * INTEGER, code TEXT, params TEXT) where params is a JSON list. The newest HEADROOM_EVENT_LOG_MAX
 * are kept. A log that cannot be read or written is done without, and that is said once: nobody's
 * answer depends on it. Thread-safety: Unsafe.
 */
#pragma once

#include "headroom-event.h"

G_BEGIN_DECLS

#define HEADROOM_EVENT_LOG_MAX 10000

typedef struct _HeadroomEventLog HeadroomEventLog;

/* path NULL: events.db in headroom's folder of the user's state. Never fails; see above. */
HeadroomEventLog *headroom_event_log_open (const char *path) G_GNUC_WARN_UNUSED_RESULT;
void headroom_event_log_append (HeadroomEventLog *self, HeadroomEvent *event);
/* The newest n, oldest first; (element-type HeadroomEvent). */
GPtrArray *headroom_event_log_read (HeadroomEventLog *self, guint n) G_GNUC_WARN_UNUSED_RESULT;
void headroom_event_log_free (HeadroomEventLog *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomEventLog, headroom_event_log_free)

G_END_DECLS
