/* headroom-suite.c: see headroom-suite.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-suite.h"

#include "headroom-ask.h"
#include "headroom-bench.h"
#include "headroom-json.h"
#include "headroom-report.h"
#include "headroom-store.h"
#include "headroom-summary.h"
#include "headroom-throughput.h"
#include "headroom-tune.h"

#include <glib/gi18n.h>

#define SEED 1
#define LIMIT_S 60 /* of a point of a sweep */
#define MAX_DEVICES 16
#define QUICK_VALUES 3 /* of each sweep */

static const char *const part_names[] = { "health",  "latency",     "throughput", "speed",
                                          "num_ctx", "num_predict", "settings",   "tune" };

typedef struct {
  HeadroomBenchJob *job;
  HeadroomClient *client;
  GCancellable *cancellable;
  const HeadroomSuiteOptions *options;
  HrValue *report;
  const char *name; /* the model's, as the person gave it */
  char *served;     /* as the server is asked for it */
  HrModel *model;   /* in this process, or NULL */
  HrValue *entry;   /* the model's part of the report */
  gboolean failed;  /* some part of some model */
  gboolean unsaved; /* the disk refused */
} Suite;

/* ---- Options ---- */

HeadroomSuiteOptions *
headroom_suite_options_new (const char *const *models, HeadroomSuiteParts parts)
{
  HeadroomSuiteOptions *self = g_new0 (HeadroomSuiteOptions, 1);

  self->models = g_strdupv ((char **) models);
  self->parts = parts;
  return self;
}

void
headroom_suite_options_free (HeadroomSuiteOptions *self)
{
  g_strfreev (self->models);
  g_free (self->path);
  g_free (self->title);
  g_free (self);
}

static HrValue *
options_to_value (const HeadroomSuiteOptions *options)
{
  HrValue *dict = hr_value_new_dict ();
  HrValue *parts = hr_value_new_list ();

  for (gsize i = 0; i < G_N_ELEMENTS (part_names); i++)
    if (options->parts & (1u << i))
      hr_value_append (parts, hr_value_new_string (part_names[i], -1, TRUE));
  headroom_json_set_bool (dict, "quick", options->quick);
  hr_value_set (dict, "parts", parts);
  return dict;
}

/* ---- The report ---- */

static gboolean
is_over (const Suite *suite)
{
  return suite->unsaved || g_cancellable_is_cancelled (suite->cancellable);
}

/* Keeps what was measured so far. */
static void
save (Suite *suite)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (suite->unsaved || suite->options->path == NULL)
    return;
  if (headroom_report_save (suite->report, suite->options->path, &error)) {
    headroom_bench_job_tell_saved (suite->job);
    return;
  }
  suite->unsaved = TRUE;
  text = g_strdup_printf (_("the report could not be saved: %s"), error->message);
  headroom_json_set_string (suite->report, "unsaved", text);
}

/* What stands in the place of a part that could not be measured. */
static HrValue *
new_failure (Suite *suite, GError *take_error)
{
  g_autoptr (GError) error = take_error;
  HrValue *part = hr_value_new_dict ();

  headroom_json_set_bool (part, "complete", FALSE);
  headroom_json_set_string (part, "error", error->message);
  suite->failed = TRUE;
  return part;
}

static void
put (Suite *suite, const char *key, HrValue *take_part, GError *take_error)
{
  if (take_part == NULL)
    take_part = new_failure (suite, take_error);
  else if (hr_value_kind (take_part) == HR_VALUE_DICT &&
           !headroom_json_get_bool (take_part, "complete", TRUE))
    suite->failed = TRUE;
  hr_value_set (suite->entry, key, take_part);
  save (suite);
}

/* Whether a part is wanted and there is still time for it; if so, it begins. */
static gboolean
begins (Suite *suite, HeadroomSuiteParts part)
{
  guint i = g_bit_nth_lsf (part, -1);

  if (!(suite->options->parts & part) || is_over (suite))
    return FALSE;
  headroom_bench_job_begin (suite->job, part_names[i]);
  headroom_bench_job_progress (0, 1, suite->job);
  return TRUE;
}

/* ---- Through the API ---- */

static HrValue *
measure_latency (Suite *suite, guint n_requests, guint n_words, gint64 num_predict, GError **error)
{
  HeadroomLatencyOptions options = {
    .model = suite->served, .n_requests = n_requests, .n_words = n_words, .num_predict = num_predict
  };

  return headroom_latency_measure (suite->client, &options, headroom_bench_job_progress, suite->job,
                                   suite->cancellable, error);
}

static HrValue *
measure_throughput (Suite *suite, GError **error)
{
  static const guint32 workers[] = { 1, 2, 4, 8, 16, 32 };
  gboolean quick = suite->options->quick;
  HeadroomThroughputOptions options = { .model = suite->served,
                                        .workers = workers,
                                        .n_levels = quick ? QUICK_VALUES : G_N_ELEMENTS (workers),
                                        .seconds = quick ? 1 : 10,
                                        .n_words = 50,
                                        .num_predict = 64 };

  return headroom_throughput_measure (suite->client, &options, headroom_bench_job_progress,
                                      suite->job, suite->cancellable, error);
}

