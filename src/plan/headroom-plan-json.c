/* headroom-plan-json.c: see headroom-plan-json.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-plan-json.h"

#include "headroom-json.h"
#include "headroom-landscape.h"
#include "headroom-sum.h"

#include <math.h>

static void
set_bytes (HrValue *dict, const char *key, guint64 bytes)
{
  headroom_json_set_int (dict, key, (gint64) MIN (bytes, G_MAXINT64));
}

/* Digits that mean something; a prediction to the tenth decimal would only pretend. */
static void
set_rounded (HrValue *dict, const char *key, double number)
{
  headroom_json_set_float (dict, key, round (number * 100) / 100);
}

guint64
headroom_plan_device_bytes (const HrPlan *plan, HrItemKind kind, gsize device)
{
  guint64 bytes = 0;

  for (gsize i = 0; i < hr_plan_n_items (plan); i++) {
    const HrPlanItem *item = hr_plan_get_item (plan, i);
    if (item->kind == kind && item->device == device)
      bytes += item->bytes;
  }
  return bytes;
}

/* ---- Devices and settings ---- */

HrValue *
headroom_device_to_json (const HrDevice *device)
{
  HrValue *json = hr_value_new_dict ();

  headroom_json_set_string (json, "name", device->name);
  headroom_json_set_string (json, "kind", device->kind == HR_DEVICE_GPU ? "gpu" : "cpu");
  set_bytes (json, "total", device->total);
  set_bytes (json, "free", device->free);
  set_bytes (json, "reserve", device->reserve);
  return json;
}

static HrValue *
rates_to_json (const HrDeviceRates *rates)
{
  HrValue *json = hr_value_new_dict ();

  set_bytes (json, "bandwidth", (guint64) rates->bandwidth);
  set_bytes (json, "compute", (guint64) rates->compute);
  set_bytes (json, "bus", (guint64) rates->bus);
  return json;
}

HrValue *
headroom_settings_to_json (const HrSettings *settings)
{
  HrValue *json = hr_value_new_dict ();

  headroom_json_set_int (json, "num_ctx", settings->num_ctx);
  headroom_json_set_int (json, "parallel", settings->parallel);
  headroom_json_set_int (json, "num_batch", settings->num_batch);
  headroom_json_set_string (json, "kv_type", hr_kv_type_name (settings->kv_type));
  headroom_json_set_int (json, "gpu_layers", settings->gpu_layers);
  headroom_json_set_int (json, "cpu_experts", settings->cpu_experts);
  headroom_json_set_int (json, "num_thread", settings->threads);
  return json;
}

/* ---- What a plan says ---- */

static HrValue *
item_to_json (const HrPlan *plan, const HrPlanItem *item)
{
  HrValue *json = hr_value_new_dict ();

  headroom_json_set_string (json, "kind", hr_item_kind_name (item->kind));
  headroom_json_set_string (json, "name", item->name);
  if (item->layer >= 0)
    headroom_json_set_int (json, "layer", item->layer);
  else
    hr_value_set (json, "layer", hr_value_new_null ());
  headroom_json_set_string (json, "device", hr_plan_get_device (plan, item->device)->name);
  set_bytes (json, "bytes", item->bytes);
  return json;
}

static HrValue *
items_to_json (const HrPlan *plan)
{
  HrValue *list = hr_value_new_list ();

  for (gsize i = 0; i < hr_plan_n_items (plan); i++)
    hr_value_append (list, item_to_json (plan, hr_plan_get_item (plan, i)));
  return list;
}

