/* headroom-predict.c: see headroom-predict.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-predict.h"

static double
step_seconds (const HrPlan *plan, const HrStepShape *shape)
{
  HrStepCost costs[HR_MAX_DEVICES];
  double seconds = 0;

  if (!hr_plan_predict_step (plan, shape, costs))
    return 0;
  for (gsize d = 0; d < hr_plan_n_devices (plan); d++)
    seconds += costs[d].seconds;
  return seconds;
}

/* Reading a prompt step by step; a long one is taken at its first, middle and last step. */
static double
prompt_seconds (const HrPlan *plan, guint32 n_prompt, guint32 depth)
{
  guint32 batch = MIN (n_prompt, hr_plan_get_settings (plan)->num_batch), last = n_prompt - batch;
  HrStepShape shape = { .n_tokens = batch, .n_slots = 1, .n_outputs = 1 };
  double seconds = 0;

  for (guint32 i = 0; i < 3; i++) {
    shape.depth = depth + last / 2 * i;
    seconds += step_seconds (plan, &shape) / 3;
  }
  return seconds * n_prompt / batch;
}

HeadroomPrediction
headroom_predict (const HrPlan *plan, guint32 n_prompt, guint32 depth, guint32 n_slots)
{
  HrStepShape one = {
    .n_tokens = n_slots, .n_slots = n_slots, .n_outputs = n_slots, .depth = depth + n_prompt
  };
  HeadroomPrediction prediction = { 0 };
  double read = prompt_seconds (plan, MAX (n_prompt, 1), depth),
         generate = step_seconds (plan, &one);

  if (read <= 0 || generate <= 0)
    return prediction;
  prediction.prompt_tokens_per_second = MAX (n_prompt, 1) / read;
  prediction.tokens_per_second = 1 / generate;
  prediction.first_token_ms = read * 1000;
  return prediction;
}

gboolean
headroom_predict_time_shares (const HrPlan *plan, double *ret_shares)
{
  guint32 num_ctx = hr_plan_get_settings (plan)->num_ctx;
  HrStepShape shape = {
    .n_tokens = 1, .n_slots = 1, .n_outputs = 1, .depth = MIN (num_ctx, HEADROOM_USUAL_PROMPT)
  };
  HrStepCost costs[HR_MAX_DEVICES];
  double seconds = step_seconds (plan, &shape);

  if (seconds <= 0 || !hr_plan_predict_step (plan, &shape, costs))
    return FALSE;
  for (gsize d = 0; d < hr_plan_n_devices (plan); d++)
    ret_shares[d] = costs[d].seconds / seconds;
  return TRUE;
}
