/* headroom-sum-group.h: where the memory of a model goes, as a sum that a person can check.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "hr.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_SUM_GROUP (headroom_sum_group_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomSumGroup, headroom_sum_group, HEADROOM, SUM_GROUP,
                      AdwPreferencesGroup)

GtkWidget *headroom_sum_group_new      (void);
void       headroom_sum_group_set_plan (HeadroomSumGroup *self,
                                        HrModel          *model,
                                        HrPlan           *plan);

G_END_DECLS
