/* states.c: the recurrent states of a stretch's layers. See segment.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The host keeps them (kv/state.c), so that slots are cut back, shared and parked there. A step
 * brings the states of its slots up, changes them in place and brings them back into the place of
 * the slot's next one: a step that was left half done spoils nothing.
 */
#include "vulkan/segment.h"

#include <string.h>

static bool has_layer(const HrVkSegment *s, uint32_t layer)
{
    for (uint32_t i = s->begin; i < s->end; i++)
        if (hr_program_op(s->program, i)->layer == layer)
            return true;
    return false;
}

void hr_vk_states_lay_out(HrVkSegment *s)
{
    HrVkStates *states = &s->states;
    uint32_t n_layer = s->program->hparams->n_layer;
    states->at = g_new(uint64_t, n_layer);
    for (uint32_t il = 0; il < n_layer; il++) {
        uint64_t bytes = s->kv->layout.layers[il].state_bytes;
        states->at[il] = bytes > 0 && has_layer(s, il) ? states->run_bytes : HR_VK_NO_STATE;
        if (states->at[il] != HR_VK_NO_STATE)
            states->run_bytes += (bytes + 63) / 64 * 64;
    }
}

bool hr_vk_states_init(HrVkSegment *s, GError **error)
{
    uint64_t bytes = s->states.run_bytes * s->kv->n_slots;
    return hr_vk_buffer_init(&s->states.device, &s->device, HR_VK_OWN, bytes, "states", error) &&
           hr_vk_buffer_init(&s->states.host, &s->device, HR_VK_READBACK, bytes,
                             "states from and to the host", error);
}

void hr_vk_states_finish(HrVkSegment *s)
{
    if (s->device.handle) {
        hr_vk_buffer_finish(&s->states.device, &s->device);
        hr_vk_buffer_finish(&s->states.host, &s->device);
    }
    g_clear_pointer(&s->states.at, g_free);
}

/* Runs f for each state of each run of the step. */
static void for_each(HrVkSegment *s, const HrStep *step,
                     void (*f)(const HrKv *kv, uint32_t layer, uint32_t slot, void *mapped))
{
    uint32_t run = 0;
    for (uint32_t i = 0; i < step->n_tokens && s->states.run_bytes > 0; i++) {
        if (i > 0 && step->slots[i] == step->slots[i - 1])
            continue;
        char *mapped = (char *)s->states.host.mapped + run++ * s->states.run_bytes;
        for (uint32_t il = 0; il < s->program->hparams->n_layer; il++)
            if (s->states.at[il] != HR_VK_NO_STATE)
                f(s->kv, il, step->slots[i], mapped + s->states.at[il]);
    }
}

static void write_one(const HrKv *kv, uint32_t layer, uint32_t slot, void *mapped)
{
    size_t bytes = kv->layout.layers[layer].state_bytes;
    const float *before = hr_kv_state(kv, layer, slot);
    if (before)
        memcpy(mapped, before, bytes);
    else
        memset(mapped, 0, bytes);
}

static void read_one(const HrKv *kv, uint32_t layer, uint32_t slot, void *mapped)
{
    memcpy(hr_kv_next_state(kv, layer, slot), mapped, kv->layout.layers[layer].state_bytes);
}

void hr_vk_states_write(HrVkSegment *s, const HrStep *step)
{
    for_each(s, step, write_one);
}

void hr_vk_states_read(HrVkSegment *s, const HrStep *step)
{
    for_each(s, step, read_one);
}
