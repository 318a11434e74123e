/* headroom-trial.c: see headroom-trial.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-trial.h"

#include "headroom-device-spec.h"
#include "headroom-footprint.h"
#include "headroom-json.h"
#include "headroom-machine-rates.h"
#include "headroom-predict.h"
#include "headroom-questions.h"
#include "headroom-streams.h"
#include "headroom-summary.h"

#define MAX_DEVICES 16
#define SEED 1 /* the same prompts every time */

/* ---- Loading ---- */

static HrPlan *
plan_for (HrModel *model, const HeadroomTrial *trial, GError **error)
{
  HrDevice devices[MAX_DEVICES];
  gsize n = hr_devices_probe (devices, MAX_DEVICES);

  if (!hr_model_is_runnable (model, error))
    return NULL;
  headroom_machine_rates_load (&devices[0].rates);
  headroom_device_assume_rates (&devices[0]);
  return hr_plan_new (model, &trial->settings, devices, n, error);
}

gboolean
headroom_trial_predict (HrModel *model, const HeadroomTrial *trial, double *ret_seconds,
                        GError **error)
{
  g_autoptr (HrPlan) plan = plan_for (model, trial, error);
  HeadroomPrediction predicted;
  guint32 n_slots;
  double seconds;

  if (plan == NULL || !hr_plan_fits (plan, error))
    return FALSE;
  n_slots = hr_plan_get_settings (plan)->parallel;
  predicted = headroom_predict (plan, MAX (trial->n_prompt, 1), 0, 1);
  seconds = predicted.first_token_ms * n_slots / 1e3;
  predicted = headroom_predict (plan, 1, trial->n_prompt + trial->num_predict / 2, n_slots);
  if (predicted.tokens_per_second > 0)
    seconds += (double) trial->num_predict / predicted.tokens_per_second;
  *ret_seconds = seconds * trial->rounds * (trial->may_stop ? HEADROOM_QUESTIONS_N : 1);
  return TRUE;
}

/* ---- Timing ---- */

static void
add (GArray *values, double value)
{
  g_array_append_val (values, value);
}

static double
ms_since (gint64 begin_us, gint64 end_us)
{
  return (double) (end_us - begin_us) / 1e3;
}

static void
note_answer (HeadroomTrialResult *result, const HeadroomStream *stream)
{
  guint n = stream->times_us->len;
  gint64 first, last;

  result->n_answers++;
  result->n_stopped += stream->reason == HR_DONE_STOP;
  result->n_tokens += stream->timings.n_generated;
  if (n == 0)
    return;
  first = g_array_index (stream->times_us, gint64, 0);
  last = g_array_index (stream->times_us, gint64, n - 1);
  add (result->first_token, ms_since (stream->begin_us, first));
  add (result->total, ms_since (stream->begin_us, last));
  if (n > 1)
    add (result->per_token, ms_since (first, last) / (n - 1));
}

/* What one stream reads: random tokens, or a question that fits into the context with its answer.
 */
static GArray *
prompt_of (HrRunner *runner, const HeadroomTrial *trial, guint number, GRand *rand, GError **error)
{
  GArray *tokens;
  guint room = hr_plan_get_settings (hr_runner_get_plan (runner))->num_ctx - 1;

  if (!trial->may_stop || !hr_model_has_tokenizer (hr_runner_get_model (runner), NULL))
    return headroom_streams_draw (runner, rand, MAX (trial->n_prompt, 1));
  tokens = headroom_questions_tokens (hr_runner_get_model (runner), number, error);
  if (tokens != NULL && tokens->len > room)
    g_array_set_size (tokens, room);
  return tokens;
}

