/* headroom-cost-group.h: the settings that decide how much memory a model takes, each with its
 * price.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Moving a slider changes a preview and nothing else; "Apply" stores what is chosen, and the signal
 * "apply" asks the owner to bring a loaded model to it.
 */
#pragma once

#include "headroom-preset-group.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_COST_GROUP (headroom_cost_group_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomCostGroup, headroom_cost_group, HEADROOM, COST_GROUP,
                      AdwPreferencesGroup)

GtkWidget *headroom_cost_group_new    (GSettings            *settings,
                                       HeadroomPlanPreview  *preview);
void       headroom_cost_group_choose (HeadroomCostGroup    *self,
                                       const HeadroomPreset *preset);
void       headroom_cost_group_apply  (HeadroomCostGroup    *self);

G_END_DECLS
