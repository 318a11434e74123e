/* headroom-route-memory.c: what memory is used for, what a model would take, and what happened.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-router.h"

#include <glib/gi18n-lib.h>

#include "headroom-catalogue.h"
#include "headroom-effective.h"
#include "headroom-gpu-reason.h"
#include "headroom-json.h"
#include "headroom-memory-json.h"
#include "headroom-plan-json.h"
#include "headroom-wire.h"

/* Of the list of events, what a status carries. */
#define RECENT_EVENTS 50

static void
reply_value (HeadroomExchange *exchange, HrValue *value)
{
  g_autofree char *json = headroom_json_print (value, HEADROOM_JSON_PLAIN);

  headroom_exchange_reply_json (exchange, SOUP_STATUS_OK, json);
}

/* ---- Status ---- */

/* When each model goes: a time, or null for never. */
static void
set_expiries (HeadroomResidency *residency, GPtrArray *residents, HrValue *models)
{
  for (guint i = 0; i < residents->len; i++) {
    gint64 expires_ns = headroom_residency_get_expiry (residency, residents->pdata[i]);
    g_autofree char *time =
        expires_ns != HEADROOM_FOREVER ? headroom_wire_format_time (expires_ns, FALSE) : NULL;
    hr_value_set (hr_value_at (models, i), "until",
                  time != NULL ? hr_value_new_string (time, -1, false) : hr_value_new_null ());
  }
}

static HrValue *
recent_events (HeadroomResidency *residency)
{
  GListModel *events = headroom_residency_get_events (residency);
  guint n = g_list_model_get_n_items (events);
  HrValue *list = hr_value_new_list ();

  for (guint i = n > RECENT_EVENTS ? n - RECENT_EVENTS : 0; i < n; i++) {
    g_autoptr (HeadroomEvent) event = g_list_model_get_item (events, i);
    hr_value_append (list, headroom_event_to_json (event));
  }
  return list;
}

static HrValue *
current_status (HeadroomExchange *exchange)
{
  HeadroomResidency *residency = headroom_exchange_get_service (exchange)->residency;
  g_autoptr (GPtrArray) residents = headroom_residency_dup_residents (residency);
  HrDevice devices[HEADROOM_MAX_DEVICES];
  gsize n_devices = headroom_residency_probe_devices (residency, devices, G_N_ELEMENTS (devices));
  HrValue *json = headroom_status_to_json (devices, n_devices, residents);
  guint n_gpus = 0, max_loaded;

  for (gsize d = 0; d < n_devices; d++)
    n_gpus += devices[d].kind == HR_DEVICE_GPU;
  max_loaded = headroom_residency_get_max_loaded (residency, n_gpus);
  hr_value_set (json, "max_loaded", max_loaded < G_MAXUINT ? hr_value_new_int (max_loaded) : hr_value_new_null ());
  set_expiries (residency, residents, hr_value_lookup (json, "models"));
  return json;
}

void
headroom_route_status (HeadroomExchange *exchange)
{
  g_autoptr (HrValue) json = current_status (exchange);

  hr_value_set (json, "events",
                recent_events (headroom_exchange_get_service (exchange)->residency));
  hr_value_set (json, "watches",
                headroom_watches_to_json (
                    headroom_residency_get_watches (
                        headroom_exchange_get_service (exchange)->residency),
                    FALSE));
  reply_value (exchange, json);
}

void
headroom_route_metrics (HeadroomExchange *exchange)
{
  g_autoptr (HrValue) status = current_status (exchange);
  g_autofree char *text =
      headroom_metrics_print (&headroom_exchange_get_service (exchange)->metrics, status);

  headroom_exchange_reply (exchange, SOUP_STATUS_OK, "text/plain; version=0.0.4; charset=utf-8",
                           text);
}

/* ---- Plan ---- */

/* A slider asks for one plan after the other of one model: its header is read once. */
static HrModel *
ref_known_model (HeadroomService *service, HeadroomModelEntry *entry)
{
  const char *path = headroom_model_entry_get_path (entry);
  HrModel *model = headroom_residency_ref_model (service->residency, entry);

  if (model != NULL || service->planned == NULL ||
      !g_str_equal (hr_model_get_path (service->planned), path) ||
      service->planned_bytes != headroom_model_entry_get_size (entry) ||
      service->planned_ns != headroom_model_entry_get_modified_ns (entry))
    return model;
  return hr_model_ref (service->planned);
}

static void
remember_model (HeadroomService *service, HeadroomModelEntry *entry, HrModel *model)
{
  g_clear_pointer (&service->planned, hr_model_unref);
  service->planned = hr_model_ref (model);
  service->planned_bytes = headroom_model_entry_get_size (entry);
  service->planned_ns = headroom_model_entry_get_modified_ns (entry);
}

typedef struct {
  HeadroomModelEntry *entry;
  HeadroomDemand demand;
  HrModel *model;
  HrValue *effective; /* where each setting comes from */
} Wanted;

