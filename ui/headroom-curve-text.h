/* headroom-curve-text.h: curves of a benchmark in words and numbers for people.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pure functions. Thread-safety: Safe.
 */
#pragma once

#include "headroom-curves.h"

G_BEGIN_DECLS

const char *headroom_curve_title        (HeadroomCurveKind         kind);
/* What the line says, and the dashed one where there is one. */
const char *headroom_curve_legend       (HeadroomCurveKind         kind);
char       *headroom_curve_format_x     (HeadroomCurveKind         kind,
                                         double                    x) G_GNUC_WARN_UNUSED_RESULT;
/* As short as below an axis: "8k". */
char       *headroom_curve_format_tick  (double                    x) G_GNUC_WARN_UNUSED_RESULT;
/* A dash where it is not a number. */
char       *headroom_curve_format_y     (HeadroomCurveKind         kind,
                                         double                    y) G_GNUC_WARN_UNUSED_RESULT;
/* "345 ms"; other: (nullable): the same point of another run */
char       *headroom_curve_dup_value    (HeadroomCurveKind         kind,
                                         const HeadroomCurvePoint *point,
                                         const HeadroomCurvePoint *other) G_GNUC_WARN_UNUSED_RESULT;
/* "8,192 tokens of context: 345 ms" */
char       *headroom_curve_dup_reading  (HeadroomCurveKind         kind,
                                         const HeadroomCurvePoint *point,
                                         const HeadroomCurvePoint *other) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
