/* headroom-logprobs.h: logits as log-probabilities.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sums are in double, so that nothing here adds to what the engine rounds. Thread-safety: Safe.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

/* log (sum (exp (logits))): logits[i] minus this is the log-probability of token i. */
double headroom_logprobs_normalizer (const float *logits, gsize n);

/* The n_top most likely tokens, most likely first (at equal logits the lower id). At most n are
 * written; returns how many. */
gsize headroom_logprobs_top (const float *logits, gsize n, gsize n_top, HrToken *ret_top);

G_END_DECLS
