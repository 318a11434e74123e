/* kv.c: slots of the cache. Pages are in pages.c, recurrent states in state.c. See kv.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "kv/kv.h"

#include "kv/pages.h"

/* ---- Lifetime ---- */

static bool map_pool(HrKv *kv, uint32_t il, uint64_t bytes, HrLedger *ledger,
                     const HrPlanItem *item, GError **error)
{
    if (!hr_kv_is_elsewhere(kv, il))
        return hr_region_map(&kv->pools[il], ledger, item, bytes, false, error);
    if (!kv->elsewhere.take(kv->elsewhere.data, il, bytes, error))
        return false;
    hr_ledger_record(ledger, item, bytes);
    return true;
}

bool hr_kv_map(HrKv *kv, HrLedger *ledger, const HrPlanItem *items, GError **error)
{
    for (uint32_t il = 0; il < kv->layout.n_layer; il++) {
        uint64_t pool_bytes = hr_kv_layer_pool_bytes(&kv->layout, il),
                 state_bytes = hr_kv_layer_state_bytes(&kv->layout, il);
        if ((pool_bytes > 0 && !map_pool(kv, il, pool_bytes, ledger, items++, error)) ||
            (state_bytes > 0 &&
             !hr_region_map(&kv->states[il], ledger, items++, state_bytes, false, error)))
            return false;
    }
    return true;
}

static bool make_slot(HrKv *kv, HrKvSlot *slot)
{
    uint32_t n_entries = hr_kv_pages(kv->num_ctx);
    slot->tokens = g_array_new(false, false, sizeof(HrToken));
    slot->pages = g_new0(uint32_t *, kv->layout.n_reaches);
    slot->states = g_new0(HrKvState, kv->layout.n_states);
    slot->state = HR_KV_NO_STATE;
    for (uint32_t g = 0; g < kv->layout.n_reaches; g++) {
        slot->pages[g] = g_try_new(uint32_t, n_entries);
        if (!slot->pages[g])
            return false;
        for (uint32_t p = 0; p < n_entries; p++)
            slot->pages[g][p] = HR_KV_NO_PAGE;
    }
    return true;
}

static bool make_tables(HrKv *kv)
{
    for (uint32_t g = 0; g < kv->layout.n_reaches; g++)
        if (!hr_kv_pages_init(&kv->groups[g], &kv->layout.reaches[g], kv->n_slots))
            return false;
    for (uint32_t s = 0; s < kv->n_slots; s++)
        if (!make_slot(kv, &kv->slots[s]))
            return false;
    return true;
}

bool hr_kv_make(HrKv *kv, const HrHparams *hparams, const HrSettings *settings, GError **error)
{
    *kv = (HrKv){.num_ctx = settings->num_ctx, .n_slots = settings->parallel};
    if (!hr_kv_layout_init(&kv->layout, hparams, settings, error))
        return false;
    kv->groups = g_new0(HrKvPages, kv->layout.n_reaches);
    kv->pools = g_new0(HrRegion, kv->layout.n_layer);
    kv->states = g_new0(HrRegion, kv->layout.n_layer);
    kv->slots = g_new0(HrKvSlot, kv->n_slots);
    if (!make_tables(kv)) {
        g_set_error(error, HR_ERROR, HR_ERROR_MEMORY,
                    "Out of memory for the page tables of %u positions.", kv->num_ctx);
        return false;
    }
    return true;
}

bool hr_kv_init(HrKv *kv, const HrHparams *hparams, const HrSettings *settings, HrLedger *ledger,
                const HrPlanItem *items, GError **error)
{
    return hr_kv_make(kv, hparams, settings, error) && hr_kv_map(kv, ledger, items, error);
}

static void finish_slot(HrKv *kv, HrKvSlot *slot)
{
    g_clear_pointer(&slot->tokens, g_array_unref);
    for (uint32_t g = 0; slot->pages && g < kv->layout.n_reaches; g++)
        g_free(slot->pages[g]);
    g_free(slot->pages);
    g_free(slot->states);
}

void hr_kv_finish(HrKv *kv)
{
    for (uint32_t il = 0; kv->pools && il < kv->layout.n_layer; il++) {
        hr_region_unmap(&kv->pools[il]);
        hr_region_unmap(&kv->states[il]);
    }
    for (uint32_t s = 0; kv->slots && s < kv->n_slots; s++)
        finish_slot(kv, &kv->slots[s]);
    for (uint32_t g = 0; kv->groups && g < kv->layout.n_reaches; g++)
        hr_kv_pages_finish(&kv->groups[g]);
    g_clear_pointer(&kv->pools, g_free);
    g_clear_pointer(&kv->states, g_free);
    g_clear_pointer(&kv->slots, g_free);
    g_clear_pointer(&kv->groups, g_free);
    hr_kv_layout_finish(&kv->layout);
}

/* ---- A step ---- */

bool hr_kv_prepare(HrKv *kv, uint32_t slot_index, uint32_t begin, uint32_t n_positions,
                   GError **error)
{
    HrKvSlot *slot = &kv->slots[slot_index];
    uint32_t n_pages = hr_kv_pages(n_positions);
    g_return_val_if_fail(n_positions <= kv->num_ctx, false);
    for (uint32_t p = begin / HR_PAGE_POSITIONS; p < n_pages; p++) {
        slot->n_pages = MAX(slot->n_pages, p + 1);
        for (uint32_t g = 0; g < kv->layout.n_reaches; g++)
            if (!hr_kv_pages_own(kv, g, slot, p, error))
                return false;
    }
    hr_kv_states_choose_next(kv, slot_index);
    return true;
}