static void
measure_served (Suite *suite)
{
  gboolean quick = suite->options->quick;
  GError *error = NULL;
  HrValue *part;

  if (begins (suite, HEADROOM_SUITE_HEALTH)) {
    part = measure_latency (suite, 1, 8, 1, &error);
    put (suite, "health", part, g_steal_pointer (&error));
  }
  if (begins (suite, HEADROOM_SUITE_LATENCY)) {
    part = measure_latency (suite, quick ? 5 : 20, 100, 64, &error);
    put (suite, "latency", part, g_steal_pointer (&error));
  }
  if (begins (suite, HEADROOM_SUITE_THROUGHPUT)) {
    part = measure_throughput (suite, &error);
    put (suite, "throughput", part, g_steal_pointer (&error));
  }
}

/* Leaves the server as it was: a model that it had not loaded is let go. */
static void
measure_through_server (Suite *suite)
{
  HeadroomSuiteParts parts =
      HEADROOM_SUITE_HEALTH | HEADROOM_SUITE_LATENCY | HEADROOM_SUITE_THROUGHPUT;
  gboolean was_loaded;

  if (suite->client == NULL || !(suite->options->parts & parts))
    return;
  was_loaded = headroom_ask_is_loaded (suite->client, suite->served, NULL, NULL);
  measure_served (suite);
  if (!was_loaded && headroom_ask_is_loaded (suite->client, suite->served, NULL, NULL))
    headroom_ask_load (suite->client, suite->served, 0, NULL, NULL);
}

/* ---- In this process ---- */

HrModel *
headroom_suite_open_model (const char *name_or_path, GError **error)
{
  g_autoptr (HeadroomStore) store = headroom_store_new (NULL, NULL);
  g_autoptr (HeadroomModelEntry) entry = headroom_store_resolve (store, name_or_path, error);
  g_autoptr (HrModel) model = NULL;

  if (entry == NULL)
    return NULL;
  if (headroom_model_entry_get_path (entry) == NULL) {
    g_set_error (error, HR_ERROR, HR_ERROR_UNSUPPORTED, _("“%s” is not a GGUF model"),
                 name_or_path);
    return NULL;
  }
  model = headroom_model_entry_open (entry, error);
  return model != NULL && hr_model_is_runnable (model, error) ? g_steal_pointer (&model) : NULL;
}

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

static HrRunner *
load (HrModel *model, GError **error)
{
  HrSettings settings = { .gpu_layers = -1, .num_ctx = 600, .parallel = 4 };
  HrDevice devices[MAX_DEVICES];
  g_autoptr (HrPlan) plan =
      hr_plan_new (model, &settings, devices, hr_devices_probe (devices, MAX_DEVICES), error);

  return plan != NULL ? hr_runner_new (model, plan, FALSE, NULL, NULL, error) : NULL;
}

static HrValue *
time_speed (Suite *suite, GError **error)
{
  static const struct {
    const char *name;
    HeadroomBenchCase c;
  } cases[] = { { "read-512", { .n_prompt = 512, .n_streams = 1 } },
                { "generate-64", { .n_gen = 64, .n_streams = 1 } },
                { "generate-64-of-4", { .n_gen = 64, .n_streams = 4 } } };
  g_autoptr (HrRunner) runner = load (suite->model, error);
  g_autoptr (HrValue) list = hr_value_new_list ();

  for (gsize i = 0; runner != NULL && i < G_N_ELEMENTS (cases); i++) {
    HrValue *part = NULL;
    if (!g_cancellable_set_error_if_cancelled (suite->cancellable, error))
      part = time_case (runner, cases[i].name, &cases[i].c, suite->options->quick ? 3 : 5, error);
    if (part == NULL)
      return NULL;
    hr_value_append (list, part);
    headroom_bench_job_progress ((guint) i + 1, G_N_ELEMENTS (cases), suite->job);
  }
  return runner != NULL ? g_steal_pointer (&list) : NULL;
}

static void
sweep (Suite *suite, HeadroomSweepVariable variable)
{
  HeadroomTrial base = { .settings = { .gpu_layers = -1, .parallel = 1 },
                         .n_prompt = 256,
                         .num_predict = 32,
                         .rounds = suite->options->quick ? 1 : 3 };
  g_autoptr (GArray) values = headroom_sweep_values (variable, suite->model);
  HrValue *sweeps = hr_value_lookup (suite->entry, "sweeps");
  HrValue *part;

  if (suite->options->quick)
    g_array_set_size (values, MIN (values->len, QUICK_VALUES));
  part = headroom_sweep_run (suite->model, variable, values, &base, LIMIT_S,
                             headroom_bench_job_progress, suite->job, suite->cancellable);
  if (sweeps == NULL) {
    sweeps = hr_value_new_list ();
    hr_value_set (suite->entry, "sweeps", sweeps);
  }
  hr_value_append (sweeps, part);
  save (suite);
}

