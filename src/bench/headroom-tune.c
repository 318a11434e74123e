/* headroom-tune.c: see headroom-tune.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-tune.h"

#include "headroom-compare.h"
#include "headroom-json.h"

#include <math.h>

#define N_BEST 2           /* values of each setting that are tried with those of the others */
#define MAX_COMBINED 16
#define VERIFY_ROUNDS 5

static const HeadroomSweepVariable searched[] = { HEADROOM_SWEEP_NUM_BATCH,
                                                  HEADROOM_SWEEP_THREADS };

const HeadroomTuneOptions headroom_tune_options_default = {
  .base = { .settings = { .gpu_layers = -1, .parallel = 1 },
            .n_prompt = 512,
            .num_predict = 64,
            .rounds = 3 },
  .variables = searched,
  .n_variables = G_N_ELEMENTS (searched),
};

typedef struct {
  guint32 values[HEADROOM_SWEEP_N_VARIABLES]; /* of the variables that are searched */
  double score;                               /* lower is better; INFINITY: not allowed */
} Candidate;

typedef struct {
  HrModel *model;
  const HeadroomTuneOptions *options;
  GCancellable *cancellable;
  HeadroomBenchProgressFunc progress;
  gpointer progress_data;
  guint n_done, n_total;
  Candidate baseline;
} Tune;

/* ---- Settings as numbers ---- */

static guint32
value_in (const HrSettings *settings, HeadroomSweepVariable variable)
{
  switch (variable) {
  case HEADROOM_SWEEP_NUM_BATCH:
    return settings->num_batch;
  case HEADROOM_SWEEP_PARALLEL:
    return settings->parallel;
  case HEADROOM_SWEEP_KV_TYPE:
    return settings->kv_type;
  case HEADROOM_SWEEP_GPU_LAYERS:
    return (guint32) MAX (settings->gpu_layers, 0);
  case HEADROOM_SWEEP_THREADS:
    return settings->threads;
  case HEADROOM_SWEEP_NUM_CTX:
  case HEADROOM_SWEEP_NUM_PREDICT:
  case HEADROOM_SWEEP_N_VARIABLES:
    break;
  }
  return settings->num_ctx;
}

static HeadroomTrial
trial_of (const Tune *tune, const Candidate *candidate)
{
  HeadroomTrial trial = tune->options->base;

  for (gsize i = 0; i < tune->options->n_variables; i++)
    trial = headroom_sweep_trial (tune->options->variables[i],
                                  candidate->values[tune->options->variables[i]], &trial);
  return trial;
}

static HrValue *
settings_to_value (const Tune *tune, const Candidate *candidate)
{
  HrValue *dict = hr_value_new_dict ();

  for (gsize i = 0; i < tune->options->n_variables; i++) {
    HeadroomSweepVariable variable = tune->options->variables[i];
    g_autofree char *text = headroom_sweep_format (variable, candidate->values[variable]);
    headroom_json_set_string (dict, headroom_sweep_name (variable), text);
  }
  return dict;
}

/* ---- Trying ---- */

static double
score_of (const Tune *tune, const HeadroomTrialResult *result)
{
  gboolean together = tune->options->base.settings.parallel > 1;
  GArray *values = together ? result->rate : result->total;
  HeadroomSummary summary =
      headroom_summary_of ((const double *) (gpointer) values->data, values->len);
  HeadroomSummary first = headroom_summary_of (
      (const double *) (gpointer) result->first_token->data, result->first_token->len);

  if (summary.n == 0 || summary.p50 <= 0 ||
      (tune->options->max_bytes > 0 && result->planned_bytes > tune->options->max_bytes) ||
      (tune->options->max_first_ms > 0 && first.p50 > tune->options->max_first_ms))
    return INFINITY;
  return together ? 1 / summary.p50 : summary.p50;
}