void hr_kv_advance(HrKv *kv, uint32_t slot_index, const HrToken *tokens, uint32_t n)
{
    HrKvSlot *slot = &kv->slots[slot_index];
    g_array_append_vals(slot->tokens, tokens, n);
    hr_kv_gather(kv, slot, slot->tokens->len - n, slot->tokens->len);
    if (kv->layout.n_states == 0)
        return;
    slot->state = slot->next_state;
    slot->states[slot->state].n_positions = slot->tokens->len;
}

void hr_kv_checkpoint(HrKv *kv, uint32_t slot_index)
{
    HrKvSlot *slot = &kv->slots[slot_index];
    if (slot->tokens->len == 0)
        return;
    if (kv->layout.n_states > 0)
        slot->states[slot->state].checkpoint = true;
    slot->mark = slot->tokens->len;
}

/* ---- Coming back to a prefix ---- */

static void drop_pages(HrKv *kv, HrKvSlot *slot, uint32_t n_keep)
{
    for (uint32_t g = 0; g < kv->layout.n_reaches && n_keep < slot->n_pages; g++)
        hr_kv_pages_drop(kv, g, slot, n_keep, slot->n_pages);
    slot->n_pages = MIN(slot->n_pages, n_keep);
}

uint32_t hr_kv_reachable(const HrKv *kv, uint32_t slot_index, uint32_t n_positions)
{
    const HrKvSlot *slot = &kv->slots[slot_index];
    uint32_t n = MIN(n_positions, slot->tokens->len), before;
    do {
        before = n;
        n = hr_kv_states_below(kv, slot, n);
        for (uint32_t g = 0; g < kv->layout.n_reaches; g++)
            n = hr_kv_pages_reachable(kv, g, slot, n);
    } while (n != before);
    return n;
}

uint32_t hr_kv_truncate(HrKv *kv, uint32_t slot_index, uint32_t n_keep)
{
    HrKvSlot *slot = &kv->slots[slot_index];
    uint32_t n = hr_kv_reachable(kv, slot_index, n_keep);
    g_array_set_size(slot->tokens, n);
    drop_pages(kv, slot, hr_kv_pages(n));
    hr_kv_states_return_to(kv, slot_index, n);
    slot->mark = MIN(slot->mark, n);
    return n;
}

uint32_t hr_kv_share(HrKv *kv, uint32_t slot_index, uint32_t from_index, uint32_t n_positions)
{
    HrKvSlot *slot = &kv->slots[slot_index], *from = &kv->slots[from_index];
    uint32_t n = hr_kv_reachable(kv, from_index, n_positions);
    if (kv->layout.n_states == 0)
        n = hr_kv_reachable(kv, from_index, n / HR_PAGE_POSITIONS * HR_PAGE_POSITIONS);
    hr_kv_truncate(kv, slot_index, 0);
    slot->n_pages = hr_kv_pages(n);
    for (uint32_t g = 0; g < kv->layout.n_reaches; g++)
        for (uint32_t p = hr_kv_pages_first(&kv->groups[g], n); p < slot->n_pages; p++) {
            slot->pages[g][p] = from->pages[g][p];
            kv->groups[g].refs[slot->pages[g][p]]++;
        }
    g_array_append_vals(slot->tokens, from->tokens->data, n);
    hr_kv_states_copy(kv, slot_index, from_index, n);
    slot->mark = n;
    return n;
}

uint32_t hr_kv_common_prefix(const HrKv *kv, uint32_t slot_index, const HrToken *tokens, size_t n)
{
    const GArray *held = kv->slots[slot_index].tokens;
    uint32_t i = 0;
    while (i < held->len && i < n && g_array_index(held, HrToken, i) == tokens[i])
        i++;
    return i;
}

/* ---- Telling ---- */

uint64_t hr_kv_committed_bytes(const HrKv *kv)
{
    uint64_t bytes = hr_kv_states_committed(kv);
    for (uint32_t il = 0; il < kv->layout.n_layer; il++) {
        const HrKvPages *pages = &kv->groups[kv->layout.layers[il].group];
        bytes += (uint64_t)(pages->n_pages - pages->n_free) * kv->layout.layers[il].page_bytes;
    }
    return bytes;
}

/* Positions of the slot's pages that it has not filled; none in a page that others may hold further
 * than it does. */
static uint64_t unused_positions(const HrKv *kv, const HrKvSlot *slot)
{
    uint32_t n = slot->tokens->len, room = slot->n_pages * HR_PAGE_POSITIONS;
    bool shared = n < room && kv->groups[0].refs[slot->pages[0][n / HR_PAGE_POSITIONS]] > 1;
    return n < room && !shared ? room - n : 0;
}

uint64_t hr_kv_held_positions(const HrKv *kv)
{
    uint64_t positions =
        (uint64_t)(kv->groups[0].n_pages - kv->groups[0].n_free) * HR_PAGE_POSITIONS;
    for (uint32_t s = 0; s < kv->n_slots; s++)
        positions -= unused_positions(kv, &kv->slots[s]);
    return positions;
}
