/* headroom-chart.h: what drawings over an axis have in common.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Places are in pixels from the widget's left upper corner.
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A small text that stays within the widget's width; align: which part of it is at x, from 0 (its
 * left end) to 1. */
void headroom_chart_draw_text   (GtkWidget   *widget,
                                 GtkSnapshot *snapshot,
                                 const char  *text,
                                 double       x,
                                 double       y,
                                 double       align);
/* A dashed line across, which should not be passed. */
void headroom_chart_draw_limit  (GtkWidget   *widget,
                                 cairo_t     *cr,
                                 double       y,
                                 double       width);
/* A line from the top down to what is chosen now. */
void headroom_chart_draw_choice (GtkWidget   *widget,
                                 cairo_t     *cr,
                                 double       x,
                                 double       width,
                                 double       height);

G_END_DECLS