/* Measures a candidate and appends it to points; what cannot be run says why and is not allowed. */
static gboolean
try (Tune *tune, Candidate *candidate, HrValue *points, GError **error)
{
  HeadroomTrial trial = trial_of (tune, candidate);
  g_auto (HeadroomTrialResult) result = { 0 };
  g_autoptr (GError) problem = NULL;
  gboolean ok = headroom_trial_run (tune->model, &trial, &result, tune->cancellable, &problem);
  HrValue *point = ok ? headroom_trial_result_to_value (&result) : hr_value_new_dict ();

  candidate->score = ok ? score_of (tune, &result) : INFINITY;
  hr_value_set (point, "settings", settings_to_value (tune, candidate));
  if (!ok)
    headroom_json_set_string (point, "error", problem->message);
  headroom_json_set_bool (point, "within_bounds", isfinite (candidate->score));
  hr_value_append (points, point);
  tune->n_done++;
  if (tune->progress != NULL)
    tune->progress (MIN (tune->n_done, tune->n_total), tune->n_total, tune->progress_data);
  if (!ok)
    g_propagate_error (error, g_steal_pointer (&problem));
  return ok;
}

static gint
compare_candidates (gconstpointer a, gconstpointer b)
{
  double x = ((const Candidate *) a)->score, y = ((const Candidate *) b)->score;

  return (x > y) - (x < y);
}

/* One setting over its values; keeps the best in ret_best, the baseline's own among them. */
static void
search_one (Tune *tune, HeadroomSweepVariable variable, HrValue *points, GArray *ret_best)
{
  g_autoptr (GArray) values = headroom_sweep_values (variable, tune->model);

  g_array_append_val (ret_best, tune->baseline);
  for (guint i = 0; i < values->len && !g_cancellable_is_cancelled (tune->cancellable); i++) {
    Candidate candidate = tune->baseline;
    candidate.values[variable] = g_array_index (values, guint32, i);
    if (candidate.values[variable] == tune->baseline.values[variable])
      continue;
    try (tune, &candidate, points, NULL);
    g_array_append_val (ret_best, candidate);
  }
  g_array_sort (ret_best, compare_candidates);
  g_array_set_size (ret_best, MIN (ret_best->len, N_BEST));
}

/* The best values of each setting with those of the others; returns the best of all. */
static Candidate
combine (Tune *tune, GArray **best, HrValue *points)
{
  gsize n = tune->options->n_variables;
  Candidate winner = tune->baseline;

  for (gsize i = 0; i < n; i++) {
    Candidate *first = &g_array_index (best[i], Candidate, 0);
    if (first->score < winner.score)
      winner = *first;
  }
  for (guint mask = 1; n > 1 && mask < MIN (1u << n, MAX_COMBINED); mask++) {
    Candidate candidate = tune->baseline;
    for (gsize i = 0; i < n; i++) {
      HeadroomSweepVariable variable = tune->options->variables[i];
      guint which = (mask >> i & 1) ? 0 : MIN (1, best[i]->len - 1);
      candidate.values[variable] = g_array_index (best[i], Candidate, which).values[variable];
    }
    if (g_cancellable_is_cancelled (tune->cancellable))
      break;
    if (try (tune, &candidate, points, NULL) && candidate.score < winner.score)
      winner = candidate;
  }
  return winner;
}

/* ---- Verification ---- */

static gboolean
measure_once (Tune *tune, const Candidate *candidate, GArray *values, GError **error)
{
  HeadroomTrial trial = trial_of (tune, candidate);
  g_auto (HeadroomTrialResult) result = { 0 };
  double value;

  trial.rounds = 1;
  if (!headroom_trial_run (tune->model, &trial, &result, tune->cancellable, error))
    return FALSE;
  value = score_of (tune, &result);
  if (isfinite (value))
    g_array_append_val (values, value);
  return TRUE;
}

/* Both in turn, so that what else the machine does falls on both. Whether best is better. */
static gboolean
verify (Tune *tune, const Candidate *best, HrValue *ret_report, GError **error)
{
  g_autoptr (GArray) before = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) after = g_array_new (FALSE, FALSE, sizeof (double));
  HeadroomRatio ratio;
  HeadroomOutcome outcome;

  for (guint i = 0; i < VERIFY_ROUNDS; i++)
    if (!measure_once (tune, &tune->baseline, before, error) ||
        !measure_once (tune, best, after, error))
      return FALSE;
  outcome = headroom_outcome_of (before, after, HEADROOM_BETTER_LOWER, &ratio);
  hr_value_set (ret_report, "baseline",
                headroom_summary_to_value (before, "score", HEADROOM_BETTER_LOWER));
  hr_value_set (ret_report, "best",
                headroom_summary_to_value (after, "score", HEADROOM_BETTER_LOWER));
  headroom_json_set_float (ret_report, "ratio", ratio.ratio);
  headroom_json_set_float (ret_report, "low", ratio.low);
  headroom_json_set_float (ret_report, "high", ratio.high);
  headroom_json_set_string (ret_report, "verdict", headroom_outcome_name (outcome));
  return outcome == HEADROOM_OUTCOME_BETTER;
}

