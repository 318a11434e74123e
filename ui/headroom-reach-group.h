/* headroom-reach-group.h: who may connect to the server, and what for.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The signal "chosen" has the choice as requests say it: "computer" or "network".
 */
#pragma once

#include <adwaita.h>

#include "hr.h"

G_BEGIN_DECLS

#define HEADROOM_TYPE_REACH_GROUP (headroom_reach_group_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomReachGroup, headroom_reach_group, HEADROOM, REACH_GROUP,
                      AdwPreferencesGroup)

GtkWidget *headroom_reach_group_new           (void);
void       headroom_reach_group_set_listening (HeadroomReachGroup *self,
                                               const HrValue      *listening);

G_END_DECLS
