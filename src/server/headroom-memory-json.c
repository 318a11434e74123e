/* headroom-memory-json.c: see headroom-memory-json.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-memory-json.h"

#include "headroom-json.h"

static guint64
sum (const HrPlan *plan, HrItemKind kind, gsize device)
{
  guint64 bytes = 0;

  for (gsize i = 0; i < hr_plan_n_items (plan); i++) {
    const HrPlanItem *item = hr_plan_get_item (plan, i);
    if (item->kind == kind && item->device == device)
      bytes += item->bytes;
  }
  return bytes;
}

static void
set_bytes (HrValue *dict, const char *key, guint64 bytes)
{
  headroom_json_set_int (dict, key, (gint64) MIN (bytes, G_MAXINT64));
}

static HrValue *
device_to_json (const HrDevice *device)
{
  HrValue *json = hr_value_new_dict ();

  headroom_json_set_string (json, "name", device->name);
  headroom_json_set_string (json, "kind", device->kind == HR_DEVICE_GPU ? "gpu" : "cpu");
  set_bytes (json, "total", device->total);
  set_bytes (json, "free", device->free);
  set_bytes (json, "reserve", device->reserve);
  return json;
}

/* ---- Plans ---- */

static HrValue *
settings_to_json (const HrSettings *settings)
{
  HrValue *json = hr_value_new_dict ();

  headroom_json_set_int (json, "num_ctx", settings->num_ctx);
  headroom_json_set_int (json, "parallel", settings->parallel);
  headroom_json_set_int (json, "num_batch", settings->num_batch);
  headroom_json_set_string (json, "kv_type", hr_kv_type_name (settings->kv_type));
  headroom_json_set_int (json, "gpu_layers", settings->gpu_layers);
  headroom_json_set_int (json, "num_thread", settings->threads);
  return json;
}

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
planned_devices_to_json (const HrPlan *plan)
{
  HrValue *list = hr_value_new_list ();

  for (gsize d = 0; d < hr_plan_n_devices (plan); d++) {
    HrValue *json = device_to_json (hr_plan_get_device (plan, d));
    set_bytes (json, "used", hr_plan_get_device_bytes (plan, d));
    set_bytes (json, "weights", sum (plan, HR_ITEM_WEIGHTS, d));
    set_bytes (json, "cache", sum (plan, HR_ITEM_CACHE, d));
    set_bytes (json, "compute", sum (plan, HR_ITEM_COMPUTE, d) + sum (plan, HR_ITEM_OUTPUT, d));
    hr_value_append (list, json);
  }
  return list;
}

static HrValue *
bytes_to_json (const HrPlan *plan)
{
  HrValue *json = hr_value_new_dict ();

  for (int kind = 0; kind < HR_ITEM_N_KINDS; kind++)
    set_bytes (json, hr_item_kind_name (kind), hr_plan_get_bytes (plan, kind));
  set_bytes (json, "total", hr_plan_get_bytes (plan, HR_ITEM_N_KINDS));
  return json;
}

HrValue *
headroom_plan_to_json (const char *model, const HrPlan *plan)
{
  HrValue *json = hr_value_new_dict (), *items = hr_value_new_list ();
  g_autoptr (GError) reason = NULL;

  headroom_json_set_string (json, "model", model);
  hr_value_set (json, "settings", settings_to_json (hr_plan_get_settings (plan)));
  headroom_json_set_bool (json, "fits", hr_plan_fits (plan, &reason));
  if (reason != NULL)
    headroom_json_set_string (json, "reason", reason->message);
  hr_value_set (json, "devices", planned_devices_to_json (plan));
  for (gsize i = 0; i < hr_plan_n_items (plan); i++)
    hr_value_append (items, item_to_json (plan, hr_plan_get_item (plan, i)));
  hr_value_set (json, "items", items);
  hr_value_set (json, "bytes", bytes_to_json (plan));
  set_bytes (json, "cache_bytes_per_token", hr_plan_get_cache_bytes_per_token (plan));
  return json;
}

