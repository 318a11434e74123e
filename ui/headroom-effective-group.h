/* headroom-effective-group.h: the settings that hold for the chosen model, who set each, and what
 * that overrode.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-client.h"
#include "headroom-json.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_EFFECTIVE_GROUP (headroom_effective_group_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomEffectiveGroup, headroom_effective_group, HEADROOM, EFFECTIVE_GROUP,
                      AdwPreferencesGroup)

GtkWidget *headroom_effective_group_new          (void);
void       headroom_effective_group_ask          (HeadroomEffectiveGroup *self,
                                                  HeadroomClient         *client,
                                                  const char             *body,
                                                  const char             *last_event);
void       headroom_effective_group_set_settings (HeadroomEffectiveGroup *self,
                                                  const HrValue          *effective);

G_END_DECLS
