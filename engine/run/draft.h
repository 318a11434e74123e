/* draft.h: tokens that may come next because they came so before (Saxena 2023: prompt lookup).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading a few tokens together costs hardly more than one, as weights are read once for all. What
 * followed the same words before, in the prompt or the answer, is fed along with the next token;
 * each draw is then made as ever, and as soon as one is not what was drafted the rest is forgotten.
 * A row's result does not depend on the rows beside it, so the answer is the same, bit for bit.
 *
 * Thread-safety: the runner's thread.
 */
#pragma once

#include "hr.h"
#include "plan/plan.h"

#define HR_MAX_DRAFT (HR_DRAFT_OUTPUTS - 1)

/* Of a slot. All zero: nothing was tried yet. */
typedef struct {
    uint32_t length;    /* how many tokens are tried at once: more after hits, fewer after misses */
    uint32_t pause;     /* how many tokens nothing is tried after the next miss; doubles */
    uint32_t resume_at; /* tokens of the answer before something is tried again */
    uint32_t n;         /* drafted in the step at hand */
    HrToken tokens[HR_MAX_DRAFT];
} HrDraft;

/* What followed the longest run of tokens before that ends like past[n] and then next; the latest
 * of equal ones. At most `most` tokens; returns how many, 0 where no run is long enough. */
uint32_t hr_draft_find(const HrToken *past, size_t n, HrToken next, uint32_t most,
                       HrToken *ret_tokens);

/* How many tokens are worth trying now, of an answer of n_generated. */
uint32_t hr_draft_length(const HrDraft *draft, uint32_t n_generated);
/* n_taken of the n drafted tokens were drawn. */
void hr_draft_learn(HrDraft *draft, uint32_t n_taken, uint32_t n_generated);
