/* shift.c: answers that go on where the context is full.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is kept behind the gap has other positions than before and is read again: exact for every
 * kind of cache, at the price of reading half a context. So it is done rarely, half of it at a
 * time.
 */
#include "run/runner.h"

/* A model that never stops would go on for ever; clients know this multiple of the context. */
#define LIMIT_CONTEXTS 10

static bool shifts(const HrRequest *request)
{
    return request->options.shift && !request->options.sights;
}

int64_t hr_request_limit(const HrRunner *r, const HrRequest *request)
{
    if (request->options.num_predict >= 0)
        return request->options.num_predict;
    return shifts(request) ? (int64_t)LIMIT_CONTEXTS * r->kv.num_ctx : INT64_MAX;
}

void hr_slot_remember(HrSlot *slot, HrToken token)
{
    if (shifts(slot->request))
        g_array_append_val(slot->request->prompt, token);
}

bool hr_slot_shift(HrRunner *r, HrSlot *slot)
{
    HrRequest *request = slot->request;
    GArray *tokens = request->prompt;
    uint32_t keep = MIN(request->options.n_keep, r->kv.num_ctx / 2), n_gone;

    if (!shifts(request) || tokens->len < 4)
        return false;
    n_gone = MAX((tokens->len - keep) / 2, 1);
    g_array_remove_range(tokens, keep, n_gone);
    request->options.tokens = (const HrToken *)tokens->data;
    request->n_forgotten += n_gone;
    slot->n_past = hr_kv_truncate(&r->kv, (uint32_t)(slot - r->slots), keep);
    slot->state = HR_SLOT_READING;
    return true;
}
