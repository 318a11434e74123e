/* headroom-curve-chart.h: a curve of a benchmark, drawn over the logarithm of its setting, with a
 * point that is read out.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The pointer chooses the point that is read, and so do the arrow keys, Home and End while the chart
 * has the focus. To assistive technologies it is a slider over the points, whose value is the
 * reading. The property "reading" is notified with every choice.
 */
#pragma once

#include "headroom-curves.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_CURVE_CHART (headroom_curve_chart_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomCurveChart, headroom_curve_chart, HEADROOM, CURVE_CHART, GtkWidget)

GtkWidget           *headroom_curve_chart_new         (void);
/* other: (nullable): of another run, drawn dotted; both are taken. */
void                 headroom_curve_chart_set_curves  (HeadroomCurveChart *self,
                                                       HeadroomCurve      *take_curve,
                                                       HeadroomCurve      *take_other);
const HeadroomCurve *headroom_curve_chart_get_curve   (HeadroomCurveChart *self);
const HeadroomCurve *headroom_curve_chart_get_other   (HeadroomCurveChart *self);
/* The point that is read; one that is not there is the nearest. */
void                 headroom_curve_chart_set_chosen  (HeadroomCurveChart *self,
                                                       guint               index);
guint                headroom_curve_chart_get_chosen  (HeadroomCurveChart *self);
/* Borrowed; "" while there is nothing to read. */
const char          *headroom_curve_chart_get_reading (HeadroomCurveChart *self);
/* The point of the other run at the same place, or NULL. */
const HeadroomCurvePoint *headroom_curve_chart_find_other (HeadroomCurveChart *self,
                                                           guint               index);

G_END_DECLS
