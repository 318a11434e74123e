/* headroom-residents-group.h: the models that are in memory, for how long, and what they are doing.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signal "keep" (model, keep_alive): a person wants a model to stay ("-1"), to go when it is idle
 * for a while ("5m"), or at once
 * ("0").
 */
#pragma once

#include "headroom-json.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_RESIDENTS_GROUP (headroom_residents_group_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomResidentsGroup, headroom_residents_group, HEADROOM, RESIDENTS_GROUP,
                      AdwPreferencesGroup)

GtkWidget *headroom_residents_group_new        (void);
void       headroom_residents_group_set_models (HeadroomResidentsGroup *self,
                                                const HrValue          *models,
                                                const HrValue          *requests,
                                                gint64                  now_us);

G_END_DECLS
