/* headroom-resident-row.h: one model in memory: what it takes, what its slots hold, who uses
 * it, and for how long it stays.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signal "keep" (model, keep_alive): a person wants it to stay ("-1"), to go when it was idle
 * for a while ("5m"), or at once ("0").
 */
#pragma once

#include "headroom-json.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_RESIDENT_ROW (headroom_resident_row_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomResidentRow, headroom_resident_row, HEADROOM, RESIDENT_ROW, AdwExpanderRow)

GtkWidget *headroom_resident_row_new       (void);
void       headroom_resident_row_set_model (HeadroomResidentRow *self,
                                            const HrValue       *model,
                                            const HrValue       *requests,
                                            gint64               now_us);

G_END_DECLS
