/* headroom-curve-group.h: one curve of a benchmark: a chart with what its chosen point says, and the
 * same values as a list.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-curve-chart.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_CURVE_GROUP (headroom_curve_group_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomCurveGroup, headroom_curve_group, HEADROOM, CURVE_GROUP,
                      AdwPreferencesGroup)

/* other: (nullable): of another run; both are taken. */
GtkWidget          *headroom_curve_group_new       (HeadroomCurve    *take_curve,
                                                  HeadroomCurve    *take_other);
HeadroomCurveChart *headroom_curve_group_get_chart (HeadroomCurveGroup *self);

G_END_DECLS
