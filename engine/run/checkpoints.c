/* checkpoints.c: the places of a prompt that a slot should be able to come back to.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The next prompt of a conversation repeats this one up to a border between messages, where a
 * control token stands: often the last one, because templates leave reasoning out of answers that
 * lie back; and other conversations begin with the same first message. A recurrent state is only
 * there where a step ended, so reading stops in front of such tokens.
 */
#include "run/runner.h"

/* Positions between checkpoints: reading them again is a fraction of a second, a step more for each
 * is not. */
#define SPACING 512

static bool is_control(const HrRunner *r, const GArray *prompt, uint32_t position)
{
    return r->tokenizer &&
           hr_tokenizer_is_control(r->tokenizer, g_array_index(prompt, HrToken, position));
}

/* The last control token of the prompt from begin on; 0: none. */
static uint32_t last_border(const HrRunner *r, const GArray *prompt, uint32_t begin)
{
    for (uint32_t p = prompt->len; p-- > MAX(begin, 1);)
        if (is_control(r, prompt, p))
            return p;
    return 0;
}

/* Whether reading should be able to come back to position: the last border, or one that is far from
 * those before. */
static bool is_place(const HrRunner *r, const HrSlot *slot, uint32_t position, uint32_t last)
{
    const GArray *prompt = slot->request->prompt;
    return position > 0 && position < prompt->len && is_control(r, prompt, position) &&
           (position == last || position >= slot->border + SPACING);
}

uint32_t hr_checkpoint_limit(const HrRunner *r, uint32_t index, uint32_t n)
{
    const HrSlot *slot = &r->slots[index];
    if (r->kv.layout.n_states == 0)
        return n;
    uint32_t last = last_border(r, slot->request->prompt, slot->n_past + 1);
    for (uint32_t p = slot->n_past + 1; p < slot->n_past + n; p++)
        if (is_place(r, slot, p, last))
            return p - slot->n_past;
    return n;
}

void hr_checkpoint_note(HrRunner *r, uint32_t index)
{
    HrSlot *slot = &r->slots[index];
    uint32_t position = slot->n_past;
    bool place = is_place(r, slot, position, last_border(r, slot->request->prompt, position));
    bool far = position >= r->kv.slots[index].mark + SPACING; /* texts without borders */
    if (place)
        slot->border = position;
    if (place || far || (r->kv.layout.n_states == 0 && position == slot->request->prompt->len))
        hr_kv_checkpoint(&r->kv, index);
}
