/* history.h: the last tokens of a sequence, and the penalties on repeating them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Thread-safety: one thread per object.
 */
#pragma once

#include "hr.h"

typedef struct {
    HrToken *ring;    /* [window] */
    float *saved;     /* [window]: the logits that penalties changed */
    int32_t *counts;  /* [n_vocab]: how often each token is in the ring */
    size_t window, n, next, n_vocab;
} HrHistory;

/* window 0: remembers nothing and penalises nothing. */
bool hr_history_init(HrHistory *history, size_t window, size_t n_vocab, GError **error);
void hr_history_clear(HrHistory *history);
void hr_history_add(HrHistory *history, HrToken token);

/* For each token of the history: a positive logit is divided by repeat, another multiplied; then
 * presence and frequency times its count are subtracted. Followed by hr_history_restore, which puts
 * the logits back. */
void hr_history_penalise(HrHistory *history, float *logits, float repeat, float presence,
                         float frequency);
void hr_history_restore(HrHistory *history, float *logits);
