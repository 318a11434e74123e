/* predict.h: predictions, inside the engine.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "plan/plan.h"

/* What a step moves and computes on each device, with a rough figure of its time; see
 * hr_plan_predict_step. Cheap enough for every step. */
bool hr_plan_count_step(const HrPlan *plan, const HrStepShape *shape, HrStepCost *costs);

/* Seconds that the host works for a step, which moves bytes there. plan has a program, and its host
 * was measured (HrKernelRates). */
double hr_predict_host(const HrPlan *plan, const HrStepShape *shape, double bytes);
