/* headroom-memory-wire.c: the JSON of /headroom/status and /headroom/plan, as the window reads it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-memory-wire.h"

#include "headroom-model-item.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>
#include <string.h>

void
headroom_memory_report_clear (HeadroomMemoryReport *report)
{
  g_clear_pointer (&report->loading, g_free);
  g_clear_pointer (&report->news, g_ptr_array_unref);
  g_clear_pointer (&report->last_event, g_free);
  g_clear_pointer (&report->watches, hr_value_unref);
  g_clear_pointer (&report->requests, hr_value_unref);
  g_clear_pointer (&report->status, hr_value_unref);
  report->n_devices = 0;
}

/* ---- Devices --------------------------------------------------------------------------------- */

static guint64
get_bytes (const HrValue *json, const char *key)
{
  return MAX (headroom_wire_get_int (json, key), 0);
}

/* What the system calls free still holds what we have promised but not taken: cache that is not
 * filled, and weights that are read from the mapped file. */
static guint64
free_beyond_ours (const HeadroomMemoryDevice *device, guint64 weights_mapped, guint64 free_bytes)
{
  guint64 promised = device->now[HEADROOM_MEMORY_CACHE_UNUSED] + weights_mapped;

  return free_bytes > promised ? free_bytes - promised : 0;
}

static void
read_parts (const HrValue *json, guint64 *ret_parts)
{
  ret_parts[HEADROOM_MEMORY_WEIGHTS] = get_bytes (json, "weights");
  ret_parts[HEADROOM_MEMORY_CACHE] = get_bytes (json, "cache");
  ret_parts[HEADROOM_MEMORY_CACHE_UNUSED] = get_bytes (json, "cache_reserved");
  ret_parts[HEADROOM_MEMORY_COMPUTE] = get_bytes (json, "compute");
  ret_parts[HEADROOM_MEMORY_PROJECTOR] = get_bytes (json, "projector");
  ret_parts[HEADROOM_MEMORY_DRIVER] = get_bytes (json, "driver");
}

/* What each model takes of a device, in the server's order. */
static void
read_models (const HrValue *models, gsize device_index, HeadroomMemoryDevice *device)
{
  memset (device->models, 0, sizeof device->models);
  device->n_models = 0;
  for (gsize i = 0; i < headroom_wire_length (models); i++) {
    const HrValue *model = headroom_wire_at (models, i);
    HeadroomMemoryModel *at = &device->models[device->n_models];
    g_autofree char *title = headroom_model_dup_title (headroom_wire_get_string (model, "name"));
    if (device->n_models == HEADROOM_MEMORY_MAX_MODELS)
      return;
    g_strlcpy (at->name, title, sizeof at->name);
    read_parts (headroom_wire_at (headroom_wire_get (model, "device_parts"), device_index),
                at->parts);
    device->n_models += headroom_memory_sum_ours (at->parts) > 0;
  }
}

/* The plan and the neighbours that the device has stay until others are read. */
static void
read_device (const HrValue *json, HeadroomMemoryDevice *device)
{
  const char *name = headroom_wire_get_string (json, "name");
  const HrValue *ours = headroom_wire_get (json, "ours");

  device->is_gpu = g_strcmp0 (headroom_wire_get_string (json, "kind"), "gpu") == 0;
  g_strlcpy (device->name, device->is_gpu && name != NULL ? name : _("Memory"),
             sizeof device->name);
  device->total = get_bytes (json, "total");
  read_parts (ours, device->now);
  headroom_memory_settle (
      device, free_beyond_ours (device, get_bytes (ours, "weights_mapped"), get_bytes (json, "free")),
      get_bytes (json, "reserve"));
}

static void
read_devices (const HrValue *list, const HrValue *models, HeadroomMemoryReport *report)
{
  gsize n = MIN (headroom_wire_length (list), HEADROOM_MEMORY_MAX_DEVICES);

  for (gsize i = report->n_devices; i < n; i++)
    memset (&report->devices[i], 0, sizeof report->devices[i]);
  report->n_devices = n;
  for (gsize i = 0; i < n; i++) {
    read_device (headroom_wire_at (list, i), &report->devices[i]);
    read_models (models, i, &report->devices[i]);
  }
}

/* ---- What happens ---------------------------------------------------------------------------- */

