/* headroom-plan.h: the plan that a model is loaded with, for whoever loads it or only asks.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

/**
 * headroom_plan_new:
 * @model: a model
 * @settings: what was asked for; fields that are 0 were not said
 * @devices: (array length=n_devices): where it is to run
 * @n_devices: how many
 * @error: return location for an error
 *
 * Plans as the loader does: a num_ctx beyond what the model was trained for is cut to that, and parallel that nobody chose
 * is 4 where that fits, else 1. Thread-safety: Safe.
 *
 * Returns: (transfer full): the plan, or %NULL with @error set; see hr_plan_new()
 */
HrPlan *headroom_plan_new (HrModel *model, const HrSettings *settings, const HrDevice *devices, gsize n_devices, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
