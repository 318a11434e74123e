/* answers.c: see answers.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "answers.h"

#include <glib.h>
#include <math.h>

void answers_note(uint32_t position, const float *logits, size_t n_vocab, void *data)
{
    Answers *a = data;
    double most = -INFINITY, sum = 0;
    a->n_vocab = n_vocab;
    if (!a->logprobs)
        a->logprobs = g_new0(double, a->n_tokens *n_vocab);
    for (size_t i = 0; i < n_vocab; i++)
        most = MAX(most, logits[i]);
    for (size_t i = 0; i < n_vocab; i++)
        sum += exp(logits[i] - most);
    for (size_t i = 0; i < n_vocab; i++)
        a->logprobs[position * n_vocab + i] = logits[i] - most - log(sum);
}

void answers_free(Answers *a)
{
    g_clear_pointer(&a->logprobs, g_free);
}

static size_t first_of(const double *row, size_t n, size_t except)
{
    size_t best = except == 0;
    for (size_t i = 0; i < n; i++)
        if (i != except && row[i] > row[best])
            best = i;
    return best;
}

double answers_divergence(const Answers *want, const Answers *got)
{
    double sum = 0;
    for (size_t i = 0; i < want->n_tokens * want->n_vocab; i++)
        sum += exp(want->logprobs[i]) * (want->logprobs[i] - got->logprobs[i]);
    return sum / want->n_tokens;
}

uint32_t answers_agree(const Answers *want, const Answers *got, double lead, uint32_t *ret_n_clear)
{
    uint32_t n_clear = 0, n = 0;
    for (uint32_t p = 0; p < want->n_tokens; p++) {
        const double *a = want->logprobs + p * want->n_vocab,
                     *b = got->logprobs + p * want->n_vocab;
        size_t top = first_of(a, want->n_vocab, SIZE_MAX), second = first_of(a, want->n_vocab, top);
        if (a[top] - a[second] <= lead)
            continue;
        n_clear++;
        n += first_of(b, want->n_vocab, SIZE_MAX) == top;
    }
    *ret_n_clear = n_clear;
    return n;
}
