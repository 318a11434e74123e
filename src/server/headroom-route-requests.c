/* headroom-route-requests.c: who is being answered right now, and an end to it; who was before.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-router.h"

#include <glib/gi18n-lib.h>

#include "headroom-json.h"
#include "headroom-peer.h"
#include "headroom-recent.h"

/* What is read of an exchange on the server's thread, for a worker that looks up its client. */
typedef struct {
  HeadroomActivity activity;
  char *model, *path;
  gint64 running_us;
  double speed; /* tokens per second */
  guint place;  /* among those that wait for its model, 1 for the next one; 0: it does not wait */
  GSocket *socket;
} Snapshot;

static void
snapshot_free (gpointer data)
{
  Snapshot *self = data;

  g_free (self->model);
  g_free (self->path);
  g_object_unref (self->socket);
  g_free (self);
}

static Snapshot *
snapshot_new (HeadroomExchange *exchange)
{
  Snapshot *self = g_new0 (Snapshot, 1);

  self->activity = *headroom_exchange_get_activity (exchange);
  self->model = g_strdup (self->activity.model);
  self->path = g_strdup (headroom_exchange_get_path (exchange));
  self->running_us = g_get_monotonic_time () - headroom_exchange_get_started_us (exchange);
  self->speed = headroom_activity_speed (&self->activity, g_get_monotonic_time ());
  self->socket = g_object_ref (headroom_exchange_get_socket (exchange));
  return self;
}

/* {"id","path","model","client","pid","state","queue_place","num_ctx","prompt_tokens","read_tokens","generated_tokens",
 * "tokens_per_second","running_ms"} */
static HrValue *
snapshot_to_json (const Snapshot *self)
{
  const HeadroomActivity *activity = &self->activity;
  HrValue *json = hr_value_new_dict ();
  GPid pid = 0;
  g_autofree char *program = headroom_peer_dup_program (self->socket, &pid);

  headroom_json_set_int (json, "id", (gint64) activity->id);
  headroom_json_set_string (json, "path", self->path);
  headroom_json_set_string (json, "model", self->model != NULL ? self->model : "");
  headroom_json_set_string (json, "client", program != NULL ? program : "");
  headroom_json_set_int (json, "pid", pid);
  headroom_json_set_string (json, "state", headroom_activity_state (activity));
  headroom_json_set_int (json, "queue_place", self->place);
  headroom_json_set_int (json, "num_ctx", activity->num_ctx);
  headroom_json_set_int (json, "prompt_tokens", activity->n_prompt);
  headroom_json_set_int (json, "read_tokens", activity->n_read);
  headroom_json_set_int (json, "generated_tokens", activity->n_generated);
  headroom_json_set_float (json, "tokens_per_second", self->speed);
  headroom_json_set_int (json, "running_ms", self->running_us / 1000);
  return json;
}

typedef struct {
  GPtrArray *snapshots;
  HrValue *recent; /* list */
} Description;

static void
description_free (gpointer data)
{
  Description *self = data;

  g_ptr_array_unref (self->snapshots);
  hr_value_unref (self->recent);
  g_free (self);
}

static gpointer
describe_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  Description *description = data;
  GPtrArray *snapshots = description->snapshots;
  g_autoptr (HrValue) json = hr_value_new_dict ();
  HrValue *list = hr_value_new_list ();

  for (guint i = 0; i < snapshots->len; i++)
    hr_value_append (list, snapshot_to_json (snapshots->pdata[i]));
  hr_value_set (json, "requests", list);
  hr_value_set (json, "recent", hr_value_ref (description->recent));
  return headroom_json_print (json, HEADROOM_JSON_PLAIN);
}

static void
described (HeadroomExchange *exchange, gpointer take_result, gpointer take_data)
{
  g_autofree char *text = take_result;

  description_free (take_data);
  headroom_exchange_reply_json (exchange, SOUP_STATUS_OK, text);
}

/* Those that want something of a model; the many short questions about state are not worth a line.
 */
static gboolean
is_listed (HeadroomExchange *exchange)
{
  return headroom_exchange_get_activity (exchange)->model != NULL &&
         !headroom_exchange_is_over (exchange);
}

static guint
count_before (const GPtrArray *snapshots, const Snapshot *self)
{
  guint n = 0;

  for (guint i = 0; i < snapshots->len; i++) {
    const Snapshot *other = snapshots->pdata[i];
    if (other != self && !other->activity.begun && g_str_equal (other->model, self->model) &&
        headroom_activity_goes_before (&other->activity, &self->activity))
      n++;
  }
  return n;
}

static void
put_places (const GPtrArray *snapshots)
{
  for (guint i = 0; i < snapshots->len; i++) {
    Snapshot *snapshot = snapshots->pdata[i];
    if (!snapshot->activity.begun)
      snapshot->place = 1 + count_before (snapshots, snapshot);
  }
}

void
headroom_route_requests (HeadroomExchange *exchange)
{
  HeadroomService *service = headroom_exchange_get_service (exchange);
  Description *description = g_new (Description, 1);
  GHashTableIter iter;
  gpointer other;

  description->snapshots = g_ptr_array_new_with_free_func (snapshot_free);
  description->recent = headroom_recent_to_value (&service->recent);
  g_hash_table_iter_init (&iter, service->exchanges);
  while (g_hash_table_iter_next (&iter, &other, NULL))
    if (is_listed (other))
      g_ptr_array_add (description->snapshots, snapshot_new (other));
  put_places (description->snapshots);
  headroom_exchange_work (exchange, describe_work, described, description, description_free,
                          g_free);
}

static HeadroomExchange *
find_request (HeadroomExchange *exchange, guint64 id)
{
  GHashTableIter iter;
  gpointer other;

  g_hash_table_iter_init (&iter, headroom_exchange_get_service (exchange)->exchanges);
  while (g_hash_table_iter_next (&iter, &other, NULL))
    if (headroom_exchange_get_activity (other)->id == id && is_listed (other))
      return other;
  return NULL;
}

/* DELETE /headroom/requests/ID: the answer ends as if its client had left, and the client is told
 * so. */
void
headroom_route_cancel (HeadroomExchange *exchange)
{
  const char *text = headroom_exchange_get_path (exchange) + strlen ("/headroom/requests/");
  HeadroomExchange *other = NULL;
  guint64 id;

  if (!headroom_exchange_is_local (exchange)) {
    headroom_exchange_reply_problem (exchange, SOUP_STATUS_FORBIDDEN,
                                     _("Only programs of this user may ask for that"));
    return;
  }
  if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &id, NULL))
    other = find_request (exchange, id);
  if (other == NULL) {
    headroom_exchange_reply_problem (exchange, SOUP_STATUS_NOT_FOUND,
                                     _("There is no such request; it may be over"));
    return;
  }
  headroom_exchange_get_activity (other)->stopped = TRUE;
  g_cancellable_cancel (headroom_exchange_get_cancellable (other));
  headroom_exchange_reply_json (exchange, SOUP_STATUS_OK, "{}");
}
