/* headroom-compare.h: whether one report's figures differ from another's by more than noise.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whatever in both reports holds "samples" under the same name is compared: medians, and a 95 %
 * interval of their ratio by drawing again. Thread-safety: Safe.
 */
#pragma once

#include "headroom-summary.h"

G_BEGIN_DECLS

typedef enum {
  HEADROOM_OUTCOME_TOO_FEW, /* values: of one side fewer than HEADROOM_COMPARE_MIN_SAMPLES */
  HEADROOM_OUTCOME_SAME,    /* the interval holds 1 */
  HEADROOM_OUTCOME_BETTER,
  HEADROOM_OUTCOME_WORSE,
} HeadroomOutcome;

#define HEADROOM_COMPARE_MIN_SAMPLES 3

/* "better", "worse", "same", "too-few" */
const char *headroom_outcome_name (HeadroomOutcome outcome);

/* What two sets of one figure say; ret_ratio: second over first, zeros where one is empty. */
HeadroomOutcome headroom_outcome_of (const GArray *first, const GArray *second,
                                     HeadroomBetter better, HeadroomRatio *ret_ratio);

/**
 * headroom_compare:
 * @first: a report
 * @second: another
 *
 * Returns: (transfer full): {"figures": [{"name": "models.smollm2.latency.total", "ratio" (second
 * over first), "low", "high", "better", "verdict"}], "missing": [names that only one of them has],
 * "better": n, "worse": n, "same": n, "too_few": n}
 */
HrValue *headroom_compare (const HrValue *first, const HrValue *second) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
