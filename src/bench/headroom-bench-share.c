/* headroom-bench-share.c: see headroom-bench-share.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-bench-share.h"

/* A step of the case: of generating, or as much of a prompt as is read at once. */
static HrStepShape
shape_of (const HeadroomBenchCase *c, guint32 num_batch)
{
  guint32 n_tokens = c->n_gen > 0 ? c->n_streams : MIN (c->n_prompt, num_batch);

  return (HrStepShape) {
    .n_tokens = n_tokens,
    .n_slots = c->n_gen > 0 ? c->n_streams : 1,
    .n_outputs = c->n_gen > 0 ? c->n_streams : 1,
    .depth = c->n_depth + (c->n_gen > 0 ? c->n_gen : c->n_prompt - n_tokens) / 2,
  };
}

static double
peak_of (const HrModelInfo *info, const HrMachineRates *machine)
{
  gboolean floats =
      g_str_has_prefix (info->file_type, "F") || g_str_has_prefix (info->file_type, "BF");

  return floats || machine->int8 <= 0 ? machine->float32 : machine->int8;
}

HeadroomBenchShare
headroom_bench_share (const HrPlan *plan, const HrModelInfo *info, const HrMachineRates *machine,
                      const HeadroomBenchCase *c, double rate)
{
  HrStepShape shape = shape_of (c, hr_plan_get_settings (plan)->num_batch);
  g_autofree HrStepCost *costs = g_new0 (HrStepCost, hr_plan_n_devices (plan));
  double steps = rate / shape.n_tokens, peak = peak_of (info, machine);

  hr_plan_predict_step (plan, &shape, costs);
  return (HeadroomBenchShare) {
    .read = machine->read > 0 ? costs[0].bytes * steps / machine->read : 0,
    .compute = peak > 0 ? costs[0].operations * steps / peak : 0,
  };
}
