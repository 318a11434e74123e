/* headroom-log-group.h: the last requests that the server has answered, newest first.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-json.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_LOG_GROUP (headroom_log_group_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomLogGroup, headroom_log_group, HEADROOM, LOG_GROUP,
                      AdwPreferencesGroup)

GtkWidget *headroom_log_group_new          (void);
void       headroom_log_group_set_requests (HeadroomLogGroup *self,
                                            const HrValue    *recent);

G_END_DECLS