/* number: of the first stream's question */
static gboolean
run_round (HrRunner *runner, const HeadroomTrial *trial, guint n_streams, guint number, GRand *rand,
           HeadroomTrialResult *result, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) prompts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  g_autofree HeadroomStream *streams = g_new0 (HeadroomStream, n_streams);
  HeadroomStreamOptions options = { trial->num_predict, !trial->may_stop };
  gboolean ok;

  for (guint i = 0; i < n_streams; i++) {
    GArray *prompt = prompt_of (runner, trial, number + i, rand, error);
    if (prompt == NULL)
      return FALSE;
    g_ptr_array_add (prompts, prompt);
  }
  ok = headroom_streams_run (runner, (GArray **) prompts->pdata, n_streams, &options, streams,
                             cancellable, error);
  for (guint i = 0; ok && i < n_streams; i++)
    note_answer (result, &streams[i]);
  if (ok)
    add (result->rate, headroom_streams_rate (streams, n_streams));
  headroom_streams_clear (streams, n_streams);
  return ok;
}

static void
result_init (HeadroomTrialResult *result)
{
  *result = (HeadroomTrialResult){ .first_token = g_array_new (FALSE, FALSE, sizeof (double)),
                                   .per_token = g_array_new (FALSE, FALSE, sizeof (double)),
                                   .total = g_array_new (FALSE, FALSE, sizeof (double)),
                                   .rate = g_array_new (FALSE, FALSE, sizeof (double)) };
}

gboolean
headroom_trial_run (HrModel *model, const HeadroomTrial *trial, HeadroomTrialResult *ret_result,
                    GCancellable *cancellable, GError **error)
{
  guint64 before = headroom_footprint_measure ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (SEED);
  HrPlan *plan = plan_for (model, trial, error);
  g_autoptr (HrRunner) runner = NULL;
  guint32 n_rounds = trial->rounds * (trial->may_stop ? HEADROOM_QUESTIONS_N : 1), n_streams;
  guint64 after;

  result_init (ret_result);
  if (plan == NULL)
    return FALSE;
  ret_result->planned_bytes = hr_plan_get_bytes (plan, HR_ITEM_N_KINDS);
  runner = hr_runner_new (model, plan, FALSE, NULL, NULL, error);
  hr_plan_unref (plan);
  if (runner == NULL)
    return FALSE;
  n_streams = hr_plan_get_settings (hr_runner_get_plan (runner))->parallel;
  for (guint32 i = 0; i < n_rounds; i++)
    if (!run_round (runner, trial, n_streams, i * n_streams, rand, ret_result, cancellable, error))
      return FALSE;
  after = headroom_footprint_measure ();
  ret_result->seen_bytes = after > before ? after - before : 0;
  return TRUE;
}

void
headroom_trial_result_clear (HeadroomTrialResult *result)
{
  g_clear_pointer (&result->first_token, g_array_unref);
  g_clear_pointer (&result->per_token, g_array_unref);
  g_clear_pointer (&result->total, g_array_unref);
  g_clear_pointer (&result->rate, g_array_unref);
}

HrValue *
headroom_trial_result_to_value (const HeadroomTrialResult *result)
{
  HrValue *dict = hr_value_new_dict ();
  HrValue *memory = hr_value_new_dict ();
  HrValue *reasons = hr_value_new_dict ();

  hr_value_set (dict, "first_token",
                headroom_summary_to_value (result->first_token, "ms", HEADROOM_BETTER_LOWER));
  hr_value_set (dict, "per_token",
                headroom_summary_to_value (result->per_token, "ms", HEADROOM_BETTER_LOWER));
  hr_value_set (dict, "total",
                headroom_summary_to_value (result->total, "ms", HEADROOM_BETTER_LOWER));
  hr_value_set (dict, "rate",
                headroom_summary_to_value (result->rate, "tokens_per_sec",
                                           HEADROOM_BETTER_HIGHER));
  headroom_json_set_int (memory, "planned_bytes", (gint64) result->planned_bytes);
  headroom_json_set_int (memory, "seen_bytes", (gint64) result->seen_bytes);
  hr_value_set (dict, "memory", memory);
  headroom_json_set_int (dict, "answers", result->n_answers);
  headroom_json_set_int (dict, "stopped", result->n_stopped);
  headroom_json_set_int (reasons, "stop", result->n_stopped);
  headroom_json_set_int (reasons, "length", result->n_answers - result->n_stopped);
  hr_value_set (dict, "finish_reasons", reasons);
  headroom_json_set_float (dict, "completeness",
                           result->n_answers > 0 ? (double) result->n_stopped / result->n_answers
                                                 : 0);
  return dict;
}
