/* headroom-requests-group.h: the answers that are on their way, and a button to stop each.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signal "stop" (id, a guint64).
 */
#pragma once

#include "headroom-json.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_REQUESTS_GROUP (headroom_requests_group_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomRequestsGroup, headroom_requests_group, HEADROOM, REQUESTS_GROUP,
                      AdwPreferencesGroup)

GtkWidget *headroom_requests_group_new          (void);
void       headroom_requests_group_set_requests (HeadroomRequestsGroup *self,
                                                 const HrValue         *requests);

G_END_DECLS
