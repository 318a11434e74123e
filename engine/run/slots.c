/* slots.c: which slot answers a request, and with how much of its prompt already there.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/runner.h"

/* A slot whose past would mostly be thrown away is better left to its own conversation: then the
 * prefix is shared into another slot instead. */
#define KEEP_PERCENT 50

static uint32_t held(const HrRunner *r, uint32_t slot)
{
    return r->kv.slots[slot].tokens->len;
}

/* The idle slot that was used longest ago; empty ones first. -1: all work. */
static int oldest_idle(const HrRunner *r)
{
    int best = -1;
    for (uint32_t i = 0; i < r->n_slots; i++) {
        if (r->slots[i].state != HR_SLOT_IDLE)
            continue;
        if (best < 0 || r->kv.slots[i].last_used_us < r->kv.slots[best].last_used_us)
            best = (int)i;
    }
    return best;
}

bool hr_slots_match_adapters(const HrRunner *r, uint32_t slot, const float *factors)
{
    guint n = r->model->adapters->len;
    for (guint i = 0; i < n; i++)
        if (r->slot_adapters[(size_t)slot * n + i] != (factors ? factors[i] : 1))
            return false;
    return true;
}

void hr_slots_set_adapters(HrRunner *r, uint32_t slot, const float *factors)
{
    guint n = r->model->adapters->len;
    for (guint i = 0; i < n; i++)
        r->slot_adapters[(size_t)slot * n + i] = factors ? factors[i] : 1;
}

/* At least one token is read anew: its logits are wanted. */
static uint32_t reusable(const HrRunner *r, uint32_t slot, const HrRequest *request)
{
    const HrToken *tokens = (const HrToken *)request->prompt->data;
    size_t n = request->prompt->len;
    if (r->program->hparams->whole)
        return 0; /* all rows of a text are computed together, or not kept at all */
    if (!hr_slots_match_adapters(r, slot, request->options.adapters))
        return 0;
    return hr_kv_reachable(&r->kv, slot, hr_kv_common_prefix(&r->kv, slot, tokens, n - 1));
}

static uint32_t longest_prefix(const HrRunner *r, const HrRequest *request, uint32_t *ret_length)
{
    uint32_t best = 0;
    *ret_length = 0;
    for (uint32_t i = 0; i < r->n_slots; i++) {
        uint32_t length = reusable(r, i, request);
        if (length > *ret_length ||
            (length == *ret_length && r->slots[best].state != HR_SLOT_IDLE)) {
            best = i;
            *ret_length = length;
        }
    }
    return best;
}

/* ---- A slot for a request ---- */

static bool parks(const HrRunner *r)
{
    return r->parking && !r->program->hparams->whole;
}

/* Before slot forgets what is behind n positions. False: that is being put into a file, ask again.
 */
static bool may_forget(HrRunner *r, uint32_t slot, uint32_t n)
{
    return !parks(r) || r->slots[slot].unparkable || held(r, slot) < n + HR_PARK_MIN_TOKENS ||
           !hr_runner_begin_parking(r, slot);
}

static uint32_t find_parked(const HrRunner *r, const HrRequest *request, uint32_t *ret_index)
{
    guint n_adapters = r->model->adapters->len;
    g_autofree float *adapters = g_new(float, n_adapters + 1);
    for (guint i = 0; i < n_adapters; i++)
        adapters[i] = request->options.adapters ? request->options.adapters[i] : 1;
    return hr_parking_find(r->parking, (const HrToken *)request->prompt->data,
                           request->prompt->len - 1, r->kv.num_ctx, adapters, ret_index);
}

/* Where a file holds clearly more of the prompt than any slot: reads it into the oldest slot.
 * False: that is under way, ask again. */
