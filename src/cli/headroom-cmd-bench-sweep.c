/* headroom-cmd-bench-sweep.c: headroom bench sweep
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli-bench.h"

#include "headroom-json.h"
#include "headroom-sweep.h"

#include <glib/gi18n.h>
#include <stdio.h>

typedef struct {
  char *over, *values, *kv_type;
  gint64 prompt, generate, rounds, num_ctx, threads;
  double limit;
  gboolean json;
} SweepArgs;

static double
median_of (const HrValue *point, const char *field, const char *key)
{
  HrValue *value = hr_value_lookup (hr_value_lookup (point, field), key);

  return value != NULL ? hr_value_get_float (value) : 0;
}

static void
print_point (const HrValue *point)
{
  const char *error = headroom_json_get_string (point, "error");
  HrValue *memory = hr_value_lookup (point, "memory");

  printf ("%10s  ", headroom_json_get_string (point, "value"));
  if (error != NULL) {
    printf ("%s\n", error);
    return;
  }
  /* Translators: medians of one value of a sweep: the first token, each further one, the whole, all
   * streams' speed; then memory in MiB, and the share of answers that ended by themselves. */
  printf (
      _("first token %8.0f ms  %7.2f ms/token  total %8.0f ms  %8.1f tokens/s  planned %6.0f MiB  seen %6.0f MiB  complete %3.0f %%"),
      median_of (point, "first_token", "p50_ms"), median_of (point, "per_token", "p50_ms"),
      median_of (point, "total", "p50_ms"), median_of (point, "rate", "p50_tokens_per_sec"),
      (double) headroom_json_get_int (memory, "planned_bytes", 0) / 1048576,
      (double) headroom_json_get_int (memory, "seen_bytes", 0) / 1048576,
      100 * hr_value_get_float (hr_value_lookup (point, "completeness")));
  printf ("\n");
}

static void
print_report (const HrValue *report)
{
  HrValue *points = hr_value_lookup (report, "points");
  HrValue *sweeps = hr_value_new_list ();

  printf ("%s\n", headroom_json_get_string (report, "variable"));
  for (gsize i = 0; i < hr_value_size (points); i++)
    print_point (hr_value_at (points, i));
  hr_value_append (sweeps, hr_value_ref ((HrValue *) report));
  headroom_bench_print_advice ("sweeps", sweeps);
  fflush (stdout);
}

/* "f16,q8_0" */
static GArray *
parse_kv_types (const char *text, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, ",", -1);
  g_autoptr (GArray) types = g_array_new (FALSE, FALSE, sizeof (guint32));

  for (guint i = 0; words[i] != NULL; i++) {
    HrKvType type;
    guint32 value;
    if (!headroom_cli_parse_kv_type (words[i], &type, error))
      return NULL;
    value = type;
    g_array_append_val (types, value);
  }
  return g_steal_pointer (&types);
}

static GArray *
list_values (const SweepArgs *args, HeadroomSweepVariable variable, HrModel *model, GError **error)
{
  static const guint64 most[] = { 1 << 24, HR_MAX_NUM_BATCH, 1 << 20, HR_MAX_PARALLEL,
                                  0,       1 << 12,          HR_MAX_THREADS };

  if (args->values == NULL)
    return headroom_sweep_values (variable, model);
  if (variable == HEADROOM_SWEEP_KV_TYPE)
    return parse_kv_types (args->values, error);
  return headroom_bench_parse_counts (
      "--values", args->values,
      variable == HEADROOM_SWEEP_NUM_CTX ? 16 : variable != HEADROOM_SWEEP_GPU_LAYERS,
      most[variable], error);
}

static gboolean
make_base (const SweepArgs *args, HeadroomTrial *ret_base, GError **error)
{
  HeadroomTrial base = { .settings = { .gpu_layers = -1, .parallel = 1 } };

  if (!headroom_bench_check ("-p", (double) args->prompt, 1, 1 << 20, error) ||
      !headroom_bench_check ("-n", (double) args->generate, 1, 1 << 20, error) ||
      !headroom_bench_check ("-r", (double) args->rounds, 1, 1000, error) ||
      !headroom_bench_check ("--num-ctx", (double) args->num_ctx, 0, 1 << 24, error) ||
      !headroom_bench_check ("--limit", args->limit, 0, 1e6, error) ||
      !headroom_cli_parse_count ("-t", args->threads, HR_MAX_THREADS, &base.settings.threads,
                                 error) ||
      !headroom_cli_parse_kv_type (args->kv_type, &base.settings.kv_type, error))
    return FALSE;
  base.n_prompt = (guint32) args->prompt;
  base.num_predict = args->generate;
  base.rounds = (guint32) args->rounds;
  base.settings.num_ctx = (guint32) args->num_ctx;
  *ret_base = base;
  return TRUE;
}

