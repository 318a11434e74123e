/* headroom-cmd-report.c: headroom debug report [-o FILE]
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What somebody who looks into a problem wants to know of a machine and the program on it. Nothing
 * that anybody wrote is in it: no prompts and answers, no names of models, files and folders, no
 * keys.
 */
#include "headroom-cmd-debug.h"

#include "headroom-gpu-rates.h"
#include "headroom-json.h"
#include "headroom-machine-rates.h"
#include "headroom-report.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <sys/utsname.h>

/* Settings whose values are numbers or words of ours; of others only that they are set is told. */
static const char *const told_settings[] = {
  "VULKAN_DEVICE", "VULKAN_VALIDATE", "CPU",     "NUM_PARALLEL", "CONTEXT_LENGTH",
  "KV_CACHE_TYPE", "KEEP_ALIVE",      "RESERVE", "GPU_LOST",     "MAX_LOADED_MODELS",
  "MEASURE",       "MAX_QUEUE",       "DRAFTS",  "STEP_STRETCH", NULL
};

/* ---- The machine ---- */

static HrValue *
system_to_value (void)
{
  HrValue *dict = hr_value_new_dict ();
  g_autofree char *name = g_get_os_info (G_OS_INFO_KEY_PRETTY_NAME);
  struct utsname kernel;
  HrDevice host = { 0 };

  headroom_json_set_string (dict, "system", name != NULL ? name : "");
  if (uname (&kernel) == 0) {
    headroom_json_set_string (dict, "kernel", kernel.release);
    headroom_json_set_string (dict, "architecture", kernel.machine);
  }
  hr_devices_probe (&host, 1);
  headroom_json_set_int (dict, "memory_total", (gint64) host.total);
  headroom_json_set_int (dict, "memory_free", (gint64) host.free);
  headroom_json_set_int (dict, "cores", hr_cpu_count ());
  headroom_json_set_string (dict, "kernels", hr_cpu_name ());
  headroom_json_set_string (dict, "kernels_revision", hr_cpu_revision ());
  return dict;
}

static void
add_gpu_rates (HrValue *dict, const HrGpu *gpu)
{
  HrGpuRates rates;

  if (!headroom_gpu_rates_get (gpu, &rates))
    return;
  headroom_json_set_float (dict, "bandwidth_bytes_per_second", rates.bandwidth);
  headroom_json_set_float (dict, "up_bytes_per_second", rates.up);
  headroom_json_set_float (dict, "down_bytes_per_second", rates.down);
  headroom_json_set_float (dict, "submit_seconds", rates.submit_seconds);
}

static void
add_gpus (HrValue *report)
{
  HrGpu gpus[HR_MAX_GPUS];
  const char *note = NULL;
  gsize n = hr_gpus_find (gpus, HR_MAX_GPUS, &note);
  HrValue *list = hr_value_new_list ();

  for (gsize i = 0; i < n; i++) {
    HrValue *dict = headroom_debug_gpu_to_value (&gpus[i]);
    add_gpu_rates (dict, &gpus[i]);
    hr_value_append (list, dict);
  }
  hr_value_set (report, "gpus", list);
  headroom_json_set_string (report, "gpus_note", note != NULL ? note : "");
}

static HrValue *
settings_to_value (void)
{
  g_auto (GStrv) names = g_listenv ();
  HrValue *dict = hr_value_new_dict ();

  for (guint i = 0; names[i] != NULL; i++) {
    const char *rest = g_str_has_prefix (names[i], "HEADROOM_") ? names[i] + strlen ("HEADROOM_")
                       : g_str_has_prefix (names[i], "OLLAMA_") ? names[i] + strlen ("OLLAMA_")
                                                                : NULL;
    if (rest != NULL)
      headroom_json_set_string (dict, names[i],
                                g_strv_contains (told_settings, rest) ? g_getenv (names[i])
                                                                      : "(set)");
  }
  return dict;
}

/* ---- The server ---- */

static void
copy (HrValue *to, const HrValue *from, const char *key)
{
  HrValue *value = hr_value_lookup (from, key);

  if (value != NULL)
    hr_value_set (to, key, hr_value_ref (value));
}

/* Of each entry of a list what is no name. */
static HrValue *
without_names (HrValue *list, const char *const *keys)
{
  HrValue *kept = hr_value_new_list ();

  for (gsize i = 0; list != NULL && i < hr_value_size (list); i++) {
    HrValue *dict = hr_value_new_dict ();
    for (guint k = 0; keys[k] != NULL; k++)
      copy (dict, hr_value_at (list, i), keys[k]);
    hr_value_append (kept, dict);
  }
  return kept;
}

static void
add_server (HrValue *report)
{
  static const char *const of_models[] = { "state", "settings",          "bytes", "device_bytes",
                                           "slots", "tokens_per_second", NULL };
  static const char *const of_events[] = { "time", "kind", "code", "bytes", NULL };
  g_autoptr (HeadroomClient) client = headroom_cli_find_server (NULL);
  g_autofree char *text =
      client != NULL ? headroom_client_request (client, "GET", "/headroom/status", NULL, NULL, NULL)
                     : NULL;
  g_autoptr (HrValue) status = text != NULL ? headroom_json_parse (text, -1, FALSE, NULL) : NULL;
  HrValue *server;

  headroom_json_set_bool (report, "server_runs", status != NULL);
  if (status == NULL)
    return;
  server = hr_value_new_dict ();
  copy (server, status, "devices");
  hr_value_set (server, "models", without_names (hr_value_lookup (status, "models"), of_models));
  hr_value_set (server, "events", without_names (hr_value_lookup (status, "events"), of_events));
  hr_value_set (report, "server", server);
}

/* ---- The command ---- */

static HrValue *
new_report (void)
{
  HrValue *report = hr_value_new_dict ();
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format_iso8601 (now);
  HrMachineRates rates;

  headroom_json_set_string (report, "program", "headroom");
  headroom_json_set_string (report, "version", HEADROOM_VERSION);
  headroom_json_set_string (report, "time", time);
  hr_value_set (report, "machine", system_to_value ());
  if (headroom_machine_rates_get (&rates))
    hr_value_set (report, "rates", headroom_report_rates (&rates));
  add_gpus (report);
  hr_value_set (report, "settings", settings_to_value ());
  add_server (report);
  return report;
}

int
headroom_cmd_report (int argc, char **argv)
{
  g_autofree char *path = NULL;
  const GOptionEntry entries[] = { { "output", 'o', 0, G_OPTION_ARG_FILENAME, &path,
                                     N_("Write it to this file"), N_("FILE") },
                                   G_OPTION_ENTRY_NULL };
  g_autoptr (HrValue) report = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  if (!headroom_cli_parse (
          entries, "",
          _("Writes a report on this machine, its GPUs and the server, to be sent "
             "with a problem. No prompts, answers, names of models and files, or keys "
             "are in it."),
          0, 0, &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  report = new_report ();
  if (path == NULL) {
    headroom_cli_print_json (report, TRUE);
    return HEADROOM_EXIT_OK;
  }
  text = headroom_json_print (report, HEADROOM_JSON_INDENT);
  return g_file_set_contents (path, text, -1, &error) ? HEADROOM_EXIT_OK
                                                      : headroom_cli_fail (error);
}
