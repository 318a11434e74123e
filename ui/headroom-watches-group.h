/* headroom-watches-group.h: what is watched, how it went, and from where on people want to be told.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signal "threshold" (code, value): a person sets another threshold.
 */
#pragma once

#include "headroom-json.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_WATCHES_GROUP (headroom_watches_group_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomWatchesGroup, headroom_watches_group, HEADROOM, WATCHES_GROUP, AdwPreferencesGroup)

GtkWidget *headroom_watches_group_new         (void);
void       headroom_watches_group_set_watches (HeadroomWatchesGroup *self,
                                               const HrValue        *watches);
/* What the first watch that is crossed says, with advice; NULL: none is. */
char      *headroom_watches_dup_warning       (const HrValue        *watches) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