/* ---- Status ---- */

typedef struct {
  guint64 weights, cache, cache_reserved, compute;
} Ours;

static void
add_resident (HeadroomResident *resident, gsize device, Ours *ours)
{
  HrRunnerStats stats = { 0 };
  guint64 cache, filled;

  if (resident->plan == NULL)
    return;
  if (resident->runner != NULL)
    hr_runner_get_stats (resident->runner, &stats);
  cache = sum (resident->plan, HR_ITEM_CACHE, device);
  /* The engine tells how much is filled for all devices together; there is one cache per device in proportion. */
  filled = device == 0 ? MIN (cache, stats.cache_committed_bytes) : 0;
  ours->weights += sum (resident->plan, HR_ITEM_WEIGHTS, device);
  ours->cache += filled;
  ours->cache_reserved += cache - filled;
  ours->compute += sum (resident->plan, HR_ITEM_COMPUTE, device) + sum (resident->plan, HR_ITEM_OUTPUT, device);
}

static HrValue *
ours_to_json (GPtrArray *residents, gsize device)
{
  HrValue *json = hr_value_new_dict ();
  Ours ours = { 0 };

  for (guint i = 0; i < residents->len; i++)
    add_resident (residents->pdata[i], device, &ours);
  set_bytes (json, "weights", ours.weights);
  set_bytes (json, "cache", ours.cache);
  set_bytes (json, "cache_reserved", ours.cache_reserved);
  set_bytes (json, "compute", ours.compute);
  return json;
}

static void
set_runner_stats (HrValue *json, HrRunner *runner)
{
  HrRunnerStats stats;
  HrValue *slots = hr_value_new_dict ();

  hr_runner_get_stats (runner, &stats);
  headroom_json_set_int (slots, "total", stats.n_slots);
  headroom_json_set_int (slots, "active", stats.n_active);
  headroom_json_set_int (slots, "queued", stats.n_queued);
  hr_value_set (json, "slots", slots);
  headroom_json_set_int (json, "cached_tokens", (gint64) stats.cached_tokens);
  set_bytes (json, "cache_committed_bytes", stats.cache_committed_bytes);
  headroom_json_set_float (json, "tokens_per_second", stats.tokens_per_second);
}

static HrValue *
resident_to_json (HeadroomResident *resident)
{
  HrValue *json = hr_value_new_dict ();

  headroom_json_set_string (json, "name", headroom_model_entry_get_name (resident->entry));
  headroom_json_set_string (json, "path", headroom_model_entry_get_path (resident->entry));
  headroom_json_set_string (json, "state", headroom_resident_state_name (resident->state));
  headroom_json_set_float (json, "progress", headroom_resident_get_progress (resident));
  headroom_json_set_int (json, "requests", resident->n_leases);
  if (resident->plan != NULL) {
    hr_value_set (json, "settings", settings_to_json (hr_plan_get_settings (resident->plan)));
    hr_value_set (json, "bytes", bytes_to_json (resident->plan));
  }
  if (resident->runner != NULL)
    set_runner_stats (json, resident->runner);
  return json;
}

HrValue *
headroom_status_to_json (const HrDevice *devices, gsize n_devices, GPtrArray *residents)
{
  HrValue *json = hr_value_new_dict (), *list = hr_value_new_list (), *models = hr_value_new_list ();

  for (gsize d = 0; d < n_devices; d++) {
    HrValue *device = device_to_json (&devices[d]);
    hr_value_set (device, "ours", ours_to_json (residents, d));
    hr_value_append (list, device);
  }
  for (guint i = 0; i < residents->len; i++)
    hr_value_append (models, resident_to_json (residents->pdata[i]));
  hr_value_set (json, "devices", list);
  hr_value_set (json, "models", models);
  return json;
}
