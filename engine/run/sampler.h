/* sampler.h: from logits to a token.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Order: penalties, top_k, typical_p, top_p, min_p, temperature, draw; temperature <= 0 takes the most likely; mirostat 1 and 2
 * replace the truncations. The same seed and settings give the same draws on every machine. Thread-safety: Unsafe.
 */
#pragma once

#include "hr.h"

typedef struct HrSampler HrSampler;

/* HR_ERROR_SETTINGS names a setting that is out of range or not a number. */
HrSampler *hr_sampler_new(const HrSampling *sampling, size_t n_vocab, uint32_t num_ctx, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void hr_sampler_free(HrSampler *sampler); /* NULL is a no-op */
/* The seed in use: the one asked for, or the one that was drawn. */
uint64_t hr_sampler_seed(const HrSampler *sampler);
/* Adds a token to the history that penalties look at: the prompt's and each one drawn. */
void hr_sampler_accept(HrSampler *sampler, HrToken token);
/* Draws from logits [n_vocab], which may be changed. top [n_top] gets the most likely tokens and ret_logprob (may be NULL) the drawn
 * one's log-probability, both from the softmax of the logits as they came. */
HrToken hr_sampler_draw(HrSampler *sampler, float *logits, HrTokenProb *top, size_t n_top, float *ret_logprob);
