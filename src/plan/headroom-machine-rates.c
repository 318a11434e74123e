/* headroom-machine-rates.c: see headroom-machine-rates.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-machine-rates.h"

#include "headroom-json.h"

static char *
dup_path (void)
{
  return g_build_filename (g_get_user_state_dir (), "headroom", "rates.json", NULL);
}

gboolean
headroom_machine_rates_store (const HrMachineRates *rates, GError **error)
{
  g_autofree char *path = dup_path ();
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (HrValue) json = hr_value_new_dict ();
  g_autofree char *text = NULL;

  headroom_json_set_string (json, "kernels", hr_cpu_name ());
  headroom_json_set_int (json, "threads", rates->threads);
  headroom_json_set_float (json, "read", rates->read);
  headroom_json_set_float (json, "compute", rates->int8 > 0 ? rates->int8 : rates->float32);
  text = headroom_json_print (json, HEADROOM_JSON_INDENT);
  g_mkdir_with_parents (folder, 0700);
  return g_file_set_contents (path, text, -1, error);
}

static double
rate_of (const HrValue *json, const char *key)
{
  HrValue *value = hr_value_lookup (json, key);
  double rate = value == NULL                                ? 0
                : hr_value_kind (value) == HR_VALUE_FLOAT ? hr_value_get_float (value)
                : hr_value_kind (value) == HR_VALUE_INT   ? (double) hr_value_get_int (value)
                                                          : 0;

  return rate > 1e6 && rate < 1e18 ? rate : 0;
}

gboolean
headroom_machine_rates_load (HrDeviceRates *ret_rates)
{
  g_autofree char *path = dup_path ();
  g_autofree char *text = NULL;
  g_autoptr (HrValue) json = NULL;
  double read, compute;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  json = headroom_json_parse (text, -1, FALSE, NULL);
  if (json == NULL || hr_value_kind (json) != HR_VALUE_DICT ||
      g_strcmp0 (headroom_json_get_string (json, "kernels"), hr_cpu_name ()) != 0)
    return FALSE;
  read = rate_of (json, "read");
  compute = rate_of (json, "compute");
  if (read <= 0 || compute <= 0)
    return FALSE;
  ret_rates->bandwidth = read * HEADROOM_MEASURED_READ_SHARE;
  ret_rates->compute = compute * HEADROOM_MEASURED_COMPUTE_SHARE;
  return TRUE;
}
