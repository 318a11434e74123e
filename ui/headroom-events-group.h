/* headroom-events-group.h: what happened to the memory and why, newest first.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-json.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_EVENTS_GROUP (headroom_events_group_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomEventsGroup, headroom_events_group, HEADROOM, EVENTS_GROUP,
                      AdwPreferencesGroup)

GtkWidget *headroom_events_group_new        (void);
void       headroom_events_group_set_events (HeadroomEventsGroup *self,
                                             const HrValue       *events);
void       headroom_events_group_set_origin (HeadroomEventsGroup *self,
                                             gint64               origin_us);

G_END_DECLS
