/* headroom-what-if-form.h: what a person would like to know: on which machine, which models, asked
 * how often.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signal "changed": another choice.
 */
#pragma once

#include "headroom-memory.h"
#include "headroom-what-if.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_WHAT_IF_FORM (headroom_what_if_form_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomWhatIfForm, headroom_what_if_form, HEADROOM, WHAT_IF_FORM, GtkBox)

GtkWidget *headroom_what_if_form_new (void);
void headroom_what_if_form_set_models (HeadroomWhatIfForm *self, GListModel *models);
void headroom_what_if_form_set_devices (HeadroomWhatIfForm *self,
                                        const HeadroomMemoryDevice *devices, gsize n_devices);
const char *headroom_what_if_form_get_shipped (HeadroomWhatIfForm *self);
HeadroomWhatIf *headroom_what_if_form_dup_chosen (
    HeadroomWhatIfForm *self, const char **ret_problem) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
