/* headroom-plan.c: see headroom-plan.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-plan.h"

/* Slots of a model where nobody said how many: enough for a person and a few programs, and little of a paged cache. */
#define DEFAULT_PARALLEL 4

HrPlan *
headroom_plan_new (HrModel *model, const HrSettings *asked, const HrDevice *devices, gsize n_devices, GError **error)
{
  HrSettings settings = *asked;
  guint32 n_ctx_train = hr_model_get_info (model)->n_ctx_train;
  g_autoptr (HrPlan) plan = NULL;

  if (n_ctx_train > 0)
    settings.num_ctx = MIN (settings.num_ctx, n_ctx_train);
  settings.parallel = asked->parallel > 0 ? asked->parallel : DEFAULT_PARALLEL;
  plan = hr_plan_new (model, &settings, devices, n_devices, error);
  if (plan == NULL || asked->parallel > 0 || hr_plan_fits (plan, NULL))
    return g_steal_pointer (&plan);
  settings.parallel = 1;
  return hr_plan_new (model, &settings, devices, n_devices, error);
}