static void
wanted_free (gpointer data)
{
  Wanted *wanted = data;

  g_clear_object (&wanted->entry);
  hr_model_unref (wanted->model);
  hr_value_unref (wanted->effective);
  g_free (wanted);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Wanted, wanted_free)

/* "preset": {"name": "Chat", "options": {...}, "keep_alive": "5m"}, which somebody chose. */
static gboolean
add_preset (HeadroomEffective *effective, HrValue *json, GError **error)
{
  HrValue *preset = hr_value_lookup (json, "preset");
  const char *name = preset != NULL && hr_value_kind (preset) == HR_VALUE_DICT
                         ? headroom_json_get_string (preset, "name")
                         : NULL;
  g_autofree char *source = NULL;

  if (preset == NULL || hr_value_kind (preset) == HR_VALUE_NULL)
    return TRUE;
  if (name == NULL) {
    g_set_error_literal (error, HEADROOM_WIRE_ERROR, 400, "preset.name is required");
    return FALSE;
  }
  source = g_strdup_printf (HEADROOM_SOURCE_PRESET " %s", name);
  return headroom_effective_add (effective, source, preset, error) &&
         headroom_effective_add (effective, source, hr_value_lookup (preset, "options"), error);
}

static gboolean
read_demand (HrValue *json, HeadroomModelEntry *entry, Wanted *wanted, GError **error)
{
  g_autoptr (HeadroomEffective) effective = headroom_effective_new ();
  HrValue *nested = hr_value_lookup (json, "options");

  /* Settings may stand beside the model or, as in other requests, under "options". */
  if (!headroom_effective_add (effective, HEADROOM_SOURCE_MODELFILE,
                               headroom_model_entry_get_params (entry), error) ||
      !add_preset (effective, json, error) ||
      !headroom_effective_add (effective, HEADROOM_SOURCE_REQUEST, json, error) ||
      !headroom_effective_add (effective, HEADROOM_SOURCE_REQUEST, nested, error))
    return FALSE;
  wanted->effective = headroom_effective_to_json (effective);
  return headroom_demand_init (&wanted->demand, headroom_effective_get_options (effective),
                               nested != NULL ? nested : json, "", error);
}

HeadroomModelEntry *
headroom_route_find_entry (HeadroomExchange *exchange, HrValue *json, GError **error)
{
  HeadroomStore *store = headroom_exchange_get_service (exchange)->store;
  const char *name =
      hr_value_kind (json) == HR_VALUE_DICT ? headroom_json_get_string (json, "model") : NULL;
  g_autoptr (HeadroomModelEntry) entry = NULL;

  if (name == NULL || *name == '\0') {
    g_set_error_literal (error, HEADROOM_WIRE_ERROR, 400, "model is required");
    return NULL;
  }
  entry = headroom_exchange_is_local (exchange) ? headroom_store_resolve (store, name, error) :
                                                  headroom_store_lookup (store, name, error);
  if (entry != NULL && headroom_model_entry_get_path (entry) == NULL) {
    g_set_error (error, HEADROOM_WIRE_ERROR, 400,
                 _("%s is not a GGUF model; only those can be run"), name);
    return NULL;
  }
  return g_steal_pointer (&entry);
}

/* A model that is not here, but known: its shape is planned. */
static gboolean
want_shape (HrValue *json, Wanted *wanted, GError **error)
{
  const char *name =
      hr_value_kind (json) == HR_VALUE_DICT ? headroom_json_get_string (json, "model") : NULL;
  const char *weights = name != NULL ? headroom_json_get_string (json, "weights") : NULL;
  const HeadroomCatalogueEntry *entry = name != NULL ? headroom_catalogue_find (name) : NULL;

  if (entry == NULL)
    return FALSE;
  wanted->model = headroom_catalogue_open (entry, weights, error);
  wanted->entry = headroom_model_entry_new_imagined (entry->name);
  return wanted->model != NULL;
}

static gpointer
read_plan_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  gsize len;
  const char *body = headroom_exchange_get_body (exchange, &len);
  g_autoptr (HrValue) json = headroom_json_parse (body, (gssize) len, FALSE, error);
  g_autoptr (Wanted) wanted = g_new0 (Wanted, 1);
  g_autoptr (GError) missing = NULL;
  g_autoptr (GError) shapeless = NULL;

  if (json == NULL)
    return NULL;
  wanted->entry = headroom_route_find_entry (exchange, json, &missing);
  if (wanted->entry == NULL && !want_shape (json, wanted, &shapeless)) {
    g_propagate_error (error, shapeless != NULL ? g_steal_pointer (&shapeless)
                                                : g_steal_pointer (&missing));
    return NULL;
  }
  if (!read_demand (json, wanted->entry, wanted, error))
    return NULL;
  return g_steal_pointer (&wanted);
}

