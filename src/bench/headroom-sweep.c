/* headroom-sweep.c: see headroom-sweep.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-sweep.h"

#include "headroom-json.h"

#include <glib/gi18n.h>

#define SMALLEST_CTX 512
/* Room besides prompt and answer: the first token comes with the prompt's last. */
#define SPARE_POSITIONS 2

static const char *const names[] = { "num_ctx",  "num_batch",  "num_predict", "parallel",
                                     "kv_type", "gpu_layers", "threads" };
G_STATIC_ASSERT (G_N_ELEMENTS (names) == HEADROOM_SWEEP_N_VARIABLES);

const char *
headroom_sweep_name (HeadroomSweepVariable variable)
{
  return names[variable];
}

gboolean
headroom_sweep_parse (const char *name, HeadroomSweepVariable *ret_variable)
{
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (name, names[i])) {
      *ret_variable = i;
      return TRUE;
    }
  return FALSE;
}

/* ---- Values ---- */

/* from, doubled up to most, and most itself. */
static void
add_doubled (GArray *values, guint32 from, guint32 most)
{
  for (guint32 value = from; value < most; value *= 2)
    g_array_append_val (values, value);
  g_array_append_val (values, most);
}

GArray *
headroom_sweep_values (HeadroomSweepVariable variable, HrModel *model)
{
  const HrModelInfo *info = hr_model_get_info (model);
  GArray *values = g_array_new (FALSE, FALSE, sizeof (guint32));
  HrKvType types[] = { HR_KV_F32, HR_KV_F16, HR_KV_Q8_0, HR_KV_Q4_0 };

  switch (variable) {
  case HEADROOM_SWEEP_NUM_CTX:
    add_doubled (values, SMALLEST_CTX, MAX (info->n_ctx_train, SMALLEST_CTX));
    break;
  case HEADROOM_SWEEP_NUM_BATCH:
    add_doubled (values, 32, 2048);
    break;
  case HEADROOM_SWEEP_NUM_PREDICT:
    add_doubled (values, 64, 1024);
    break;
  case HEADROOM_SWEEP_PARALLEL:
    add_doubled (values, 1, 8);
    break;
  case HEADROOM_SWEEP_KV_TYPE:
    for (gsize i = 0; i < G_N_ELEMENTS (types); i++) {
      guint32 type = types[i];
      g_array_append_val (values, type);
    }
    break;
  case HEADROOM_SWEEP_GPU_LAYERS:
    add_doubled (values, 1, MAX (info->n_layer, 2));
    break;
  case HEADROOM_SWEEP_THREADS:
    add_doubled (values, 1, MAX (hr_cpu_count (), 1));
    break;
  case HEADROOM_SWEEP_N_VARIABLES:
    g_assert_not_reached ();
  }
  return values;
}

char *
headroom_sweep_format (HeadroomSweepVariable variable, guint32 value)
{
  return variable == HEADROOM_SWEEP_KV_TYPE ? g_strdup (hr_kv_type_name (value))
                                            : g_strdup_printf ("%u", value);
}

/* ---- Points ---- */

HeadroomTrial
headroom_sweep_trial (HeadroomSweepVariable variable, guint32 value, const HeadroomTrial *base)
{
  HeadroomTrial trial = *base;
  HrSettings *settings = &trial.settings;

  if (variable == HEADROOM_SWEEP_NUM_PREDICT) {
    trial.num_predict = value;
    trial.may_stop = TRUE;
  }
  settings->num_ctx = MAX (settings->num_ctx,
                           trial.n_prompt + (guint32) trial.num_predict + SPARE_POSITIONS);
  switch (variable) {
  case HEADROOM_SWEEP_NUM_CTX:
    settings->num_ctx = value;
    trial.num_predict = MIN (trial.num_predict, value / 2);
    trial.n_prompt = value - (guint32) trial.num_predict - SPARE_POSITIONS;
    break;
  case HEADROOM_SWEEP_NUM_BATCH:
    settings->num_batch = value;
    break;
  case HEADROOM_SWEEP_PARALLEL:
    settings->parallel = value;
    break;
  case HEADROOM_SWEEP_KV_TYPE:
    settings->kv_type = value;
    break;
  case HEADROOM_SWEEP_GPU_LAYERS:
    settings->gpu_layers = (gint32) value;
    break;
  case HEADROOM_SWEEP_THREADS:
    settings->threads = value;
    break;
  case HEADROOM_SWEEP_NUM_PREDICT:
  case HEADROOM_SWEEP_N_VARIABLES:
    break;
  }
  return trial;
}

static gboolean
check_time (HrModel *model, const HeadroomTrial *trial, double limit_s, GError **error)
{
  double seconds;

  if (!headroom_trial_predict (model, trial, &seconds, error))
    return FALSE;
  if (limit_s <= 0 || seconds <= limit_s)
    return TRUE;
  g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS,
               _("left out: it would take about %.0f s, longer than the limit of %.0f s"),
               seconds, limit_s);
  return FALSE;
}

static HrValue *
run_point (HrModel *model, const HeadroomTrial *trial, double limit_s, GCancellable *cancellable)
{
  g_auto (HeadroomTrialResult) result = { 0 };
  g_autoptr (GError) error = NULL;
  HrValue *point;

  if (check_time (model, trial, limit_s, &error) &&
      headroom_trial_run (model, trial, &result, cancellable, &error))
    return headroom_trial_result_to_value (&result);
  point = hr_value_new_dict ();
  headroom_json_set_string (point, "error", error->message);
  return point;
}

/* What all points have in common, but for the variable; 0: as the engine chooses. */
static HrValue *
settings_to_value (const HeadroomTrial *base)
{
  HrValue *dict = hr_value_new_dict ();

  headroom_json_set_int (dict, "prompt_tokens", base->n_prompt);
  headroom_json_set_int (dict, "num_predict", base->num_predict);
  headroom_json_set_int (dict, "rounds", base->rounds);
  headroom_json_set_int (dict, "num_ctx", base->settings.num_ctx);
  headroom_json_set_int (dict, "parallel", base->settings.parallel);
  headroom_json_set_int (dict, "threads", base->settings.threads);
  headroom_json_set_string (dict, "kv_type", hr_kv_type_name (base->settings.kv_type));
  return dict;
}

HrValue *
headroom_sweep_run (HrModel *model, HeadroomSweepVariable variable, const GArray *values,
                    const HeadroomTrial *base, double limit_s, HeadroomBenchProgressFunc progress,
                    gpointer data, GCancellable *cancellable)
{
  HrValue *report = hr_value_new_dict ();
  HrValue *points = hr_value_new_list ();

  headroom_json_set_string (report, "variable", names[variable]);
  hr_value_set (report, "settings", settings_to_value (base));
  for (guint i = 0; i < values->len && !g_cancellable_is_cancelled (cancellable); i++) {
    guint32 value = g_array_index (values, guint32, i);
    HeadroomTrial trial = headroom_sweep_trial (variable, value, base);
    g_autofree char *text = headroom_sweep_format (variable, value);
    HrValue *point = run_point (model, &trial, limit_s, cancellable);
    headroom_json_set_string (point, "value", text);
    hr_value_append (points, point);
    if (progress != NULL)
      progress (i + 1, values->len, data);
  }
  headroom_json_set_bool (report, "complete", !g_cancellable_is_cancelled (cancellable));
  hr_value_set (report, "points", points);
  return report;
}
