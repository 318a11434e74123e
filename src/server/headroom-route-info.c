/* headroom-route-info.c: what is installed, what is loaded, what a model is.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-router.h"

#include <glib/gi18n-lib.h>

#include "headroom-footprint.h"
#include "headroom-model-name.h"
#include "headroom-resident.h"
#include "headroom-wire.h"

/* Clients gate features on the version of the API that they know: the one whose behaviour this
 * follows. */
#define API_VERSION "0.32.15"

void
headroom_route_root (HeadroomExchange *exchange)
{
  headroom_exchange_reply (exchange, SOUP_STATUS_OK, "text/plain; charset=utf-8",
                           "Ollama is running");
}

void
headroom_route_version (HeadroomExchange *exchange)
{
  g_autofree char *json = headroom_wire_print_version (API_VERSION);

  headroom_exchange_reply_json (exchange, SOUP_STATUS_OK, json);
}

static void
reply_taken_json (HeadroomExchange *exchange, gpointer take_result, gpointer data)
{
  g_autofree char *json = take_result;

  headroom_exchange_reply_json (exchange, SOUP_STATUS_OK, json);
}

/* ---- Lists ---- */

static GPtrArray *
list_models (HeadroomExchange *exchange)
{
  g_autoptr (GPtrArray) problems = NULL;
  GPtrArray *entries =
      headroom_store_list (headroom_exchange_get_service (exchange)->store, &problems);

  for (guint i = 0; problems != NULL && i < problems->len; i++)
    g_info ("store: %s", (const char *) problems->pdata[i]);
  return entries;
}

static gpointer
tags_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  g_autoptr (GPtrArray) entries = list_models (exchange);

  return headroom_wire_print_tags (entries);
}

void
headroom_route_tags (HeadroomExchange *exchange)
{
  headroom_exchange_work (exchange, tags_work, reply_taken_json, NULL, NULL, g_free);
}

static gpointer
openai_models_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  g_autoptr (GPtrArray) entries = list_models (exchange);

  return headroom_wire_print_openai_models (entries);
}

void
headroom_route_openai_models (HeadroomExchange *exchange)
{
  headroom_exchange_work (exchange, openai_models_work, reply_taken_json, NULL, NULL, g_free);
}

static gpointer
openai_model_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  const char *name = headroom_exchange_get_path (exchange) + strlen ("/v1/models/");
  g_autofree char *decoded = g_uri_unescape_string (name, NULL);
  g_autoptr (HeadroomModelEntry) entry =
      headroom_store_lookup (headroom_exchange_get_service (exchange)->store,
                             decoded != NULL ? decoded : name, error);

  return entry != NULL ? headroom_wire_print_openai_model (entry) : NULL;
}

void
headroom_route_openai_model (HeadroomExchange *exchange)
{
  headroom_exchange_work (exchange, openai_model_work, reply_taken_json, NULL, NULL, g_free);
}

/* ---- What is loaded ---- */

static void
describe (HeadroomService *service, HeadroomResident *resident, HeadroomWireRunning *ret_running)
{
  *ret_running = (HeadroomWireRunning) { .entry = resident->entry };
  ret_running->expires_ns = headroom_residency_get_expiry (service->residency, resident);
  if (resident->plan == NULL)
    return;
  ret_running->size = hr_plan_get_bytes (resident->plan, HR_ITEM_N_KINDS);
  ret_running->context_length = hr_plan_get_settings (resident->plan)->num_ctx;
  for (gsize d = 0; d < hr_plan_n_devices (resident->plan); d++)
    if (hr_plan_get_device (resident->plan, d)->kind == HR_DEVICE_GPU)
      ret_running->size_vram += hr_plan_get_device_bytes (resident->plan, d);
}

typedef struct {
  GPtrArray *residents;
  HeadroomWireRunning *running; /* [residents] */
  HeadroomWireFootprint footprint;
} Ps;

static void
ps_free (gpointer data)
{
  Ps *ps = data;

  g_ptr_array_unref (ps->residents);
  g_free (ps->running);
  g_free (ps);
}

static gpointer
measure_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  Ps *ps = data;

  ps->footprint.seen = headroom_footprint_measure ();
  return NULL;
}

static void
ps_measured (HeadroomExchange *exchange, gpointer take_result, gpointer take_data)
{
  Ps *ps = take_data;
  g_autofree char *json =
      headroom_wire_print_ps (ps->running, ps->residents->len, &ps->footprint);

  headroom_exchange_reply_json (exchange, SOUP_STATUS_OK, json);
  ps_free (ps);
}

void
headroom_route_ps (HeadroomExchange *exchange)
{
  HeadroomService *service = headroom_exchange_get_service (exchange);
  Ps *ps = g_new0 (Ps, 1);

  ps->residents = headroom_residency_dup_residents (service->residency);
  ps->running = g_new0 (HeadroomWireRunning, ps->residents->len + 1);
  for (guint i = 0; i < ps->residents->len; i++)
    describe (service, ps->residents->pdata[i], &ps->running[i]);
  headroom_footprint_sum (ps->residents, &ps->footprint);
  headroom_exchange_work (exchange, measure_work, ps_measured, ps, ps_free, NULL);
}

/* ---- What a model is ---- */

/* This route names the model with its tag where the others echo what was asked for. */
static void
name_with_tag (GError **error, const char *asked)
{
  g_autoptr (HeadroomModelName) name = headroom_model_name_parse (asked);
  g_autofree char *display = name != NULL ? headroom_model_name_dup_display (name) : NULL;

  if (display == NULL ||
      !g_error_matches (*error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_NOT_FOUND))
    return;
  g_clear_error (error);
  g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_NOT_FOUND, "model '%s' not found",
               display);
}

static gpointer
show_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  gsize len;
  const char *body = headroom_exchange_get_body (exchange, &len);
  HeadroomStore *store = headroom_exchange_get_service (exchange)->store;
  g_autoptr (HeadroomWireShowRequest) request = headroom_wire_parse_show (body, len, error);
  g_autoptr (HeadroomModelEntry) entry = NULL;
  g_autoptr (HrModel) model = NULL;
  g_autoptr (GError) problem = NULL;
  g_auto (GStrv) capabilities = NULL;

  if (request == NULL)
    return NULL;
  entry = headroom_exchange_is_local (exchange)
              ? headroom_store_resolve (store, request->model, &problem)
              : headroom_store_lookup (store, request->model, &problem);
  if (entry == NULL) {
    name_with_tag (&problem, request->model);
    g_propagate_error (error, g_steal_pointer (&problem));
    return NULL;
  }
  if (headroom_model_entry_get_path (entry) != NULL) {
    model = hr_model_open (headroom_model_entry_get_path (entry), error);
    if (model == NULL)
      return NULL;
  }
  capabilities = headroom_wire_dup_capabilities (entry, model);
  return headroom_wire_print_show (entry, model, (const char *const *) capabilities,
                                   request->verbose);
}

void
headroom_route_show (HeadroomExchange *exchange)
{
  headroom_exchange_work (exchange, show_work, reply_taken_json, NULL, NULL, g_free);
}
