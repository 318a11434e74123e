/* headroom-event.c: see headroom-event.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-event.h"

#include "headroom-json.h"
#include "headroom-wire-time.h"

struct _HeadroomEvent {
  GObject parent_instance;

  HeadroomEventKind kind;
  char *model, *reason;
  guint64 bytes;
  gint64 time_ns;
};

G_DEFINE_FINAL_TYPE (HeadroomEvent, headroom_event, G_TYPE_OBJECT)

static const char *const kind_names[] = {
  [HEADROOM_EVENT_LOAD] = "load",
  [HEADROOM_EVENT_REFUSE] = "refuse",
  [HEADROOM_EVENT_EVICT] = "evict",
  [HEADROOM_EVENT_UNLOAD] = "unload",
  [HEADROOM_EVENT_RELOAD] = "reload",
  [HEADROOM_EVENT_QUEUE] = "queue",
  [HEADROOM_EVENT_TRUNCATE] = "truncate",
  [HEADROOM_EVENT_DROP] = "drop",
};

static void
headroom_event_finalize (GObject *object)
{
  HeadroomEvent *self = HEADROOM_EVENT (object);

  g_free (self->model);
  g_free (self->reason);
  G_OBJECT_CLASS (headroom_event_parent_class)->finalize (object);
}

static void
headroom_event_class_init (HeadroomEventClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = headroom_event_finalize;
}

static void
headroom_event_init (HeadroomEvent *self)
{
}

HeadroomEvent *
headroom_event_new (HeadroomEventKind kind, const char *model, guint64 bytes, const char *reason, gint64 time_ns)
{
  HeadroomEvent *self = g_object_new (HEADROOM_TYPE_EVENT, NULL);

  self->kind = kind;
  self->model = g_strdup (model);
  self->reason = g_strdup (reason);
  self->bytes = bytes;
  self->time_ns = time_ns;
  return self;
}

HeadroomEventKind
headroom_event_get_kind (HeadroomEvent *self)
{
  return self->kind;
}

const char *
headroom_event_get_kind_name (HeadroomEvent *self)
{
  return kind_names[self->kind];
}

const char *
headroom_event_get_model (HeadroomEvent *self)
{
  return self->model;
}

const char *
headroom_event_get_reason (HeadroomEvent *self)
{
  return self->reason;
}

guint64
headroom_event_get_bytes (HeadroomEvent *self)
{
  return self->bytes;
}

gint64
headroom_event_get_time_ns (HeadroomEvent *self)
{
  return self->time_ns;
}

HrValue *
headroom_event_to_json (HeadroomEvent *self)
{
  g_autofree char *time = headroom_wire_format_time (self->time_ns, FALSE);
  HrValue *json = hr_value_new_dict ();

  headroom_json_set_string (json, "time", time);
  headroom_json_set_string (json, "kind", kind_names[self->kind]);
  headroom_json_set_string (json, "model", self->model);
  headroom_json_set_string (json, "reason", self->reason);
  headroom_json_set_int (json, "bytes", (gint64) self->bytes);
  return json;
}
