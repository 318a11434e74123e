/* draft.c: see draft.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/draft.h"

/* Shorter runs are found everywhere in prose and followed by anything. */
#define MIN_RUN 3
/* A longer run says no more. */
#define MAX_RUN 16
#define FIRST_LENGTH 3
#define FIRST_PAUSE 16
#define MAX_PAUSE 512

/* How many tokens before past[end] are those at the end of past[n], given that the last one is. */
static size_t run_before(const HrToken *past, size_t n, size_t end)
{
    size_t length = 0;
    while (length < MAX_RUN && length < end && past[end - 1 - length] == past[n - 1 - length])
        length++;
    return length;
}

/* past[n] ends before next: the places at which next stands are compared backwards. */
uint32_t hr_draft_find(const HrToken *past, size_t n, HrToken next, uint32_t most,
                       HrToken *ret_tokens)
{
    size_t best = 0, best_end = 0;
    for (size_t at = n; at-- > MIN_RUN - 1 && best < MAX_RUN;) {
        if (past[at] != next)
            continue;
        size_t length = run_before(past, n, at);
        if (length + 1 >= MIN_RUN && length > best) {
            best = length;
            best_end = at + 1;
        }
    }
    uint32_t found = 0;
    while (best > 0 && found < most && best_end + found < n && past[best_end + found] >= 0) {
        ret_tokens[found] = past[best_end + found];
        found++;
    }
    return found;
}

uint32_t hr_draft_length(const HrDraft *draft, uint32_t n_generated)
{
    if (n_generated < draft->resume_at)
        return 0;
    return draft->length > 0 ? draft->length : FIRST_LENGTH;
}

void hr_draft_learn(HrDraft *draft, uint32_t n_taken, uint32_t n_generated)
{
    uint32_t length = draft->length > 0 ? draft->length : FIRST_LENGTH;
    if (n_taken == draft->n) {
        draft->length = MIN(2 * length, HR_MAX_DRAFT);
        draft->pause = 0;
    } else if (n_taken > 0) {
        draft->length = MAX(n_taken, FIRST_LENGTH);
    } else {
        draft->length = FIRST_LENGTH;
        draft->resume_at = n_generated + draft->pause;
        draft->pause = draft->pause > 0 ? MIN(2 * draft->pause, MAX_PAUSE) : FIRST_PAUSE;
    }
}
