/* headroom-cmd-bench-machine.c: headroom bench machine
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli.h"

#include "headroom-gpu-rates.h"
#include "headroom-json.h"
#include "headroom-machine-rates.h"
#include "headroom-report.h"

#include <glib/gi18n.h>
#include <stdio.h>

/* "1.25", or a dash where there is no such instruction. */
static char *
tera (double rate)
{
  return rate > 0 ? g_strdup_printf ("%.3g", rate * 1e-12) : g_strdup ("–");
}

static void
print_rates (const HrMachineRates *rates)
{
  g_autofree char *int8 = tera (rates->int8);
  g_autofree char *bf16 = tera (rates->bf16);
  g_autofree char *float32 = tera (rates->float32);

  /* Translators: threads, gigabytes per second, three rates in 10^12 operations per second,
   * nanoseconds. */
  printf (
      _("threads %-3u  reads %6.1f GB/s  int8 %s  bf16 %s  float32 %s tera-operations/s  latency %.0f ns"),
      rates->threads, rates->read * 1e-9, int8, bf16, float32, rates->latency * 1e9);
  printf ("\n");
  fflush (stdout);
}

static HrValue *
gpu_to_value (const char *name, const HrGpuRates *rates)
{
  HrValue *dict = hr_value_new_dict ();

  headroom_json_set_string (dict, "gpu", name);
  headroom_json_set_float (dict, "bandwidth_bytes_per_second", rates->bandwidth);
  headroom_json_set_float (dict, "up_bytes_per_second", rates->up);
  headroom_json_set_float (dict, "down_bytes_per_second", rates->down);
  headroom_json_set_float (dict, "submit_seconds", rates->submit_seconds);
  return dict;
}

/* Those that are used. */
static gboolean
measure_gpus (HrValue *list, gboolean json, GError **error)
{
  HrGpu gpus[HR_MAX_GPUS];
  gsize n = hr_gpus_find (gpus, HR_MAX_GPUS, NULL);

  for (gsize i = 0; i < n; i++) {
    HrGpuRates rates;
    if (gpus[i].why[0] != '\0')
      continue;
    if (!headroom_gpu_rates_measure ((guint32) i, &rates, error))
      return FALSE;
    if (json) {
      hr_value_append (list, gpu_to_value (gpus[i].name, &rates));
      continue;
    }
    /* Translators: a GPU's name, three rates of memory, microseconds. */
    printf (
        _("%s  memory %.1f GB/s  from the host %.1f GB/s  to the host %.1f GB/s  a submission %.0f µs"),
        gpus[i].name, rates.bandwidth * 1e-9, rates.up * 1e-9, rates.down * 1e-9,
        rates.submit_seconds * 1e6);
    printf ("\n");
  }
  return TRUE;
}

/* One thread, twice as many, and so on to most; predictions count on what all cores reach. */
static gboolean
measure_all (guint32 most, gboolean json, GError **error)
{
  g_autoptr (HrValue) list = hr_value_new_list ();

  for (guint32 threads = 1;; threads = MIN (2 * threads, most)) {
    HrMachineRates rates;
    if (!hr_machine_measure (threads, &rates, error))
      return FALSE;
    if (json)
      hr_value_append (list, headroom_report_rates (&rates));
    else
      print_rates (&rates);
    if (threads == hr_cpu_count () && !headroom_machine_rates_store (&rates, error))
      return FALSE;
    if (threads >= most)
      break;
  }
  if (!measure_gpus (list, json, error))
    return FALSE;
  if (json)
    headroom_cli_print_json (list, FALSE);
  return TRUE;
}

int
headroom_cmd_bench_machine (int argc, char **argv)
{
  gint64 given = HEADROOM_NOT_GIVEN;
  gboolean json = FALSE;
  const GOptionEntry entries[] = { { "threads", 't', 0, G_OPTION_ARG_INT64, &given,
                                     N_("Threads at most (default: all cores)"), "N" },
                                   { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Print as JSON"),
                                     NULL },
                                   G_OPTION_ENTRY_NULL };
  g_autoptr (GError) error = NULL;
  guint32 most = 0;

  if (!headroom_cli_parse (
          entries, "",
          _("Measures how fast this computer reads memory and computes, by number of threads, and its GPUs."),
          0, 0, &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  if (!headroom_cli_parse_count ("-t", given, HR_MAX_THREADS, &most, &error) ||
      !measure_all (most > 0 ? most : hr_cpu_count (), json, &error))
    return headroom_cli_fail (error);
  return HEADROOM_EXIT_OK;
}
