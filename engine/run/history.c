/* history.c: see history.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/history.h"

#include <float.h>
#include <math.h>

bool hr_history_init(HrHistory *history, size_t window, size_t n_vocab, GError **error)
{
    *history = (HrHistory){.window = window, .n_vocab = n_vocab};
    if (window == 0)
        return true;
    history->ring = g_try_new(HrToken, window);
    history->saved = g_try_new(float, window);
    history->counts = g_try_new0(int32_t, n_vocab);
    if (history->ring && history->saved && history->counts)
        return true;
    hr_history_clear(history);
    g_set_error(error, HR_ERROR, HR_ERROR_MEMORY, "no memory to remember the last %zu tokens",
                window);
    return false;
}

void hr_history_clear(HrHistory *history)
{
    g_clear_pointer(&history->ring, g_free);
    g_clear_pointer(&history->saved, g_free);
    g_clear_pointer(&history->counts, g_free);
    history->window = history->n = history->next = 0;
}

void hr_history_add(HrHistory *history, HrToken token)
{
    if (history->window == 0 || token < 0 || (size_t)token >= history->n_vocab)
        return;
    if (history->n == history->window)
        history->counts[history->ring[history->next]]--;
    else
        history->n++;
    history->ring[history->next] = token;
    history->counts[token]++;
    history->next = (history->next + 1) % history->window;
}

static float repeated(float logit, float repeat)
{
    return logit > 0 ? logit / repeat : logit * repeat;
}

/* A token that occurs more than once is dealt with where it is met first; its count is negative
 * from then until the end of hr_history_restore, which walks in the same order. */

void hr_history_penalise(HrHistory *history, float *logits, float repeat, float presence,
                         float frequency)
{
    for (size_t i = 0; i < history->n; i++) {
        HrToken token = history->ring[i];
        int32_t count = history->counts[token];
        float logit = logits[token];

        if (count < 0)
            continue;
        history->saved[i] = logit;
        history->counts[token] = -count;
        if (logit > -INFINITY) /* unlikely at worst, never impossible */
            logits[token] =
                MAX(repeated(logit, repeat) - (float)count * frequency - presence, -FLT_MAX);
    }
}

void hr_history_restore(HrHistory *history, float *logits)
{
    for (size_t i = 0; i < history->n; i++) {
        HrToken token = history->ring[i];

        if (history->counts[token] > 0)
            continue;
        logits[token] = history->saved[i];
        history->counts[token] = -history->counts[token];
    }
}
