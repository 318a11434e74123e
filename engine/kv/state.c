/* state.c: the recurrent states of slots: which is current, which are checkpoints, which is written
 * next. See kv.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "kv/kv.h"

#include <string.h>

void *hr_kv_state_at(const HrKv *kv, uint32_t layer, uint32_t slot, uint32_t state)
{
    size_t bytes = kv->layout.layers[layer].state_bytes;
    return (char *)kv->states[layer].base + ((size_t)slot * kv->layout.n_states + state) * bytes;
}

const float *hr_kv_state(const HrKv *kv, uint32_t layer, uint32_t slot)
{
    uint32_t state = kv->slots[slot].state;
    return state == HR_KV_NO_STATE ? NULL : (const float *)hr_kv_state_at(kv, layer, slot, state);
}

float *hr_kv_next_state(const HrKv *kv, uint32_t layer, uint32_t slot)
{
    return (float *)hr_kv_state_at(kv, layer, slot, kv->slots[slot].next_state);
}

static uint32_t find_state(const HrKv *kv, const HrKvSlot *slot, uint32_t n_positions)
{
    for (uint32_t i = 0; i < kv->layout.n_states; i++)
        if (slot->states[i].n_positions == n_positions)
            return i;
    return HR_KV_NO_STATE;
}

uint32_t hr_kv_states_below(const HrKv *kv, const HrKvSlot *slot, uint32_t n_positions)
{
    uint32_t best = 0;
    if (kv->layout.n_states == 0)
        return n_positions;
    for (uint32_t i = 0; i < kv->layout.n_states; i++)
        if (slot->states[i].n_positions <= n_positions)
            best = MAX(best, slot->states[i].n_positions);
    return best;
}

static void forget(HrKv *kv, uint32_t slot, uint32_t state)
{
    if (kv->slots[slot].states[state].n_positions == 0)
        return;
    kv->slots[slot].states[state] = (HrKvState){0};
    for (uint32_t il = 0; il < kv->layout.n_layer; il++)
        if (kv->layout.layers[il].state_bytes > 0)
            hr_region_discard(&kv->states[il],
                              (size_t)((char *)hr_kv_state_at(kv, il, slot, state) - (char *)kv->states[il].base),
                              kv->layout.layers[il].state_bytes);
}

/* ---- Which state to give up ---- */

static uint32_t newest_checkpoint(const HrKv *kv, const HrKvSlot *slot)
{
    uint32_t n_positions = 0;
    for (uint32_t i = 0; i < kv->layout.n_states; i++)
        if (slot->states[i].checkpoint)
            n_positions = MAX(n_positions, slot->states[i].n_positions);
    return n_positions;
}

/* What is lost with a state: of a checkpoint the positions that would be read again instead; the
 * newest one is what the next prompt most likely comes back to. */
static uint32_t cost_of(const HrKv *kv, const HrKvSlot *slot, const HrKvState *state)
{
    if (!state->checkpoint)
        return state->n_positions == 0; /* memory that was never touched is the better part */
    if (state->n_positions == newest_checkpoint(kv, slot))
        return UINT32_MAX - 1;
    return 1 + state->n_positions - hr_kv_states_below(kv, slot, state->n_positions - 1);
}

/* What is no checkpoint first, then unused ones, then the checkpoint that saves least; never the
 * current one. */
void hr_kv_states_choose_next(HrKv *kv, uint32_t slot_index)
{
    HrKvSlot *slot = &kv->slots[slot_index];
    uint32_t best = HR_KV_NO_STATE, best_cost = UINT32_MAX;
    for (uint32_t i = 0; i < kv->layout.n_states; i++) {
        uint32_t cost = cost_of(kv, slot, &slot->states[i]);
        if (i != slot->state && cost < best_cost) {
            best = i;
            best_cost = cost;
        }
    }
    slot->next_state = best;
    if (best != HR_KV_NO_STATE)
        slot->states[best] = (HrKvState){0}; /* about to be overwritten */
}

void hr_kv_states_return_to(HrKv *kv, uint32_t slot_index, uint32_t n_positions)
{
    HrKvSlot *slot = &kv->slots[slot_index];
    for (uint32_t i = 0; i < kv->layout.n_states; i++)
        if (slot->states[i].n_positions > n_positions)
            forget(kv, slot_index, i);
    slot->state = n_positions > 0 ? find_state(kv, slot, n_positions) : HR_KV_NO_STATE;
}

/* Into a slot that holds nothing. */
void hr_kv_states_copy(HrKv *kv, uint32_t slot_index, uint32_t from_index, uint32_t n_positions)
{
    HrKvSlot *slot = &kv->slots[slot_index];
    uint32_t source = find_state(kv, &kv->slots[from_index], n_positions);
    if (kv->layout.n_states == 0 || n_positions == 0)
        return;
    for (uint32_t il = 0; il < kv->layout.n_layer; il++)
        if (kv->layout.layers[il].state_bytes > 0)
            memcpy(hr_kv_state_at(kv, il, slot_index, 0), hr_kv_state_at(kv, il, from_index, source),
                   kv->layout.layers[il].state_bytes);
    slot->states[0] = (HrKvState){.n_positions = n_positions, .checkpoint = true};
    slot->state = 0;
}

void hr_kv_states_move(HrKv *kv, uint32_t slot, uint32_t from)
{
    for (uint32_t i = 0; i < kv->layout.n_states; i++)
        for (uint32_t il = 0; il < kv->layout.n_layer && kv->slots[from].states[i].n_positions > 0;
             il++)
            if (kv->layout.layers[il].state_bytes > 0)
                memcpy(hr_kv_state_at(kv, il, slot, i), hr_kv_state_at(kv, il, from, i),
                       kv->layout.layers[il].state_bytes);
}

void hr_kv_states_discard(HrKv *kv, uint32_t slot)
{
    for (uint32_t il = 0; il < kv->layout.n_layer && kv->layout.n_states > 0; il++)
        if (kv->layout.layers[il].state_bytes > 0)
            hr_region_discard(&kv->states[il],
                              (size_t)((char *)hr_kv_state_at(kv, il, slot, 0) - (char *)kv->states[il].base),
                              kv->layout.n_states * kv->layout.layers[il].state_bytes);
}

uint64_t hr_kv_states_committed(const HrKv *kv)
{
    uint64_t n = 0;
    for (uint32_t s = 0; s < kv->n_slots; s++)
        for (uint32_t i = 0; i < kv->layout.n_states; i++)
            n += kv->slots[s].states[i].n_positions > 0;
    return n * kv->layout.total_state_bytes;
}
