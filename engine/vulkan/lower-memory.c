/* lower-memory.c: where things lie on the device, and which dispatches have to wait for which. See
 * lower.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan/lower.h"

/* ---- What touches what ---- */

typedef struct {
    HrVkAddress begin, end;
    bool writes;
} HrTouch;

static void touch(HrLower *l, HrVkAddress begin, uint64_t bytes, bool writes)
{
    HrTouch t = {begin, begin + bytes, writes};
    g_array_append_val(l->touches, t);
}

static bool collides(const HrLower *l)
{
    for (guint i = 0; i < l->touches->len; i++)
        for (guint k = 0; k < l->touched->len; k++) {
            const HrTouch *a = &g_array_index(l->touches, HrTouch, i),
                          *b = &g_array_index(l->touched, HrTouch, k);
            if (a->begin < b->end && b->begin < a->end && (a->writes || b->writes))
                return true;
        }
    return false;
}

void hr_lower_add(HrLower *l, HrVkDispatch *d)
{
    if (d->groups_x == 0 || d->groups_y == 0) { /* no rows in such a step */
        g_array_set_size(l->touches, 0);
        return;
    }
    d->waits = collides(l);
    if (d->waits)
        g_array_set_size(l->touched, 0);
    g_array_append_vals(l->touched, l->touches->data, l->touches->len);
    g_array_set_size(l->touches, 0);
    g_array_append_vals(l->dispatches, d, 1);
}

void hr_lower_init(HrLower *l, const HrVkSegment *s, uint32_t n_tokens, uint32_t n_outputs)
{
    *l = (HrLower){.s = s,
                   .n_rows = {n_tokens, n_outputs},
                   .dispatches = g_array_new(false, false, sizeof(HrVkDispatch)),
                   .touched = g_array_new(false, false, sizeof(HrTouch)),
                   .touches = g_array_new(false, false, sizeof(HrTouch))};
}

GArray *hr_lower_finish(HrLower *l)
{
    g_array_unref(l->touched);
    g_array_unref(l->touches);
    return l->dispatches;
}

/* ---- Addresses ---- */

HrVkAddress hr_lower_step(const HrLower *l, uint64_t offset)
{
    return l->s->step.address + offset;
}

static HrVkAddress use_buffer(HrLower *l, HrBuf buf, bool writes)
{
    const HrProgram *p = l->s->program;
    if (buf == HR_NO_BUF)
        return 0;
    if (buf == p->rope_table || buf == p->local_rope_table)
        return hr_lower_step(l, l->s->layout.tables[buf != p->rope_table]);
    const HrBuffer *b = hr_program_buffer(p, buf);
    HrVkAddress at = l->s->arena.address + b->offset;
    touch(l, at, (uint64_t)hr_program_rows(p, b->rows) * b->cols * sizeof(float), writes);
    return at;
}

HrVkAddress hr_lower_read(HrLower *l, HrBuf buf)
{
    return use_buffer(l, buf, false);
}

HrVkAddress hr_lower_write(HrLower *l, HrBuf buf)
{
    return use_buffer(l, buf, true);
}

HrVkAddress hr_lower_weight(const HrLower *l, const HrWeight *weight)
{
    const HrVkAddress *at =
        weight && weight->data ? g_hash_table_lookup(l->s->placed, weight->data) : NULL;
    return at ? *at : 0;
}

/* The first one's matrix. */
HrVkAddress hr_lower_stack(const HrLower *l, const HrLinearStack *stack, uint64_t *ret_stride)
{
    const void *data = stack->apart ? (const void *)stack->apart : stack->all.data;
    const HrVkAddress *at = data ? g_hash_table_lookup(l->s->placed, data) : NULL;
    *ret_stride = stack->apart ? hr_vk_apart_stride(stack) : stack->stride;
    return !at ? 0 : stack->apart ? *at : *at + stack->first_row * stack->weight.row_bytes;
}

HrVkAddress hr_lower_scratch(HrLower *l, uint64_t offset, uint64_t bytes, bool writes)
{
    HrVkAddress at = l->s->scratch.address + offset;
    touch(l, at, bytes, writes);
    return at;
}

HrVkAddress hr_lower_state(HrLower *l, uint32_t layer, uint64_t offset)
{
    uint64_t at = l->s->states.at[layer] + offset * sizeof(float);
    touch(l, l->s->states.device.address + at, sizeof(float), true);
    return l->s->states.device.address + at;
}

HrVkPool hr_lower_pool(HrLower *l, uint32_t layer, bool writes)
{
    const HrVkSegment *s = l->s;
    const HrKvLayerLayout *at = &s->kv->layout.layers[layer];
    uint64_t tables = (uint64_t)at->group * s->kv->n_slots * s->layout.entries * sizeof(uint32_t);
    touch(l, s->pools[layer].address, s->pools[layer].bytes, writes);
    return (HrVkPool){.base = s->pools[layer].address,
                      .pages = hr_lower_step(l, s->layout.pages + tables),
                      .entries = s->layout.entries,
                      .page_bytes = (uint32_t)at->page_bytes,
                      .k_block_bytes = (uint32_t)at->k_block_bytes,
                      .v_block_bytes = (uint32_t)at->v_block_bytes,
                      .v_offset = (uint32_t)at->v_offset,
                      .dk = at->dk,
                      .dv = at->dv};
}
