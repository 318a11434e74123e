/* headroom-cmd-bench-suite.c: headroom bench suite
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * For each model: what runs in this process first (speed, sweep), so that no server holds the model
 * a second time, then what goes through the API (health, latency, throughput). The report is saved
 * after every part: whatever happens, what was measured is on disk.
 */
#include "headroom-cli-bench.h"

#include "headroom-bench.h"
#include "headroom-json.h"
#include "headroom-report.h"
#include "headroom-summary.h"
#include "headroom-sweep.h"
#include "headroom-throughput.h"

#include <glib/gi18n.h>
#include <stdio.h>

#define SEED 1
#define LIMIT_S 60 /* of a point of the sweep */

typedef struct {
  char *output;
  gboolean quick, json;
} SuiteArgs;

typedef struct {
  const SuiteArgs *args;
  HeadroomBench *bench;
  HrValue *report;
  const char *name; /* the model's, as the person gave it */
  HrValue *entry;   /* the model's part of the report */
  GError *error;    /* the disk's */
  gboolean failed;  /* some part of some model */
} Suite;

static gboolean
is_over (const Suite *suite)
{
  return suite->error != NULL || g_cancellable_is_cancelled (suite->bench->cancellable);
}

/* Keeps what was measured so far. */
static void
save (Suite *suite)
{
  if (suite->error == NULL && suite->args->output != NULL &&
      !headroom_report_save (suite->report, suite->args->output, &suite->error))
    g_prefix_error (&suite->error, _("the report could not be saved: "));
}

/* Puts a part into the model's entry, or why there is none. */
static void
put (Suite *suite, const char *key, HrValue *take_part, GError *take_error)
{
  g_autoptr (GError) error = take_error;

  if (take_part == NULL) {
    take_part = hr_value_new_dict ();
    headroom_json_set_string (take_part, "error", error->message);
    headroom_cli_complain ("%s, %s: %s", suite->name, key, error->message);
    suite->failed = TRUE;
  }
  hr_value_set (suite->entry, key, take_part);
  save (suite);
}

/* ---- In this process ---- */

static HrValue *
time_case (HrRunner *runner, const char *name, const HeadroomBenchCase *c, guint rounds,
           GError **error)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (SEED);
  g_autoptr (GArray) rates = g_array_new (FALSE, FALSE, sizeof (double));
  HrValue *dict;

  for (guint i = 0; i < rounds; i++) {
    double rate = headroom_bench_run (runner, rand, c, error);
    if (rate < 0)
      return NULL;
    g_array_append_val (rates, rate);
  }
  dict = headroom_summary_to_value (rates, "tokens_per_sec", HEADROOM_BETTER_HIGHER);
  headroom_json_set_string (dict, "name", name);
  return dict;
}

static HrValue *
time_speed (HrModel *model, gboolean quick, GError **error)
{
  static const struct {
    const char *name;
    HeadroomBenchCase c;
  } cases[] = { { "read-512", { .n_prompt = 512, .n_streams = 1 } },
                { "generate-64", { .n_gen = 64, .n_streams = 1 } },
                { "generate-64-of-4", { .n_gen = 64, .n_streams = 4 } } };
  HrSettings settings = { .gpu_layers = -1, .num_ctx = 600, .parallel = 4 };
  g_autoptr (HrRunner) runner = headroom_cli_new_runner (model, &settings, error);
  g_autoptr (HrValue) list = hr_value_new_list ();

  for (gsize i = 0; runner != NULL && i < G_N_ELEMENTS (cases); i++) {
    HrValue *part = time_case (runner, cases[i].name, &cases[i].c, quick ? 3 : 5, error);
    if (part == NULL)
      return NULL;
    hr_value_append (list, part);
  }
  return runner != NULL ? g_steal_pointer (&list) : NULL;
}

static HrValue *
sweep (Suite *suite, HrModel *model)
{
  HeadroomTrial base = { .settings = { .gpu_layers = -1, .parallel = 1 },
                         .n_prompt = 256,
                         .num_predict = 32,
                         .rounds = suite->args->quick ? 1 : 3 };
  g_autoptr (GArray) values = headroom_sweep_values (HEADROOM_SWEEP_NUM_CTX, model);

  if (suite->args->quick)
    g_array_set_size (values, MIN (values->len, 3));
  return headroom_sweep_run (model, HEADROOM_SWEEP_NUM_CTX, values, &base, LIMIT_S, NULL, NULL,
                             suite->bench->cancellable);
}

