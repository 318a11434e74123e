/* headroom-memory-json.c: see headroom-memory-json.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-memory-json.h"

#include "headroom-json.h"
#include "headroom-plan-json.h"
#include "headroom-sum.h"
#include "headroom-wire-time.h"

static void
set_bytes (HrValue *dict, const char *key, guint64 bytes)
{
  headroom_json_set_int (dict, key, (gint64) MIN (bytes, G_MAXINT64));
}

typedef struct {
  guint64 weights, weights_mapped, cache, cache_reserved, compute, projector, driver;
} Ours;

static void
add_resident (HeadroomResident *resident, gsize device, Ours *ours)
{
  HrRunnerStats stats = { 0 };
  guint64 weights, cache, filled;

  if (resident->plan == NULL)
    return;
  if (resident->runner != NULL)
    hr_runner_get_stats (resident->runner, &stats);
  cache = headroom_plan_device_bytes (resident->plan, HR_ITEM_CACHE, device);
  /* The engine tells how much is filled for all devices together; there is one cache per device in
   * proportion. */
  filled = device == 0 ? MIN (cache, stats.cache_committed_bytes) : 0;
  weights = headroom_plan_device_bytes (resident->plan, HR_ITEM_WEIGHTS, device);
  ours->weights += weights;
  ours->weights_mapped += device == 0 ? weights - MIN (weights, stats.weights_moved_bytes) : 0;
  ours->cache += filled;
  ours->cache_reserved += cache - filled;
  ours->projector += headroom_plan_device_bytes (resident->plan, HR_ITEM_PROJECTOR, device);
  ours->driver += headroom_plan_device_bytes (resident->plan, HR_ITEM_DRIVER, device);
  ours->compute += headroom_plan_device_bytes (resident->plan, HR_ITEM_COMPUTE, device) +
                   headroom_plan_device_bytes (resident->plan, HR_ITEM_OUTPUT, device) +
                   headroom_plan_device_bytes (resident->plan, HR_ITEM_STAGING, device);
}

static HrValue *
parts_to_json (const Ours *ours)
{
  HrValue *json = hr_value_new_dict ();

  set_bytes (json, "weights", ours->weights);
  set_bytes (json, "weights_mapped", ours->weights_mapped);
  set_bytes (json, "cache", ours->cache);
  set_bytes (json, "cache_reserved", ours->cache_reserved);
  set_bytes (json, "compute", ours->compute);
  set_bytes (json, "projector", ours->projector);
  set_bytes (json, "driver", ours->driver);
  return json;
}

static HrValue *
ours_to_json (GPtrArray *residents, gsize device)
{
  Ours ours = { 0 };

  for (guint i = 0; i < residents->len; i++)
    add_resident (residents->pdata[i], device, &ours);
  return parts_to_json (&ours);
}

/* The same of one model, for each device. */
static HrValue *
device_parts_to_json (HeadroomResident *resident)
{
  HrValue *list = hr_value_new_list ();

  for (gsize d = 0; d < hr_plan_n_devices (resident->plan); d++) {
    Ours ours = { 0 };
    add_resident (resident, d, &ours);
    hr_value_append (list, parts_to_json (&ours));
  }
  return list;
}

/* Positions that each slot holds, and whether it works. */
static HrValue *
slots_to_json (const HrRunnerStats *stats)
{
  HrValue *list = hr_value_new_list ();

  for (guint32 i = 0; i < stats->n_slots; i++) {
    HrValue *slot = hr_value_new_dict ();
    headroom_json_set_int (slot, "positions", stats->slots[i].n_positions);
    headroom_json_set_bool (slot, "active", stats->slots[i].active);
    hr_value_append (list, slot);
  }
  return list;
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
  hr_value_set (slots, "each", slots_to_json (&stats));
  hr_value_set (json, "slots", slots);
  headroom_json_set_int (json, "cached_tokens", (gint64) stats.cached_tokens);
  set_bytes (json, "cache_committed_bytes", stats.cache_committed_bytes);
  headroom_json_set_float (json, "tokens_per_second", stats.tokens_per_second);
}

/* What it takes of each device. */
static HrValue *
shares_to_json (const HrPlan *plan)
{
  HrValue *list = hr_value_new_list ();

  for (gsize d = 0; d < hr_plan_n_devices (plan); d++)
    hr_value_append (list, hr_value_new_int ((gint64) hr_plan_get_device_bytes (plan, d)));
  return list;
}

static void
set_keep_alive (HrValue *json, const HeadroomResident *resident)
{
  gboolean is_idle = resident->state == HEADROOM_RESIDENT_READY && resident->n_leases == 0;

  headroom_json_set_int (json, "keep_alive", resident->keep_alive_ns == HEADROOM_FOREVER ? -1 :
                                             resident->keep_alive_ns / HEADROOM_NSEC_PER_SEC);
  if (is_idle)
    headroom_json_set_int (json, "idle_ms", (g_get_monotonic_time () - resident->last_used_us) / 1000);
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
  headroom_json_set_int (json, "age_ms", (g_get_monotonic_time () - resident->wanted_us) / 1000);
  set_keep_alive (json, resident);
  if (resident->plan != NULL) {
    hr_value_set (json, "settings",
                  headroom_settings_to_json (hr_plan_get_settings (resident->plan)));
    hr_value_set (json, "bytes", headroom_plan_bytes_to_json (resident->plan));
    hr_value_set (json, "device_bytes", shares_to_json (resident->plan));
    hr_value_set (json, "device_parts", device_parts_to_json (resident));
    if (resident->model != NULL)
      hr_value_set (json, "sum", headroom_sum_to_json (resident->model, resident->plan));
  }
  if (resident->runner != NULL)
    set_runner_stats (json, resident->runner);
  return json;
}

HrValue *
headroom_status_to_json (const HrDevice *devices, gsize n_devices, GPtrArray *residents)
{
  HrValue *json = hr_value_new_dict (), *list = hr_value_new_list (),
          *models = hr_value_new_list ();

  for (gsize d = 0; d < n_devices; d++) {
    HrValue *device = headroom_device_to_json (&devices[d]);
    hr_value_set (device, "ours", ours_to_json (residents, d));
    hr_value_append (list, device);
  }
  for (guint i = 0; i < residents->len; i++)
    hr_value_append (models, resident_to_json (residents->pdata[i]));
  hr_value_set (json, "devices", list);
  hr_value_set (json, "models", models);
  return json;
}
