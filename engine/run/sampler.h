/* sampler.h: draws the next token of one sequence from its logits, as the request's settings say.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Order: penalties, top_k, typical_p, top_p, min_p, temperature, draw. Mirostat 1 and 2 stand in
 * for the four filters, with the temperature before them. A temperature of 0 or less takes the most
 * likely token. Thread-safety: one thread per sampler.
 */
#pragma once

#include "hr.h"
#include "run/candidates.h"

typedef struct HrSampler HrSampler;

/* Fails with HR_ERROR_SETTINGS, naming the setting, or HR_ERROR_MEMORY. num_ctx: what repeat_last_n
 * -1 means. */
HrSampler *hr_sampler_new(const HrSampling *settings, size_t n_vocab, uint32_t num_ctx,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
void hr_sampler_free(HrSampler *sampler); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrSampler, hr_sampler_free)

/* The seed in use, drawn if the settings left it open; never negative, so that it can be set again.
 */
uint64_t hr_sampler_seed(const HrSampler *sampler);

/* Adds a token to the history that penalties look at: those of the prompt, then each that was
 * drawn. */
void hr_sampler_accept(HrSampler *sampler, HrToken token);

/* Draws from logits[n_vocab], which are changed in between and put back. Returns -1 if no logit is
 * a number above -infinity. ret_logprob (may be NULL) is the drawn token's log-probability and
 * top[n_top] the most likely tokens, both by the logits as given; entries beyond those that exist
 * have token -1. */
HrToken hr_sampler_draw(HrSampler *sampler, float *logits, HrTokenProb *top, size_t n_top,
                        float *ret_logprob);

/* What the next draw would draw from: the tokens that are left with their probabilities, valid
 * until the next call. */
const HrCandidates *hr_sampler_prepare(HrSampler *sampler, float *logits);