static bool unpark(HrRunner *r, const HrRequest *request)
{
    uint32_t length, index, spare = (uint32_t)oldest_idle(r);
    if (!parks(r))
        return true;
    longest_prefix(r, request, &length);
    if (find_parked(r, request, &index) < length + HR_PARK_MIN_TOKENS)
        return true;
    if (!may_forget(r, spare, 0))
        return false;
    /* Parking may have put the files in another order. */
    if (find_parked(r, request, &index) < length + HR_PARK_MIN_TOKENS)
        return true;
    hr_kv_truncate(&r->kv, spare, 0);
    hr_slots_set_adapters(r, spare, request->options.adapters);
    return !hr_parking_begin_restore(r->parking, &r->kv, spare, index);
}

/* The slot to use; its cache then holds the first *ret_n_past tokens of the prompt. False: what it
 * held is being put into a file, ask again. */
static bool choose(HrRunner *r, const HrRequest *request, uint32_t *ret_slot, uint32_t *ret_n_past)
{
    uint32_t length, spare = (uint32_t)oldest_idle(r);
    uint32_t best = longest_prefix(r, request, &length);
    bool takes_over =
        r->slots[best].state == HR_SLOT_IDLE &&
        (best == spare || (uint64_t)length * 100 >= (uint64_t)held(r, best) * KEEP_PERCENT);
    uint32_t slot = takes_over ? best : spare;
    if (!may_forget(r, slot, takes_over ? length : 0))
        return false;
    *ret_slot = slot;
    *ret_n_past = takes_over ? hr_kv_truncate(&r->kv, slot, length)
                             : hr_kv_share(&r->kv, slot, best, length);
    return true;
}

bool hr_slots_assign(HrRunner *r, HrRequest *request)
{
    uint32_t n_past, index;
    if (oldest_idle(r) < 0 || hr_runner_is_parking(r) || !unpark(r, request) ||
        !choose(r, request, &index, &n_past))
        return false;
    hr_slots_set_adapters(r, index, request->options.adapters);
    for (uint32_t whole; (whole = hr_places_whole(request->places, n_past)) < n_past;)
        n_past = hr_kv_truncate(&r->kv, index, whole);
    HrSlot *slot = &r->slots[index];
    *slot =
        (HrSlot){.state = HR_SLOT_READING, .request = request, .n_past = n_past, .border = n_past};
    request->started_us = g_get_monotonic_time();
    request->timings.queue_us = request->started_us - request->submitted_us;
    request->timings.n_cached = n_past;
    for (guint i = 0; request->sampler && i < request->prompt->len; i++)
        hr_sampler_accept(request->sampler, g_array_index(request->prompt, HrToken, i));
    if (!request->embeds)
        hr_request_send_prompt(request, n_past);
    return true;
}

void hr_slot_finish(HrRunner *r, HrSlot *slot, HrDoneReason reason, GError *take_error)
{
    HrRequest *request = slot->request;
    uint32_t index = (uint32_t)(slot - r->slots);
    g_autoptr(GString) rest = g_string_new(NULL);
    int64_t now = g_get_monotonic_time();
    if (request->first_us == 0)
        request->timings.prompt_us = now - request->started_us;
    else
        request->timings.generate_us = now - request->first_us;
    if (request->stopper)
        hr_stop_flush(request->stopper, rest);
    r->kv.slots[index].last_used_us = now;
    if (request->timings.n_generated > 1 && request->timings.generate_us > 0) {
        g_mutex_lock(&r->lock);
        r->stats.tokens_per_second =
            request->timings.n_generated * 1e6 / (double)request->timings.generate_us;
        g_mutex_unlock(&r->lock);
    }
    *slot = (HrSlot){.state = HR_SLOT_IDLE};
    hr_request_send_done(request, reason, rest, take_error);
    hr_request_unref(request);
}

bool hr_slots_active(const HrRunner *r)
{
    for (uint32_t i = 0; i < r->n_slots; i++)
        if (r->slots[i].state != HR_SLOT_IDLE)
            return true;
    return false;
}

void hr_slots_drop_cancelled(HrRunner *r)
{
    for (uint32_t i = 0; i < r->n_slots; i++)
        if (r->slots[i].state != HR_SLOT_IDLE && atomic_load(&r->slots[i].request->cancelled))
            hr_slot_finish(r, &r->slots[i], HR_DONE_CANCELLED, NULL);
}
