/* headroom-event.h: one thing that happened to the memory of this machine because of us, and why.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Immutable. Thread-safety: Safe.
 */
#pragma once

#include <gio/gio.h>

#include "hr.h"

G_BEGIN_DECLS

typedef enum {
  HEADROOM_EVENT_LOAD,     /* a model is in memory now */
  HEADROOM_EVENT_REFUSE,   /* it cannot be */
  HEADROOM_EVENT_EVICT,    /* one had to go for another */
  HEADROOM_EVENT_UNLOAD,   /* one went because its time was over or somebody said so */
  HEADROOM_EVENT_RELOAD,   /* one went to come back with other settings */
  HEADROOM_EVENT_QUEUE,    /* a request waits for memory that is busy */
  HEADROOM_EVENT_TRUNCATE, /* messages of a conversation were left out because they did not fit */
  HEADROOM_EVENT_DROP,     /* a client that did not take its answer was given up */
} HeadroomEventKind;

#define HEADROOM_TYPE_EVENT (headroom_event_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomEvent, headroom_event, HEADROOM, EVENT, GObject)

/**
 * headroom_event_new:
 * @model: the model's display name, or ""
 * @bytes: what was taken, freed or missing; 0: nothing
 * @reason: one sentence
 * @time_ns: since 1970
 */
HeadroomEvent *headroom_event_new (HeadroomEventKind kind, const char *model, guint64 bytes, const char *reason, gint64 time_ns)
    G_GNUC_WARN_UNUSED_RESULT;
HeadroomEventKind headroom_event_get_kind (HeadroomEvent *self);
const char *headroom_event_get_kind_name (HeadroomEvent *self); /* "load", "evict", ... */
const char *headroom_event_get_model (HeadroomEvent *self);
const char *headroom_event_get_reason (HeadroomEvent *self);
guint64 headroom_event_get_bytes (HeadroomEvent *self);
gint64 headroom_event_get_time_ns (HeadroomEvent *self); /* since 1970 */

/* {"time","kind","model","reason","bytes"} */
HrValue *headroom_event_to_json (HeadroomEvent *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
