/* headroom-layer-strip.h: one cell per layer of a model, on the device that holds it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Devices differ by pattern as well as by colour. Where there is a graphics card, the boundary
 * between what it has, the last layers, and the rest can be moved, by pointer and by keys: to
 * assistive technologies it is a slider. Otherwise it is one that cannot be moved, whose
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
