/* checkpoints.c: the places of a prompt that a slot should be able to come back to.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The next prompt of a conversation repeats this one up to a border between messages, where a control token stands: often the last
 * one, because templates leave reasoning out of answers that lie back; and other conversations begin with the same first
 * message. A recurrent state is only there where a step ended, so reading stops in front of such tokens.
 */
#include "run/runner.h"

/* Positions between checkpoints: reading them again is a fraction of a second, a step more for each is not. */
#define SPACING 512

static bool is_control(const HrRunner *r, const GArray *prompt, uint32_t position)
{
    return r->tokenizer && hr_tokenizer_is_control(r->tokenizer, g_array_index(prompt, HrToken, position));
}

/* The last control token of the prompt from begin on; 0: none. */
static uint32_t last_border(const HrRunner *r, const GArray *prompt, uint32_t begin)
{
    for (uint32_t p = prompt->len; p-- > MAX(begin, 1);)
        if (is_control(r, prompt, p))
            return p;
    return 0;
}

uint32_t hr_checkpoint_limit(const HrRunner *r, uint32_t slot, uint32_t n)
{
    const GArray *prompt = r->slots[slot].request->prompt;
    uint32_t begin = r->slots[slot].n_past, end = begin + n, mark = r->kv.slots[slot].mark;
    if (r->kv.layout.n_states == 0)
        return n;
    uint32_t last = last_border(r, prompt, begin + 1);
    for (uint32_t p = MAX(begin + 1, mark + SPACING); p < end && p < last; p++)
        if (is_control(r, prompt, p))
            return p - begin;
    return last > begin && last < end ? last - begin : n;
}

void hr_checkpoint_note(HrRunner *r, uint32_t slot)
{
    const GArray *prompt = r->slots[slot].request->prompt;
    uint32_t position = r->slots[slot].n_past;
    bool far = position >= r->kv.slots[slot].mark + SPACING, border = position < prompt->len && is_control(r, prompt, position);
    if (far || (border && position == last_border(r, prompt, position)) || (r->kv.layout.n_states == 0 && position == prompt->len))
        hr_kv_checkpoint(&r->kv, slot);
}
