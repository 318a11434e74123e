/* headroom-contender-row.h: one model that competes for memory, and how often it is asked.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signals: "changed": another choice; "removed": a person does not want it any more.
 */
#pragma once

#include "headroom-what-if.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_CONTENDER_ROW (headroom_contender_row_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomContenderRow, headroom_contender_row, HEADROOM, CONTENDER_ROW, AdwExpanderRow)

GtkWidget *headroom_contender_row_new        (const char           *model,
                                              guint                 every_seconds);
void       headroom_contender_row_set_models (HeadroomContenderRow *self,
                                              GtkStringList        *models);
void       headroom_contender_row_add_to     (HeadroomContenderRow *self,
                                              HeadroomWhatIf       *what_if);

G_END_DECLS
