/* headroom-report.c: see headroom-report.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-report.h"

#include "headroom-json.h"

HrValue *
headroom_report_rates (const HrMachineRates *rates)
{
  HrValue *dict = hr_value_new_dict ();

  headroom_json_set_int (dict, "threads", rates->threads);
  headroom_json_set_float (dict, "read_bytes_per_second", rates->read);
  headroom_json_set_float (dict, "int8_operations_per_second", rates->int8);
  headroom_json_set_float (dict, "bf16_operations_per_second", rates->bf16);
  headroom_json_set_float (dict, "float32_operations_per_second", rates->float32);
  headroom_json_set_float (dict, "latency_seconds", rates->latency);
  return dict;
}

static HrValue *
machine_to_value (const HrMachineRates *rates)
{
  HrValue *dict = hr_value_new_dict ();
  HrDevice host;

  hr_devices_probe (&host, 1);
  headroom_json_set_string (dict, "processor", host.name);
  headroom_json_set_string (dict, "kernels", hr_cpu_name ());
  headroom_json_set_int (dict, "cores", hr_cpu_count ());
  headroom_json_set_int (dict, "memory_bytes", (gint64) host.total);
  hr_value_set (dict, "rates", headroom_report_rates (rates));
  return dict;
}

HrValue *
headroom_report_new (GError **error)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *started = g_date_time_format_iso8601 (now);
  HrMachineRates rates;
  HrValue *report;

  if (!hr_machine_measure (hr_cpu_count (), &rates, error))
    return NULL;
  report = hr_value_new_dict ();
  headroom_json_set_string (report, "program", "headroom");
  headroom_json_set_string (report, "version", HEADROOM_VERSION);
  headroom_json_set_string (report, "started", started);
  hr_value_set (report, "machine", machine_to_value (&rates));
  headroom_json_set_bool (report, "complete", FALSE);
  return report;
}

gboolean
headroom_report_save (const HrValue *report, const char *path, GError **error)
{
  g_autofree char *text = headroom_json_print (report, HEADROOM_JSON_INDENT);
  g_autofree char *line = g_strconcat (text, "\n", NULL);

  return g_file_set_contents (path, line, -1, error);
}
