/* headroom-event.c: see headroom-event.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-event.h"

#include "headroom-json.h"
#include "headroom-wire-time.h"

struct _HeadroomEvent {
  GObject parent_instance;

  gint64 time_ns;
  HeadroomEventKind kind;
  char *model, *client, *text;
  guint64 bytes;
  HeadroomReason reason;
  HrValue *params;
};

G_DEFINE_FINAL_TYPE (HeadroomEvent, headroom_event, G_TYPE_OBJECT)

static const char *const kind_names[HEADROOM_EVENT_N] = {
  [HEADROOM_EVENT_LOAD] = "load",
  [HEADROOM_EVENT_REFUSE] = "refuse",
  [HEADROOM_EVENT_EVICT] = "evict",
  [HEADROOM_EVENT_UNLOAD] = "unload",
  [HEADROOM_EVENT_RELOAD] = "reload",
  [HEADROOM_EVENT_RESIZE] = "resize",
  [HEADROOM_EVENT_PARK] = "park",
  [HEADROOM_EVENT_QUEUE] = "queue",
  [HEADROOM_EVENT_TRUNCATE] = "truncate",
  [HEADROOM_EVENT_DROP] = "drop",
  [HEADROOM_EVENT_ADVISE] = "advise",
};

static void
headroom_event_finalize (GObject *object)
{
  HeadroomEvent *self = HEADROOM_EVENT (object);

  g_free (self->model);
  g_free (self->client);
  g_free (self->text);
  hr_value_unref (self->params);
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
headroom_event_new (gint64 time_ns, HeadroomEventKind kind, const char *model, const char *client,
                    guint64 bytes, HeadroomReason reason, HrValue *take_params)
{
  HeadroomEvent *self = g_object_new (HEADROOM_TYPE_EVENT, NULL);

  self->time_ns = time_ns;
  self->kind = kind;
  self->model = g_strdup (model);
  self->client = g_strdup (client);
  self->bytes = bytes;
  self->reason = reason;
  self->params = take_params;
  self->text = headroom_reason_dup_text (reason, take_params);
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
headroom_event_kind_name (HeadroomEventKind kind)
{
  return kind_names[kind];
}

gboolean
headroom_event_parse_kind (const char *name, HeadroomEventKind *ret_kind)
{
  for (int i = 0; i < HEADROOM_EVENT_N; i++) {
    if (!g_str_equal (kind_names[i], name))
      continue;
    *ret_kind = (HeadroomEventKind) i;
    return TRUE;
  }
  return FALSE;
}

const char *
headroom_event_get_model (HeadroomEvent *self)
{
  return self->model;
}

const char *
headroom_event_get_client (HeadroomEvent *self)
{
  return self->client;
}

HeadroomReason
headroom_event_get_code (HeadroomEvent *self)
{
  return self->reason;
}

const HrValue *
headroom_event_get_params (HeadroomEvent *self)
{
  return self->params;
}

const char *
headroom_event_get_reason (HeadroomEvent *self)
{
  return self->text;
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
  headroom_json_set_string (json, "reason", self->text);
  headroom_json_set_int (json, "bytes", (gint64) MIN (self->bytes, G_MAXINT64));
  headroom_json_set_string (json, "client", self->client);
  headroom_json_set_string (json, "code", headroom_reason_code (self->reason));
  hr_value_set (json, "params", hr_value_ref (self->params));
  return json;
}