static void
sweep_settings (Suite *suite)
{
  static const HeadroomSweepVariable variables[] = {
    HEADROOM_SWEEP_PARALLEL, HEADROOM_SWEEP_KV_TYPE, HEADROOM_SWEEP_NUM_BATCH,
    HEADROOM_SWEEP_THREADS, HEADROOM_SWEEP_GPU_LAYERS
  };
  HrDevice devices[MAX_DEVICES];
  gboolean has_cards = hr_devices_probe (devices, MAX_DEVICES) > 1;

  for (gsize i = 0; i < G_N_ELEMENTS (variables) && !is_over (suite); i++)
    if (has_cards || variables[i] != HEADROOM_SWEEP_GPU_LAYERS)
      sweep (suite, variables[i]);
}

static HrValue *
tune (Suite *suite, GError **error)
{
  HeadroomTuneOptions options = headroom_tune_options_default;

  if (suite->options->quick)
    options.base.n_prompt = 128, options.base.num_predict = 16, options.base.rounds = 1;
  options.max_bytes = suite->options->max_bytes;
  options.max_first_ms = suite->options->max_first_ms;
  return headroom_tune_run (suite->model, &options, headroom_bench_job_progress, suite->job,
                            suite->cancellable, error);
}

static void
measure_here (Suite *suite)
{
  HeadroomSuiteParts parts = HEADROOM_SUITE_SPEED | HEADROOM_SUITE_CONTEXTS |
                             HEADROOM_SUITE_ANSWERS | HEADROOM_SUITE_SETTINGS | HEADROOM_SUITE_TUNE;
  GError *error = NULL;
  HrValue *part;

  if (!(suite->options->parts & parts) || is_over (suite))
    return;
  suite->model = headroom_suite_open_model (suite->name, &error);
  if (suite->model == NULL) {
    put (suite, "opened", NULL, error);
    return;
  }
  if (begins (suite, HEADROOM_SUITE_SPEED)) {
    part = time_speed (suite, &error);
    put (suite, "speed", part, g_steal_pointer (&error));
  }
  if (begins (suite, HEADROOM_SUITE_CONTEXTS))
    sweep (suite, HEADROOM_SWEEP_NUM_CTX);
  if (begins (suite, HEADROOM_SUITE_ANSWERS))
    sweep (suite, HEADROOM_SWEEP_NUM_PREDICT);
  if (begins (suite, HEADROOM_SUITE_SETTINGS))
    sweep_settings (suite);
  if (begins (suite, HEADROOM_SUITE_TUNE)) {
    part = tune (suite, &error);
    put (suite, "tune", part, error);
  }
  g_clear_pointer (&suite->model, hr_model_unref);
}

/* ---- The whole ---- */

static void
measure_model (Suite *suite, const char *name, HrValue *models)
{
  suite->name = name;
  suite->served =
      headroom_store_is_path (name) ? g_canonicalize_filename (name, NULL) : g_strdup (name);
  suite->entry = hr_value_new_dict ();
  headroom_json_set_string (suite->entry, "model", name);
  hr_value_append (models, suite->entry);
  measure_through_server (suite);
  measure_here (suite);
  g_clear_pointer (&suite->served, g_free);
}

/* Says how it ended. */
static void
conclude (Suite *suite)
{
  headroom_json_set_bool (suite->report, "complete", !is_over (suite) && !suite->failed);
  if (g_cancellable_is_cancelled (suite->cancellable))
    headroom_json_set_string (suite->report, "error", _("it was stopped"));
  else if (suite->failed)
    headroom_json_set_string (suite->report, "error", _("not every part could be measured"));
  save (suite);
}

HrValue *
headroom_suite_run (HeadroomBenchJob *job, gpointer options, GError **error)
{
  Suite suite = { .job = job,
                  .client = headroom_bench_job_get_client (job),
                  .cancellable = headroom_bench_job_get_cancellable (job),
                  .options = options };
  HrValue *models;

  headroom_bench_job_begin (job, "machine");
  headroom_bench_job_progress (0, 1, job);
  suite.report = headroom_report_new (error);
  if (suite.report == NULL)
    return NULL;
  models = hr_value_new_list ();
  headroom_json_set_string (suite.report, "title", suite.options->title);
  hr_value_set (suite.report, "settings", options_to_value (suite.options));
  hr_value_set (suite.report, "models", models);
  save (&suite); /* a full disk shows before an hour of measuring */
  for (gsize i = 0; suite.options->models[i] != NULL && !is_over (&suite); i++)
    measure_model (&suite, suite.options->models[i], models);
  conclude (&suite);
  return suite.report;
}
