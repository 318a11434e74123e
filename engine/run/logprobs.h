/* logprobs.h: log-probabilities of tokens under the model itself, before any sampling setting.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <stddef.h>

/* The largest of logits[n] that is a number; -infinity if none is. Thread-safety: Safe. */
float hr_max_logit(const float *logits, size_t n);

/* log(sum(exp(logits[n]))), leaving out NaN and -infinity; -infinity if nothing is left. +infinity
 * counts as the largest finite number. The relative error of the sum is 1e-5 at most.
 * Thread-safety: Safe. */
double hr_log_sum_exp(const float *logits, size_t n);
