/* headroom-summary.h: many measured values in a few numbers, and how far two sets are apart.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Values are of any unit. A percentile is interpolated between the two values around it; it says
 * something only where enough values lie beyond it. Thread-safety: Safe.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

typedef struct {
  guint n;
  double avg, p50, p95, p99, min, max; /* 0 where there is no value */
} HeadroomSummary;

typedef enum {
  HEADROOM_BETTER_LOWER,
  HEADROOM_BETTER_HIGHER,
} HeadroomBetter;

HeadroomSummary headroom_summary_of (const double *values, gsize n);
/* Whether of n values one at least lies beyond the share (0.95, 0.99): else the percentile is a
 * guess from the largest one. */
gboolean headroom_summary_supports (guint n, double share);

/**
 * headroom_summary_to_value:
 * @samples: doubles
 * @unit: "ms", "tokens_per_second"
 *
 * {"avg_ms", "p50_ms", "p95_ms", "p99_ms", "min_ms", "max_ms", "unsupported": [names], "better",
 * "samples"}: the form in which reports hold what was measured, and in which two are compared.
 */
HrValue *headroom_summary_to_value (const GArray *samples, const char *unit, HeadroomBetter better)
    G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
  double ratio;     /* median of the second set over the median of the first */
  double low, high; /* what the ratio lies between, at 95 % */
} HeadroomRatio;

/* The interval comes from drawing both sets again from themselves, with a fixed seed: the same
 * values give the same interval. n >= 1 of each; from one value the interval is the ratio. */
HeadroomRatio headroom_summary_ratio (const double *first, gsize n_first, const double *second,
                                      gsize n_second);

G_END_DECLS