static HrValue *
devices_to_json (const HrPlan *plan)
{
  HrValue *list = hr_value_new_list ();

  for (gsize d = 0; d < hr_plan_n_devices (plan); d++) {
    const HrDevice *device = hr_plan_get_device (plan, d);
    HrValue *json = headroom_device_to_json (device);
    set_bytes (json, "used", hr_plan_get_device_bytes (plan, d));
    set_bytes (json, "weights", headroom_plan_device_bytes (plan, HR_ITEM_WEIGHTS, d));
    set_bytes (json, "cache", headroom_plan_device_bytes (plan, HR_ITEM_CACHE, d));
    set_bytes (json, "compute",
               hr_plan_get_device_bytes (plan, d) -
                   headroom_plan_device_bytes (plan, HR_ITEM_WEIGHTS, d) -
                   headroom_plan_device_bytes (plan, HR_ITEM_CACHE, d));
    hr_value_set (json, "rates", rates_to_json (&device->rates));
    hr_value_append (list, json);
  }
  return list;
}

HrValue *
headroom_plan_bytes_to_json (const HrPlan *plan)
{
  HrValue *json = hr_value_new_dict ();

  for (int kind = 0; kind < HR_ITEM_N_KINDS; kind++)
    set_bytes (json, hr_item_kind_name (kind), hr_plan_get_bytes (plan, kind));
  set_bytes (json, "total", hr_plan_get_bytes (plan, HR_ITEM_N_KINDS));
  return json;
}

static HrValue *
layers_to_json (const HrPlan *plan)
{
  HrValue *json = hr_value_new_dict ();
  gint32 n_gpu = MAX (hr_plan_get_settings (plan)->gpu_layers, 0);

  headroom_json_set_int (json, "gpu", n_gpu);
  headroom_json_set_int (json, "cpu", (gint64) hr_plan_n_layers (plan) - n_gpu);
  return json;
}

/* ---- Shares ---- */

static HrValue *
shares_to_json (const HrPlan *plan)
{
  HrValue *json = hr_value_new_dict (), *bytes = hr_value_new_dict (),
          *layers = hr_value_new_dict (), *time = hr_value_new_dict ();
  double times[HR_MAX_DEVICES], total = (double) MAX (hr_plan_get_bytes (plan, HR_ITEM_N_KINDS), 1);
  gboolean timed = headroom_predict_time_shares (plan, times);
  guint32 n_layers = hr_plan_n_layers (plan);

  for (gsize d = 0; d < hr_plan_n_devices (plan); d++) {
    const char *name = hr_plan_get_device (plan, d)->name;
    guint32 n = 0;
    for (guint32 il = 0; il < n_layers; il++)
      n += hr_plan_get_layer_device (plan, il) == d;
    headroom_json_set_float (bytes, name, (double) hr_plan_get_device_bytes (plan, d) / total);
    headroom_json_set_float (layers, name, (double) n / MAX (n_layers, 1));
    if (timed)
      headroom_json_set_float (time, name, times[d]);
  }
  hr_value_set (json, "bytes", bytes);
  hr_value_set (json, "layers", layers);
  hr_value_set (json, "time", time);
  return json;
}

/* Empty where the devices' rates are not known. */
static HrValue *
prediction_to_json (const HeadroomPrediction *predicted)
{
  HrValue *json = hr_value_new_dict ();

  if (predicted->tokens_per_second <= 0)
    return json;
  set_rounded (json, "prompt_tokens_per_second", predicted->prompt_tokens_per_second);
  set_rounded (json, "tokens_per_second", predicted->tokens_per_second);
  set_rounded (json, "first_token_ms", predicted->first_token_ms);
  return json;
}

static HrValue *
usual_prediction (const HrPlan *plan)
{
  guint32 n_prompt = MIN (HEADROOM_USUAL_PROMPT, hr_plan_get_settings (plan)->num_ctx);
  HeadroomPrediction predicted = headroom_predict (plan, n_prompt, 0, 1);

  return prediction_to_json (&predicted);
}

/* ---- What was given up ---- */

HrValue *
headroom_fit_steps_to_json (GPtrArray *steps)
{
  HrValue *list = hr_value_new_list ();

  for (guint i = 0; steps != NULL && i < steps->len; i++)
    hr_value_append (list, hr_value_new_string (steps->pdata[i], -1, false));
  return list;
}

