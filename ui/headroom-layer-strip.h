/* headroom-layer-strip.h: one cell per layer of a model, on the device that holds it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Devices differ by pattern as well as by colour. To assistive technologies it is an image whose
 * description counts the layers.
 */
#pragma once

#include "hr.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_LAYER_STRIP (headroom_layer_strip_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomLayerStrip, headroom_layer_strip, HEADROOM, LAYER_STRIP, GtkWidget)

GtkWidget  *headroom_layer_strip_new      (void);
void        headroom_layer_strip_set_plan (HeadroomLayerStrip *self,
                                           HrPlan             *plan);
const char *headroom_layer_strip_get_text (HeadroomLayerStrip *self);

G_END_DECLS
