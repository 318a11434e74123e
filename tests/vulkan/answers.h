/* answers.h: what a model says at each position of a text, and how far two such are apart.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
    double *logprobs; /* [n_tokens][n_vocab], owned */
    uint32_t n_tokens;
    size_t n_vocab;
} Answers;

/* data: an Answers whose n_tokens is set and the rest zeros. */
void answers_note(uint32_t position, const float *logits, size_t n_vocab, void *data);
void answers_free(Answers *answers);

/* Mean Kullback-Leibler divergence over positions. */
double answers_divergence(const Answers *want, const Answers *got);
/* Positions at which the first token leads by more than lead, all of which agree on it if the
 * return is as many as ret_n_clear. */
uint32_t answers_agree(const Answers *want, const Answers *got, double lead, uint32_t *ret_n_clear);