typedef struct {
  HrModel *model;
  HeadroomSweepVariable variable;
  GArray *values;
  const HeadroomTrial *base;
  double limit_s;
  GCancellable *cancellable;
} Job;

static gpointer
run_job (gpointer data)
{
  Job *job = data;

  return headroom_sweep_run (job->model, job->variable, job->values, job->base, job->limit_s,
                             headroom_bench_progress,
                             (gpointer) headroom_sweep_name (job->variable), job->cancellable);
}

static int
sweep (HeadroomBench *bench, const char *model_name, HeadroomSweepVariable variable,
       const SweepArgs *args, GError **error)
{
  HeadroomTrial base;
  g_autoptr (HrModel) model = NULL;
  g_autoptr (GArray) values = NULL;
  g_autoptr (HrValue) report = NULL;

  if (!make_base (args, &base, error) ||
      (model = headroom_cli_open_model (model_name, error)) == NULL ||
      (values = list_values (args, variable, model, error)) == NULL ||
      !hr_model_is_runnable (model, error))
    return HEADROOM_EXIT_FAILURE;
  report = headroom_bench_work (
      run_job, &(Job){ model, variable, values, &base, args->limit, bench->cancellable });
  headroom_json_set_string (report, "model", model_name);
  return headroom_bench_tell (bench, report, args->json, print_report);
}

int
headroom_cmd_bench_sweep (int argc, char **argv)
{
  SweepArgs args = { .prompt = 256, .generate = 32, .rounds = 3, .limit = 60,
                     .threads = HEADROOM_NOT_GIVEN };
  const GOptionEntry entries[] = {
    { "over", 'o', 0, G_OPTION_ARG_STRING, &args.over,
      N_("What varies: num_ctx, num_batch, num_predict, parallel, kv_type, gpu_layers or threads (default: num_ctx)"),
      N_("SETTING") },
    { "values", 0, 0, G_OPTION_ARG_STRING, &args.values,
      N_("Its values (default: a useful choice)"), "V[,V…]" },
    { "prompt", 'p', 0, G_OPTION_ARG_INT64, &args.prompt,
      N_("Tokens of each prompt; over num_ctx they fill it (default: 256)"), "N" },
    { "generate", 'n', 0, G_OPTION_ARG_INT64, &args.generate,
      N_("Tokens of each answer (default: 32)"), "N" },
    { "rounds", 'r', 0, G_OPTION_ARG_INT64, &args.rounds,
      N_("How often; the median counts (default: 3)"), "N" },
    { "num-ctx", 0, 0, G_OPTION_ARG_INT64, &args.num_ctx,
      N_("Tokens of context (default: what prompt and answer take)"), "N" },
    { "kv-type", 0, 0, G_OPTION_ARG_STRING, &args.kv_type,
      N_("Type of the cache: f32, f16, q8_0 or q4_0"), N_("TYPE") },
    { "threads", 't', 0, G_OPTION_ARG_INT64, &args.threads, N_("Threads (default: all cores)"),
      "N" },
    { "limit", 0, 0, G_OPTION_ARG_DOUBLE, &args.limit,
      N_("Leave out what is predicted to take longer (default: 60; 0: nothing)"), N_("SECONDS") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &args.json, N_("Print as JSON"), NULL },
    G_OPTION_ENTRY_NULL
  };
  HeadroomSweepVariable variable = HEADROOM_SWEEP_NUM_CTX;
  g_auto (HeadroomBench) bench = { 0 };
  g_autoptr (GError) error = NULL;
  int status;

  if (!headroom_cli_parse (
          entries, _("MODEL|FILE"),
          _("Times a model with one setting at several values, and tells the memory of each."), 1,
          1, &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  headroom_bench_watch_interrupt (&bench);
  if (args.over != NULL && !headroom_sweep_parse (args.over, &variable)) {
    headroom_cli_complain (_("--over does not know “%s”"), args.over);
    status = HEADROOM_EXIT_USAGE;
  } else {
    status = sweep (&bench, argv[1], variable, &args, &error);
  }
  g_free (args.over);
  g_free (args.values);
  g_free (args.kv_type);
  return error != NULL ? headroom_cli_fail (error) : status;
}