static void
read_loading (const HrValue *models, HeadroomMemoryReport *report)
{
  g_clear_pointer (&report->loading, g_free);
  for (gsize i = 0; i < headroom_wire_length (models); i++) {
    const HrValue *model = headroom_wire_at (models, i);
    const HrValue *progress = headroom_wire_get (model, "progress");
    if (g_strcmp0 (headroom_wire_get_string (model, "state"), "loading") != 0)
      continue;
    report->loading = g_strdup (headroom_wire_get_string (model, "name"));
    report->loaded = progress != NULL && hr_value_kind (progress) == HR_VALUE_FLOAT
                         ? hr_value_get_float (progress)
                         : 0;
    return;
  }
}

/* A refusal is told by the answer that was refused, a load by the bar, and an end that was due by
 * nobody. */
static gboolean
is_news (const char *kind)
{
  static const char *const kinds[] = { "evict", "reload", "queue",    "truncate",
                                       "drop",  "advise", "fallback", NULL };

  return kind != NULL && g_strv_contains (kinds, kind);
}

/* Times are of one form and sort as text. */
static void
read_events (const HrValue *events, HeadroomMemoryReport *report)
{
  gboolean is_first = report->last_event == NULL;
  g_autofree char *before = g_steal_pointer (&report->last_event);

  g_clear_pointer (&report->news, g_ptr_array_unref);
  report->news = g_ptr_array_new_with_free_func ((GDestroyNotify) hr_value_unref);
  report->last_event = g_strdup (before != NULL ? before : "");
  for (gsize i = 0; i < headroom_wire_length (events); i++) {
    HrValue *event = headroom_wire_at (events, i);
    const char *time = headroom_wire_get_string (event, "time");
    if (time == NULL || g_strcmp0 (time, before) <= 0)
      continue;
    g_free (report->last_event);
    report->last_event = g_strdup (time);
    if (!is_first && is_news (headroom_wire_get_string (event, "kind")))
      g_ptr_array_add (report->news, hr_value_ref (event));
  }
}

/**
 * headroom_memory_wire_read_status:
 * @text: what /headroom/status answered
 * @report: (inout): what was known before; untouched on failure
 * @error: return location
 *
 * Returns: whether it could be read
 */
gboolean
headroom_memory_wire_read_status (const char *text, HeadroomMemoryReport *report, GError **error)
{
  g_autoptr (HrValue) json = headroom_wire_parse (text, error);

  if (json == NULL)
    return FALSE;
  read_devices (headroom_wire_get (json, "devices"), headroom_wire_get (json, "models"), report);
  read_loading (headroom_wire_get (json, "models"), report);
  read_events (headroom_wire_get (json, "events"), report);
  g_clear_pointer (&report->status, hr_value_unref);
  report->status = g_steal_pointer (&json);
  return TRUE;
}

/* ---- Plan ------------------------------------------------------------------------------------ */

/* A plan that does not fit beside the models that are loaded may fit in their place, and they give
 * way when asked to. */
static gboolean
fits_in_place (const HeadroomMemoryReport *report)
{
  for (gsize i = 0; i < report->n_devices; i++)
    if (!headroom_memory_fits (&report->devices[i]))
      return FALSE;
  return report->n_devices > 0;
}

static void
read_planned (const HrValue *json, HeadroomMemoryDevice *device)
{
  device->has_plan = json != NULL;
  device->plan[HEADROOM_MEMORY_WEIGHTS] = get_bytes (json, "weights");
  device->plan[HEADROOM_MEMORY_CACHE_UNUSED] = get_bytes (json, "cache");
  device->plan[HEADROOM_MEMORY_COMPUTE] = get_bytes (json, "compute");
}

/**
 * headroom_memory_wire_read_plan:
 * @text: what /headroom/plan answered
 * @report: (inout): its devices get the plan's parts
 * @verdict: (inout): a cleared verdict
 * @error: return location
 *
 * Returns: whether it could be read
 */
gboolean
headroom_memory_wire_read_plan (const char *text, HeadroomMemoryReport *report,
                                HeadroomMemoryVerdict *verdict, GError **error)
{
  g_autoptr (HrValue) json = headroom_wire_parse (text, error);
  const HrValue *devices;

  if (json == NULL)
    return FALSE;
  devices = headroom_wire_get (json, "devices");
  for (gsize i = 0; i < report->n_devices; i++)
    read_planned (headroom_wire_at (devices, i), &report->devices[i]);
  verdict->known = TRUE;
  verdict->fits = headroom_wire_get_bool (json, "fits") || fits_in_place (report);
  if (!verdict->fits)
    verdict->reason = g_strdup (headroom_wire_get_string (json, "reason"));
  return TRUE;
}
