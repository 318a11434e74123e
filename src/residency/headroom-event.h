/* headroom-event.h: one thing that happened to the memory of this machine because of us, and why.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Immutable. Thread-safety: Safe.
 */
#pragma once

#include <gio/gio.h>

#include "headroom-reason.h"

G_BEGIN_DECLS

typedef enum {
  HEADROOM_EVENT_LOAD,     /* a model is in memory now */
  HEADROOM_EVENT_REFUSE,   /* it cannot be */
  HEADROOM_EVENT_EVICT,    /* one had to go for another */
  HEADROOM_EVENT_UNLOAD,   /* one went because its time was over or somebody said so */
  HEADROOM_EVENT_RELOAD,   /* one went to come back with other settings */
  HEADROOM_EVENT_RESIZE,   /* one was given other settings while it stays */
  HEADROOM_EVENT_PARK,     /* what a slot held went to a file or came back, or was given up */
  HEADROOM_EVENT_QUEUE,    /* a request waits for memory that is busy */
  HEADROOM_EVENT_TRUNCATE, /* messages of a conversation were left out because they did not fit */
  HEADROOM_EVENT_DROP,     /* a client that did not take its answer was given up */
  HEADROOM_EVENT_ADVISE,   /* something could be better, and how */
  HEADROOM_EVENT_N,
} HeadroomEventKind;

#define HEADROOM_TYPE_EVENT (headroom_event_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomEvent, headroom_event, HEADROOM, EVENT, GObject)

/**
 * headroom_event_new:
 * @time_ns: since 1970
 * @model: the model's display name, or ""
 * @client: who asked, or ""
 * @bytes: what was taken, freed or missing; 0: nothing
 * @take_params: (transfer full): of @reason
 */
HeadroomEvent *headroom_event_new (gint64 time_ns, HeadroomEventKind kind, const char *model,
                                   const char *client, guint64 bytes, HeadroomReason reason,
                                   HrValue *take_params) G_GNUC_WARN_UNUSED_RESULT;
HeadroomEventKind headroom_event_get_kind (HeadroomEvent *self);
const char *headroom_event_get_kind_name (HeadroomEvent *self); /* "load", "evict", ... */
const char *headroom_event_kind_name (HeadroomEventKind kind);
gboolean headroom_event_parse_kind (const char *name, HeadroomEventKind *ret_kind);
const char *headroom_event_get_model (HeadroomEvent *self);
const char *headroom_event_get_client (HeadroomEvent *self);
HeadroomReason headroom_event_get_code (HeadroomEvent *self);
const HrValue *headroom_event_get_params (HeadroomEvent *self);
const char *headroom_event_get_reason (HeadroomEvent *self); /* the sentence */
guint64 headroom_event_get_bytes (HeadroomEvent *self);
gint64 headroom_event_get_time_ns (HeadroomEvent *self); /* since 1970 */

/* {"time","kind","model","reason","bytes","client","code","params"} */
HrValue *headroom_event_to_json (HeadroomEvent *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