static HrValue *
offers_to_json (GPtrArray *offers)
{
  HrValue *list = hr_value_new_list ();

  for (guint i = 0; offers != NULL && i < offers->len; i++) {
    const HeadroomOffer *offer = offers->pdata[i];
    HrValue *json = hr_value_new_dict ();
    headroom_json_set_string (json, "text", offer->text);
    set_bytes (json, "frees", offer->frees);
    headroom_json_set_bool (json, "fits", offer->fits);
    hr_value_set (json, "settings", headroom_settings_to_json (&offer->settings));
    hr_value_append (list, json);
  }
  return list;
}

static HrValue *
stop_to_json (const HeadroomStop *stop)
{
  HrValue *json = hr_value_new_dict ();

  headroom_json_set_int (json, "num_ctx", stop->num_ctx);
  set_bytes (json, "cache_bytes", stop->cache_bytes);
  set_rounded (json, "percent_of_weights", stop->percent_of_weights);
  set_rounded (json, "slower_percent", stop->slower_percent);
  headroom_json_set_string (json, "verdict", headroom_verdict_name (stop->verdict));
  hr_value_set (json, "predicted", prediction_to_json (&stop->predicted));
  return json;
}

HrValue *
headroom_landscape_to_json (const GArray *stops)
{
  HrValue *list = hr_value_new_list ();

  for (guint i = 0; i < stops->len; i++)
    hr_value_append (list, stop_to_json (&g_array_index (stops, HeadroomStop, i)));
  return list;
}

HrValue *
headroom_recommend_to_json (const GArray *list)
{
  HrValue *json_list = hr_value_new_list ();

  for (guint i = 0; i < list->len; i++) {
    const HeadroomAdvice *advice = &g_array_index (list, HeadroomAdvice, i);
    HrValue *json = hr_value_new_dict ();
    headroom_json_set_int (json, "num_ctx", advice->num_ctx);
    headroom_json_set_int (json, "parallel_max", advice->parallel_max);
    headroom_json_set_int (json, "parallel_best", advice->parallel_best);
    set_rounded (json, "tokens_per_second", advice->tokens_per_second);
    hr_value_set (json, "predicted", prediction_to_json (&advice->predicted));
    hr_value_append (json_list, json);
  }
  return json_list;
}

/* ---- The whole ---- */

static void
set_context (HrValue *json, HrModel *model, const HeadroomFit *fit)
{
  HeadroomStart start = headroom_landscape_start (model, fit);
  HeadroomStop stop = headroom_stop_of (fit->plan, &start);

  hr_value_set (json, "context", stop_to_json (&stop));
}

HrValue *
headroom_plan_to_json (const char *name, HrModel *model, HeadroomFit *fit)
{
  HrValue *json = hr_value_new_dict ();
  const HrPlan *plan = fit->plan;
  g_autoptr (GError) reason = NULL;

  headroom_json_set_string (json, "model", name);
  hr_value_set (json, "settings", headroom_settings_to_json (hr_plan_get_settings (plan)));
  headroom_json_set_bool (json, "fits", hr_plan_fits (plan, &reason));
  if (reason != NULL)
    headroom_json_set_string (json, "reason", reason->message);
  hr_value_set (json, "devices", devices_to_json (plan));
  hr_value_set (json, "items", items_to_json (plan));
  hr_value_set (json, "bytes", headroom_plan_bytes_to_json (plan));
  hr_value_set (json, "sum", headroom_sum_to_json (model, plan));
  set_bytes (json, "cache_bytes_per_token", hr_plan_get_cache_bytes_per_token (plan));
  set_bytes (json, "textbook_cache_bytes",
             headroom_textbook_cache_bytes (model, hr_plan_get_settings (plan)));
  set_context (json, model, fit);
  hr_value_set (json, "layers", layers_to_json (plan));
  hr_value_set (json, "share", shares_to_json (plan));
  hr_value_set (json, "predicted", usual_prediction (plan));
  hr_value_set (json, "steps", headroom_fit_steps_to_json (fit->steps));
  hr_value_set (json, "offers", offers_to_json (headroom_fit_get_offers (fit)));
  return json;
}
