/* headroom-slider-row.h: a setting in a list, chosen on a slider with stops.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Title and chosen value over the slider, and below it a line that says what the choice costs. The
 * property "value" changes while the thumb is dragged.
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_SLIDER_ROW (headroom_slider_row_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomSliderRow, headroom_slider_row, HEADROOM, SLIDER_ROW,
                      AdwPreferencesRow)

/* The text of a value, (transfer full). */
typedef char *(*HeadroomSliderFormat) (guint value, gpointer data);

GtkWidget *headroom_slider_row_new         (const char           *title);
void       headroom_slider_row_set_format  (HeadroomSliderRow    *self,
                                            HeadroomSliderFormat  format,
                                            gpointer              data);
void       headroom_slider_row_set_stops   (HeadroomSliderRow    *self,
                                            const guint          *stops,
                                            gsize                 n_stops);
void       headroom_slider_row_set_value   (HeadroomSliderRow    *self,
                                            guint                 value);
guint      headroom_slider_row_get_value   (HeadroomSliderRow    *self);
void       headroom_slider_row_set_cost    (HeadroomSliderRow    *self,
                                            const char           *text,
                                            gboolean              is_problem);
const char *headroom_slider_row_get_cost   (HeadroomSliderRow    *self);
void       headroom_slider_row_add_below   (HeadroomSliderRow    *self,
                                            GtkWidget            *child);
GtkScale  *headroom_slider_row_get_scale   (HeadroomSliderRow    *self);

G_END_DECLS
