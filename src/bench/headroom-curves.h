/* headroom-curves.h: what a report says as curves: figures over a setting.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Charts, tables and advice all read these, so that they cannot differ. A report may come from
 * anywhere: what is missing or of another kind is left out.
 *
 * Thread-safety: Safe.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

typedef enum {
  HEADROOM_CURVE_FIRST_TOKEN,  /* ms over num_ctx */
  HEADROOM_CURVE_PER_TOKEN,    /* ms over num_ctx */
  HEADROOM_CURVE_MEMORY,       /* bytes planned, and bytes seen, over num_ctx */
  HEADROOM_CURVE_THROUGHPUT,   /* tokens/s of all, over those who ask at once */
  HEADROOM_CURVE_COMPLETENESS, /* share of answers that ended by themselves, over num_predict */
  HEADROOM_CURVE_N_KINDS,
} HeadroomCurveKind;

typedef struct {
  double x;
  double y, second; /* medians; NAN: there is none */
  char *problem;    /* why there is none, or NULL */
} HeadroomCurvePoint;

typedef struct {
  HeadroomCurveKind kind;
  GArray *points;    /* HeadroomCurvePoint, x ascending */
  double mark;       /* the x that stands out (the knee); NAN: none does */
  gboolean complete; /* every value was measured that was asked for */
} HeadroomCurve;

/* "first_token_ms", "planned_bytes": what a column of such values is called in files. */
const char *headroom_curve_name (HeadroomCurveKind kind);
const char *headroom_curve_second_name (HeadroomCurveKind kind); /* or NULL */
const char *headroom_curve_variable (HeadroomCurveKind kind);    /* "num_ctx" */

/* Of one model of a report; NULL where it has no such part. */
HeadroomCurve *headroom_curve_new (const HrValue *model,
                                   HeadroomCurveKind kind) G_GNUC_WARN_UNUSED_RESULT;
void headroom_curve_free (HeadroomCurve *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomCurve, headroom_curve_free)
const HeadroomCurvePoint *headroom_curve_at (const HeadroomCurve *self, guint index);
/* Of points that have a value. */
guint headroom_curve_count (const HeadroomCurve *self);

/* Of a report, the model at an index; NULL where there is none. */
HrValue *headroom_curves_get_model (const HrValue *report, gsize index);

/**
 * headroom_curves_to_csv:
 *
 * Every curve of every model as comma-separated lines: model, variable, value, figure, median or
 * the problem. Numbers have a point, whatever the locale.
 */
char *headroom_curves_to_csv (const HrValue *report) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
