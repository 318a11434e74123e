/* sampling-fixture.h: samplers and logits that the tests of sampling share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "run/sampler.h"

#define N_WORDS 1000

/* Draws from the softmax as it is, with seed 1. */
HrSampling neutral(void);
/* Aborts if the settings are refused. */
HrSampler *new_sampler(HrSampling s, size_t n_vocab);
/* Roughly normal, as logits are. */
void fill_random(float *logits, size_t n, uint64_t seed);
/* Probabilities 0.15, 0.5, 0.05, 0.3. */
void fill_known(float *logits);
