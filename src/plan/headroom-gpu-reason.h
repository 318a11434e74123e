/* headroom-gpu-reason.h: why a model, or a part of it, is not on a GPU.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pure but for asking, once per process, which GPUs this machine has. Thread-safety: Safe.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

/**
 * headroom_gpu_reason:
 * @plan: a plan
 * @here: whether the plan is for this machine, not for one that is only described
 *
 * Returns: (transfer full) (nullable): a sentence about the layers that are not on a GPU, or %NULL
 *   where all of them are, or where the machine that is described has none
 */
char *headroom_gpu_reason (const HrPlan *plan, gboolean here) G_GNUC_WARN_UNUSED_RESULT;

/* The GPUs of this machine, each with whether it is used and why not. */
HrValue *headroom_gpus_to_json (void) G_GNUC_WARN_UNUSED_RESULT;

/* Adds "gpu_why" and, for this machine, "gpus" to what a plan says. */
void headroom_gpu_add_to_json (HrValue *json, const HrPlan *plan, gboolean here);

G_END_DECLS
