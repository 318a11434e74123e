/* headroom-choice-row.h: a row that offers a few values by name.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A value is text, as requests and files say it. The property "selected" is notified with
 * every choice.
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_CHOICE_ROW (headroom_choice_row_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomChoiceRow, headroom_choice_row, HEADROOM, CHOICE_ROW, AdwComboRow)

GtkWidget  *headroom_choice_row_new             (const char        *title);
void        headroom_choice_row_add             (HeadroomChoiceRow *self,
                                                 const char        *value,
                                                 const char        *label);
void        headroom_choice_row_add_keep_alives (HeadroomChoiceRow *self);
const char *headroom_choice_row_get_value       (HeadroomChoiceRow *self);
guint       headroom_choice_row_get_number      (HeadroomChoiceRow *self);
gboolean    headroom_choice_row_choose          (HeadroomChoiceRow *self,
                                                 const char        *value);

G_END_DECLS
