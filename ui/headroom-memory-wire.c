/* headroom-memory-wire.c: the JSON of /headroom/status and /headroom/plan, as the window reads it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-memory-wire.h"

#include "headroom-wire-util.h"
#include <string.h>

static void
read_device (HrValue *json, HeadroomMemoryDevice *device)
{
  const char *name = headroom_wire_get_string (json, "name");
  HrValue *ours = headroom_wire_get (json, "ours");

  g_strlcpy (device->name, name != NULL ? name : "", sizeof device->name);
  device->is_gpu = g_strcmp0 (headroom_wire_get_string (json, "kind"), "gpu") == 0;
  device->total = headroom_wire_get_int (json, "total");
  device->now[HEADROOM_MEMORY_WEIGHTS] = headroom_wire_get_int (ours, "weights");
  device->now[HEADROOM_MEMORY_CACHE] = headroom_wire_get_int (ours, "cache");
  device->now[HEADROOM_MEMORY_CACHE_UNUSED] = headroom_wire_get_int (ours, "cache_reserved");
  device->now[HEADROOM_MEMORY_COMPUTE] = headroom_wire_get_int (ours, "compute");
  headroom_memory_settle (device, headroom_wire_get_int (json, "free"), headroom_wire_get_int (json, "reserve"));
}

gboolean
headroom_memory_wire_read_status (const char *text, HeadroomMemoryReport *report, GError **error)
{
  g_autoptr (HrValue) json = headroom_wire_parse (text, error);
  HrValue *devices;

  if (json == NULL)
    return FALSE;
  devices = headroom_wire_get (json, "devices");
  report->n_devices = MIN (headroom_wire_length (devices), HEADROOM_MEMORY_MAX_DEVICES);
  for (gsize i = 0; i < report->n_devices; i++)
    read_device (headroom_wire_at (devices, i), &report->devices[i]);
  return TRUE;
}

gboolean
headroom_memory_wire_read_plan (const char *text, HeadroomMemoryReport *report, HeadroomMemoryVerdict *verdict, GError **error)
{
  g_autoptr (HrValue) json = headroom_wire_parse (text, error);
  HrValue *devices;

  if (json == NULL)
    return FALSE;
  devices = headroom_wire_get (json, "devices");
  for (gsize i = 0; i < MIN (headroom_wire_length (devices), report->n_devices); i++) {
    HrValue *d = headroom_wire_at (devices, i);
    report->devices[i].has_plan = TRUE;
    report->devices[i].plan[HEADROOM_MEMORY_WEIGHTS] = headroom_wire_get_int (d, "weights");
    report->devices[i].plan[HEADROOM_MEMORY_CACHE_UNUSED] = headroom_wire_get_int (d, "cache");
    report->devices[i].plan[HEADROOM_MEMORY_COMPUTE] = headroom_wire_get_int (d, "compute");
  }
  verdict->known = TRUE;
  verdict->fits = headroom_wire_get_bool (json, "fits");
  verdict->reason = g_strdup (headroom_wire_get_string (json, "reason"));
  return TRUE;
}

char *
headroom_memory_wire_plan_request (const char *model, int num_ctx)
{
  g_autoptr (HrValue) json = hr_value_new_dict ();
  HrValue *options = hr_value_new_dict ();

  headroom_json_set_string (json, "model", model);
  headroom_json_set_int (options, "num_ctx", num_ctx);
  hr_value_set (json, "options", options);
  return headroom_json_print (json, HEADROOM_JSON_PLAIN);
}
