/* headroom-cmd-bench-tune.c: headroom bench tune
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is proposed is applied as parameters of the model in the store (headroom-tune-apply.h).
 */
#include "headroom-cli-bench.h"

#include "headroom-json.h"
#include "headroom-tune-apply.h"
#include "headroom-tune.h"

#include <glib/gi18n.h>
#include <stdio.h>

#define GIB 1073741824.0

typedef struct {
  gint64 prompt, generate, streams, rounds;
  double memory, first_token;
  gboolean apply, undo, json;
} TuneArgs;

/* ---- Searching ---- */

typedef struct {
  HrModel *model;
  const HeadroomTuneOptions *options;
  GCancellable *cancellable;
  GError *error;
} Job;

static gpointer
run_job (gpointer data)
{
  Job *job = data;

  return headroom_tune_run (job->model, job->options, headroom_bench_progress, _("trials"),
                            job->cancellable, &job->error);
}

static gboolean
check (const TuneArgs *args, GError **error)
{
  return headroom_bench_check ("-p", (double) args->prompt, 1, 1 << 20, error) &&
         headroom_bench_check ("-n", (double) args->generate, 1, 1 << 20, error) &&
         headroom_bench_check ("-s", (double) args->streams, 1, HR_MAX_PARALLEL, error) &&
         headroom_bench_check ("-r", (double) args->rounds, 1, 1000, error) &&
         headroom_bench_check ("--memory", args->memory, 0, 1e6, error) &&
         headroom_bench_check ("--first-token", args->first_token, 0, 1e9, error);
}

static HrValue *
search (HeadroomBench *bench, const char *name, const TuneArgs *args, GError **error)
{
  HeadroomTuneOptions options = headroom_tune_options_default;
  g_autoptr (HrModel) model = headroom_cli_open_model (name, error);
  Job job = { model, &options, bench->cancellable, NULL };
  HrValue *report;

  if (model == NULL)
    return NULL;
  options.base.settings.parallel = (guint32) args->streams;
  options.base.n_prompt = (guint32) args->prompt;
  options.base.num_predict = args->generate;
  options.base.rounds = (guint32) args->rounds;
  options.max_bytes = (guint64) (args->memory * GIB);
  options.max_first_ms = args->first_token;
  report = headroom_bench_work (run_job, &job);
  if (job.error != NULL)
    g_propagate_error (error, job.error);
  return report;
}

/* ---- Telling ---- */

static void
print_report (const HrValue *report)
{
  HrValue *changes = hr_value_lookup (report, "changes");
  HrValue *verification = hr_value_lookup (report, "verification");
  HrValue *ratio = hr_value_lookup (verification, "ratio");

  for (gsize i = 0; i < hr_value_size (changes); i++) {
    HrValue *change = hr_value_at (changes, i);
    printf ("%s: %s → %s\n", headroom_json_get_string (change, "setting"),
            headroom_json_get_string (change, "from"), headroom_json_get_string (change, "to"));
  }
  if (ratio != NULL)
    printf (_("verified in turn: %.3f of the time [%.3f, %.3f]\n"), hr_value_get_float (ratio),
            hr_value_get_float (hr_value_lookup (verification, "low")),
            hr_value_get_float (hr_value_lookup (verification, "high")));
  if (hr_value_size (changes) == 0)
    printf ("%s\n", _("Nothing that was tried is better than the present settings beyond noise."));
}

/* ---- Applying ---- */

static gboolean
apply (HeadroomBench *bench, const char *model, const HrValue *report, GError **error)
{
  HrValue *changes = hr_value_lookup (report, "changes");

  if (hr_value_size (changes) == 0)
    return TRUE;
  if (!headroom_bench_open (bench, NULL, error) ||
      !headroom_tune_apply (bench->client, model, changes, NULL, error))
    return FALSE;
  fprintf (stderr, _("Applied. “headroom bench tune --undo %s” puts back what was before.\n"),
           model);
  return TRUE;
}

static gboolean
undo (const char *model, GError **error)
{
  g_auto (HeadroomBench) bench = { 0 };

  return headroom_bench_open (&bench, NULL, error) &&
         headroom_tune_undo (bench.client, model, NULL, error);
}

static int
tune (const char *model, const TuneArgs *args, GError **error)
{
  g_auto (HeadroomBench) bench = { 0 };
  g_autoptr (HrValue) report = NULL;

  if (!check (args, error))
    return HEADROOM_EXIT_FAILURE;
  headroom_bench_watch_interrupt (&bench);
  report = search (&bench, model, args, error);
  if (report == NULL)
    return HEADROOM_EXIT_FAILURE;
  headroom_json_set_string (report, "model", model);
  if (args->json)
    headroom_cli_print_json (report, FALSE);
  else
    print_report (report);
  if (args->apply && headroom_json_get_bool (report, "complete", FALSE)) {
    g_auto (HeadroomBench) served = { 0 };
    if (!apply (&served, model, report, error))
      return HEADROOM_EXIT_FAILURE;
  }
  return headroom_bench_exit_status (&bench, report);
}

int
headroom_cmd_bench_tune (int argc, char **argv)
{
  TuneArgs args = { .prompt = 512, .generate = 64, .streams = 1, .rounds = 3 };
  const GOptionEntry entries[] = {
    { "prompt", 'p', 0, G_OPTION_ARG_INT64, &args.prompt,
      N_("Tokens of each prompt (default: 512)"), "N" },
    { "generate", 'n', 0, G_OPTION_ARG_INT64, &args.generate,
      N_("Tokens of each answer (default: 64)"), "N" },
    { "streams", 's', 0, G_OPTION_ARG_INT64, &args.streams,
      N_("Answers at once; of several, their speed together counts (default: 1)"), "N" },
    { "rounds", 'r', 0, G_OPTION_ARG_INT64, &args.rounds,
      N_("How often; the median counts (default: 3)"), "N" },
    { "memory", 0, 0, G_OPTION_ARG_DOUBLE, &args.memory,
      N_("Memory at most, in GiB (default: what there is)"), N_("GIB") },
    { "first-token", 0, 0, G_OPTION_ARG_DOUBLE, &args.first_token,
      N_("Time until the first token at most, in ms (default: any)"), "MS" },
    { "apply", 0, 0, G_OPTION_ARG_NONE, &args.apply,
      N_("Make what is better the model's parameters"), NULL },
    { "undo", 0, 0, G_OPTION_ARG_NONE, &args.undo, N_("Put back what --apply changed last"),
      NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &args.json, N_("Print as JSON"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GError) error = NULL;
  int status = HEADROOM_EXIT_OK;

  if (!headroom_cli_parse (entries, _("MODEL|FILE"),
                           _("Looks for settings that make a model faster, within bounds."), 1, 1,
                           &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  if (args.undo)
    undo (argv[1], &error);
  else
    status = tune (argv[1], &args, &error);
  return error != NULL ? headroom_cli_fail (error) : status;
}