static HrValue *
list_changes (const Tune *tune, const Candidate *best)
{
  HrValue *changes = hr_value_new_list ();

  for (gsize i = 0; i < tune->options->n_variables; i++) {
    HeadroomSweepVariable variable = tune->options->variables[i];
    g_autofree char *from = headroom_sweep_format (variable, tune->baseline.values[variable]);
    g_autofree char *to = headroom_sweep_format (variable, best->values[variable]);
    HrValue *change;
    if (best->values[variable] == tune->baseline.values[variable])
      continue;
    change = hr_value_new_dict ();
    headroom_json_set_string (change, "setting", headroom_sweep_name (variable));
    headroom_json_set_string (change, "from", from);
    headroom_json_set_string (change, "to", to);
    hr_value_append (changes, change);
  }
  return changes;
}

/* ---- The whole ---- */

/* What the base's settings come to when nothing is said. */
static gboolean
resolve_baseline (Tune *tune, GError **error)
{
  HeadroomTrial trial =
      headroom_sweep_trial (HEADROOM_SWEEP_N_VARIABLES, 0, &tune->options->base);
  HrDevice host;
  g_autoptr (HrPlan) plan = NULL;

  hr_devices_probe (&host, 1);
  plan = hr_plan_new (tune->model, &trial.settings, &host, 1, error);
  if (plan == NULL)
    return FALSE;
  for (gsize i = 0; i < HEADROOM_SWEEP_N_VARIABLES; i++)
    tune->baseline.values[i] = value_in (hr_plan_get_settings (plan), i);
  return TRUE;
}

static void
count_trials (Tune *tune)
{
  tune->n_total = 1;
  for (gsize i = 0; i < tune->options->n_variables; i++) {
    g_autoptr (GArray) values =
        headroom_sweep_values (tune->options->variables[i], tune->model);
    tune->n_total += values->len;
  }
  if (tune->options->n_variables > 1)
    tune->n_total += MIN (1u << tune->options->n_variables, MAX_COMBINED) - 1;
}

static void
search (Tune *tune, HrValue *report)
{
  GArray *best[HEADROOM_SWEEP_N_VARIABLES] = { NULL };
  HrValue *sweeps = hr_value_new_list ();
  HrValue *combined = hr_value_new_list ();
  HrValue *verification = hr_value_new_dict ();
  g_autoptr (GError) error = NULL;
  Candidate winner;

  for (gsize i = 0; i < tune->options->n_variables; i++) {
    best[i] = g_array_new (FALSE, FALSE, sizeof (Candidate));
    search_one (tune, tune->options->variables[i], sweeps, best[i]);
  }
  winner = combine (tune, best, combined);
  for (gsize i = 0; i < tune->options->n_variables; i++)
    g_array_unref (best[i]);
  hr_value_set (report, "sweeps", sweeps);
  hr_value_set (report, "combined", combined);
  if (winner.score < tune->baseline.score && verify (tune, &winner, verification, &error))
    hr_value_set (report, "changes", list_changes (tune, &winner));
  hr_value_set (report, "verification", verification);
  if (error != NULL)
    headroom_json_set_string (report, "error", error->message);
}

HrValue *
headroom_tune_run (HrModel *model, const HeadroomTuneOptions *options,
                   HeadroomBenchProgressFunc progress, gpointer data, GCancellable *cancellable,
                   GError **error)
{
  Tune tune = { .model = model, .options = options, .cancellable = cancellable,
                .progress = progress, .progress_data = data };
  g_autoptr (HrValue) report = hr_value_new_dict ();
  HrValue *points = hr_value_new_list ();

  hr_value_set (report, "baseline", points);
  if (!resolve_baseline (&tune, error))
    return NULL;
  count_trials (&tune);
  if (!try (&tune, &tune.baseline, points, error))
    return NULL;
  hr_value_set (report, "changes", hr_value_new_list ());
  search (&tune, report);
  headroom_json_set_bool (report, "complete",
                          !g_cancellable_is_cancelled (cancellable) &&
                              hr_value_lookup (report, "error") == NULL);
  return g_steal_pointer (&report);
}