/* What the model was loaded with, or null. */
static HrValue *
loaded_settings (HeadroomResidency *residency, HeadroomModelEntry *entry)
{
  g_autoptr (GPtrArray) residents = headroom_residency_dup_residents (residency);
  const char *identity = headroom_model_entry_get_identity (entry);

  for (guint i = 0; i < residents->len; i++) {
    HeadroomResident *resident = residents->pdata[i];
    if (resident->plan != NULL &&
        g_strcmp0 (headroom_model_entry_get_identity (resident->entry), identity) == 0)
      return headroom_settings_to_json (hr_plan_get_settings (resident->plan));
  }
  return hr_value_new_null ();
}

/* The settings alone, each with where it comes from. */
static HrValue *
effective_to_json (HeadroomExchange *exchange, Wanted *wanted, const HeadroomFit *fit)
{
  HeadroomResidency *residency = headroom_exchange_get_service (exchange)->residency;
  HrValue *json = hr_value_new_dict ();

  headroom_json_set_string (json, "model", headroom_model_entry_get_name (wanted->entry));
  hr_value_set (json, "settings", hr_value_ref (wanted->effective));
  hr_value_set (json, "planned", headroom_settings_to_json (hr_plan_get_settings (fit->plan)));
  hr_value_set (json, "steps", headroom_fit_steps_to_json (fit->steps));
  hr_value_set (json, "loaded", loaded_settings (residency, wanted->entry));
  return json;
}

static void
reply_plan (HeadroomExchange *exchange, Wanted *wanted)
{
  HeadroomResidency *residency = headroom_exchange_get_service (exchange)->residency;
  g_autoptr (GError) error = NULL;
  g_autoptr (HeadroomFit) fit =
      headroom_residency_fit (residency, wanted->entry, wanted->model, &wanted->demand, &error);
  g_autoptr (HrValue) json = NULL;

  if (fit == NULL) {
    headroom_exchange_reply_error (exchange, error);
    return;
  }
  if (g_str_equal (headroom_exchange_get_path (exchange), "/headroom/effective"))
    json = effective_to_json (exchange, wanted, fit);
  else
    json =
        headroom_plan_to_json (headroom_model_entry_get_name (wanted->entry), wanted->model, fit);
  headroom_gpu_add_to_json (json, fit->plan, TRUE);
  reply_value (exchange, json);
}

static gpointer
open_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  Wanted *wanted = data;

  wanted->model = headroom_model_entry_open (wanted->entry, error);
  return NULL;
}

static void
opened (HeadroomExchange *exchange, gpointer take_result, gpointer take_data)
{
  g_autoptr (Wanted) wanted = take_data;

  remember_model (headroom_exchange_get_service (exchange), wanted->entry, wanted->model);
  reply_plan (exchange, wanted);
}

static void
plan_was_read (HeadroomExchange *exchange, gpointer take_result, gpointer take_data)
{
  g_autoptr (Wanted) wanted = take_result;

  if (wanted->model == NULL)
    wanted->model = ref_known_model (headroom_exchange_get_service (exchange), wanted->entry);
  if (wanted->model != NULL)
    reply_plan (exchange, wanted);
  else
    headroom_exchange_work (exchange, open_work, opened, g_steal_pointer (&wanted), wanted_free,
                            NULL);
}

void
headroom_route_plan (HeadroomExchange *exchange)
{
  headroom_exchange_work (exchange, read_plan_work, plan_was_read, NULL, NULL, wanted_free);
}

/* ---- Events ---- */

static void
write_event (HeadroomExchange *exchange, GListModel *events, guint index)
{
  g_autoptr (HeadroomEvent) event = g_list_model_get_item (events, index);
  g_autoptr (HrValue) value = headroom_event_to_json (event);
  g_autofree char *json = headroom_json_print (value, HEADROOM_JSON_PLAIN);
  g_autofree char *line = g_strconcat (json, "\n", NULL);

  headroom_exchange_write (exchange, "application/x-ndjson", line);
}

static void
events_changed_cb (GListModel *events, guint position, guint removed, guint added, gpointer data)
{
  for (guint i = 0; i < added; i++)
    write_event (data, events, position + i);
}

static void
follower_left_cb (GCancellable *cancellable, gpointer data)
{
  HeadroomExchange *exchange = data;
  GListModel *events =
      headroom_residency_get_events (headroom_exchange_get_service (exchange)->residency);

  g_signal_handlers_disconnect_by_func (events, events_changed_cb, exchange);
}

/* What is known, then what happens, for as long as the client stays. */
void
headroom_route_events (HeadroomExchange *exchange)
{
  GListModel *events =
      headroom_residency_get_events (headroom_exchange_get_service (exchange)->residency);
  GCancellable *cancellable = headroom_exchange_get_cancellable (exchange);

  headroom_exchange_begin (exchange, "application/x-ndjson");
  for (guint i = 0; i < g_list_model_get_n_items (events); i++)
    write_event (exchange, events, i);
  g_signal_connect_object (events, "items-changed", G_CALLBACK (events_changed_cb), exchange, 0);
  g_signal_connect_object (cancellable, "cancelled", G_CALLBACK (follower_left_cb), exchange, 0);
}
