/* headroom-bench-share.c: see headroom-bench-share.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-bench-share.h"

#include "headroom-gpu-rates.h"

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

/* Seconds that GPUs would take to read what a step reads of their memory and do nothing else. */
static double
gpu_seconds (const HrPlan *plan, const HrStepCost *costs)
{
  HrGpu gpus[HR_MAX_GPUS];
  gsize n = hr_gpus_find (gpus, HR_MAX_GPUS, NULL);
  HrGpuRates rates;
  double seconds = 0;

  for (gsize d = 0; d < hr_plan_n_devices (plan); d++) {
    guint32 gpu = hr_plan_get_device (plan, d)->gpu;
    if (gpu == 0 || costs[d].bytes <= 0)
      continue;
    if (gpu > n || !headroom_gpu_rates_get (&gpus[gpu - 1], &rates))
      return 0;
    seconds += costs[d].bytes / rates.bandwidth;
  }
  return seconds;
}

HeadroomBenchShare
headroom_bench_share (const HrPlan *plan, const HrModelInfo *info, const HrMachineRates *machine,
                      const HeadroomBenchCase *c, double rate)
{
  HrStepShape shape = shape_of (c, hr_plan_get_settings (plan)->num_batch);
  g_autofree HrStepCost *costs = g_new0 (HrStepCost, hr_plan_n_devices (plan));
  double steps = rate / shape.n_tokens, peak = peak_of (info, machine);

  hr_plan_predict_step (plan, &shape, costs);
  return (HeadroomBenchShare){
    .read = machine->read > 0 ? costs[0].bytes * steps / machine->read : 0,
    .gpu_read = gpu_seconds (plan, costs) * steps,
    .compute = peak > 0 ? costs[0].operations * steps / peak : 0,
  };
}
