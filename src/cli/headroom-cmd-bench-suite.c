/* headroom-cmd-bench-suite.c: headroom bench suite
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli-bench.h"

#include "headroom-json.h"
#include "headroom-suite.h"

#include <glib/gi18n.h>

typedef struct {
  char *output;
  gboolean quick, json;
} SuiteArgs;

/* Says of every part that could not be measured why. */
static void
complain (const HrValue *report)
{
  HrValue *models = hr_value_lookup (report, "models");

  for (gsize i = 0; i < hr_value_size (models); i++) {
    HrValue *entry = hr_value_at (models, i);
    const char *name = headroom_json_get_string (entry, "model"), *key;
    for (gsize k = 0; k < hr_value_size (entry); k++) {
      HrValue *part = hr_value_entry (entry, k, &key);
      const char *error =
          hr_value_kind (part) == HR_VALUE_DICT ? headroom_json_get_string (part, "error") : NULL;
      if (error != NULL)
        headroom_cli_complain ("%s, %s: %s", name, key, error);
    }
  }
}

/* Without a file, or where it could not be written, the report is printed. */
static int
finish (HeadroomBench *bench, const SuiteArgs *args, const HrValue *report)
{
  const char *unsaved = headroom_json_get_string (report, "unsaved");

  complain (report);
  if (args->output == NULL || args->json || unsaved != NULL)
    headroom_cli_print_json (report, FALSE);
  if (unsaved == NULL)
    return headroom_bench_exit_status (bench, report);
  headroom_cli_complain ("%s", unsaved);
  return HEADROOM_EXIT_FAILURE;
}

static int
run (const SuiteArgs *args, char **names, GError **error)
{
  g_auto (HeadroomBench) bench = { 0 };
  HeadroomSuiteOptions *options =
      headroom_suite_options_new ((const char *const *) names,
                                  args->quick ? HEADROOM_SUITE_QUICK : HEADROOM_SUITE_ALL);
  g_autoptr (HeadroomBenchJob) job = NULL;

  options->quick = args->quick;
  options->path = g_strdup (args->output);
  if (!headroom_bench_open (&bench, NULL, error)) {
    headroom_suite_options_free (options);
    return HEADROOM_EXIT_FAILURE;
  }
  job = headroom_bench_start (&bench, headroom_suite_run, options,
                              (GDestroyNotify) headroom_suite_options_free);
  headroom_bench_job_await (job);
  if (headroom_bench_job_get_report (job) != NULL)
    return finish (&bench, args, headroom_bench_job_get_report (job));
  g_propagate_error (error, g_error_copy (headroom_bench_job_get_error (job)));
  return HEADROOM_EXIT_FAILURE;
}

int
headroom_cmd_bench_suite (int argc, char **argv)
{
  SuiteArgs args = { 0 };
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &args.output,
      N_("Where the report goes, saved after each part (default: printed at the end)"),
      N_("FILE") },
    { "quick", 0, 0, G_OPTION_ARG_NONE, &args.quick,
      N_("Fewer rounds and no search for settings, a minute or so a model"), NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &args.json, N_("Print the report even so"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GError) error = NULL;
  int status;

  if (!headroom_cli_parse (entries, _("MODEL|FILE…"),
                           _("Measures models in every way, into one report."), 1, -1, &argc,
                           &argv))
    return HEADROOM_EXIT_USAGE;
  status = run (&args, argv + 1, &error);
  g_free (args.output);
  return error != NULL ? headroom_cli_fail (error) : status;
}
