/* headroom-model-chooser.h: chooses one of the models.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The property "model" is the chosen model's name. The list is filled by whoever knows the models.
 */
#pragma once

#include "headroom-model-item.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_MODEL_CHOOSER (headroom_model_chooser_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomModelChooser, headroom_model_chooser, HEADROOM, MODEL_CHOOSER,
                      GtkWidget)

void               headroom_model_chooser_set_models  (HeadroomModelChooser *self,
                                                       GListModel           *models);
HeadroomModelItem *headroom_model_chooser_get_chosen  (HeadroomModelChooser *self);
const char        *headroom_model_chooser_get_model   (HeadroomModelChooser *self);
gboolean           headroom_model_chooser_choose      (HeadroomModelChooser *self,
                                                       const char           *name);
void               headroom_model_chooser_popup       (HeadroomModelChooser *self);

G_END_DECLS