/* On a thread of its own. */
static gpointer
measure_here (gpointer data)
{
  Suite *suite = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (HrModel) model = headroom_cli_open_model (suite->name, &error);

  if (model == NULL || !hr_model_is_runnable (model, &error)) {
    put (suite, "speed", NULL, g_steal_pointer (&error));
    return NULL;
  }
  HrValue *speed = time_speed (model, suite->args->quick, &error);
  put (suite, "speed", speed, g_steal_pointer (&error));
  if (!is_over (suite) && speed != NULL)
    put (suite, "sweep", sweep (suite, model), NULL);
  return NULL;
}

/* ---- Through the API ---- */

/* One token: whether the model answers at all. */
static HrValue *
check_health (Suite *suite, const char *name, GError **error)
{
  HeadroomLatencyOptions options = { .model = name, .n_requests = 1, .n_words = 8,
                                     .num_predict = 1 };

  return headroom_latency_measure (suite->bench->client, &options, NULL, NULL,
                                   suite->bench->cancellable, error);
}

static void
measure_served (Suite *suite)
{
  static const guint32 workers[] = { 1, 2, 4, 8, 16, 32 };
  gboolean quick = suite->args->quick;
  g_autofree char *name = headroom_cli_dup_served_name (suite->name);
  HeadroomLatencyOptions latency = { .model = name, .n_requests = quick ? 5 : 20, .n_words = 100,
                                     .num_predict = 64 };
  HeadroomThroughputOptions throughput = { .model = name, .workers = workers,
                                           .n_levels = quick ? 3 : G_N_ELEMENTS (workers),
                                           .seconds = quick ? 1 : 10, .n_words = 50,
                                           .num_predict = 64 };
  GError *error = NULL;
  HrValue *part = check_health (suite, name, &error);

  put (suite, "health", part, error);
  if (part == NULL || is_over (suite))
    return;
  error = NULL;
  part = headroom_latency_measure (suite->bench->client, &latency, headroom_bench_progress,
                                   (gpointer) "latency", suite->bench->cancellable, &error);
  put (suite, "latency", part, error);
  if (is_over (suite))
    return;
  error = NULL;
  part = headroom_throughput_measure (suite->bench->client, &throughput, headroom_bench_progress,
                                      (gpointer) "throughput", suite->bench->cancellable, &error);
  put (suite, "throughput", part, error);
}

/* ---- The command ---- */

static void
measure_model (Suite *suite, HrValue *models)
{
  suite->entry = hr_value_new_dict ();
  headroom_json_set_string (suite->entry, "model", suite->name);
  hr_value_append (models, suite->entry);
  headroom_bench_work (measure_here, suite);
  if (!is_over (suite))
    measure_served (suite);
}

/* Without a file, or where it could not be written, the report is printed. */
static int
finish (Suite *suite)
{
  headroom_json_set_bool (suite->report, "complete", !is_over (suite) && !suite->failed);
  if (suite->failed)
    headroom_json_set_string (suite->report, "error", _("not every part could be measured"));
  save (suite);
  if (suite->args->output == NULL || suite->args->json || suite->error != NULL)
    headroom_cli_print_json (suite->report, FALSE);
  if (suite->error != NULL) {
    int status = headroom_cli_fail (suite->error);
    g_clear_error (&suite->error);
    return status;
  }
  return headroom_bench_exit_status (suite->bench, suite->report);
}

static int
run (const SuiteArgs *args, char **names, GError **error)
{
  g_auto (HeadroomBench) bench = { 0 };
  g_autoptr (HrValue) report = NULL;
  Suite suite = { .args = args, .bench = &bench };
  HrValue *models = hr_value_new_list ();

  if (!headroom_bench_open (&bench, NULL, error) ||
      (report = headroom_report_new (error)) == NULL) {
    hr_value_unref (models);
    return HEADROOM_EXIT_FAILURE;
  }
  hr_value_set (report, "models", models);
  suite.report = report;
  save (&suite); /* a full disk shows before an hour of measuring */
  for (gsize i = 0; names[i] != NULL && !is_over (&suite); i++) {
    suite.name = names[i];
    measure_model (&suite, models);
  }
  return finish (&suite);
}

int
headroom_cmd_bench_suite (int argc, char **argv)
{
  SuiteArgs args = { 0 };
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &args.output,
      N_("Where the report goes, saved after each part (default: printed at the end)"),
      N_("FILE") },
    { "quick", 0, 0, G_OPTION_ARG_NONE, &args.quick, N_("Fewer rounds, a minute or so a model"),
      NULL },
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
