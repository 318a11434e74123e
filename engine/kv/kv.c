/* kv.c: see kv.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "kv/kv.h"

#include <string.h>

static bool map_pools(HrKv *kv, HrLedger *ledger, const HrPlanItem *items, GError **error)
{
    for (uint32_t il = 0; il < kv->layout.n_layer; il++) {
        uint64_t bytes = (uint64_t)kv->n_pages * kv->layout.layers[il].page_bytes;
        if (!hr_region_map(&kv->pools[il], ledger, &items[il], bytes, false, error))
            return false;
    }
    return true;
}

bool hr_kv_init(HrKv *kv, const HrHparams *hparams, const HrSettings *settings, HrLedger *ledger, const HrPlanItem *items,
                GError **error)
{
    *kv = (HrKv){.num_ctx = settings->num_ctx, .n_slots = settings->parallel, .pages_per_slot = hr_kv_pages(settings->num_ctx)};
    if (!hr_kv_layout_init(&kv->layout, hparams, settings->kv_type, error))
        return false;
    kv->n_pages = kv->pages_per_slot * kv->n_slots;
    kv->pools = g_new0(HrRegion, kv->layout.n_layer);
    kv->refs = g_try_new0(uint16_t, kv->n_pages);
    kv->free_pages = g_try_new(uint32_t, kv->n_pages);
    kv->slots = g_new0(HrKvSlot, kv->n_slots);
    for (uint32_t s = 0; s < kv->n_slots; s++) {
        kv->slots[s].tokens = g_array_new(false, false, sizeof(HrToken));
        kv->slots[s].pages = g_try_new(uint32_t, kv->pages_per_slot);
        if (!kv->slots[s].pages || !kv->refs || !kv->free_pages) {
            g_set_error(error, HR_ERROR, HR_ERROR_MEMORY, "Out of memory for the page tables of %u positions.", kv->num_ctx);
            return false;
        }
    }
    for (uint32_t p = 0; p < kv->n_pages; p++)
        kv->free_pages[kv->n_free++] = kv->n_pages - 1 - p;
    return map_pools(kv, ledger, items, error);
}

void hr_kv_finish(HrKv *kv)
{
    for (uint32_t il = 0; kv->pools && il < kv->layout.n_layer; il++)
        hr_region_unmap(&kv->pools[il]);
    for (uint32_t s = 0; kv->slots && s < kv->n_slots; s++) {
        g_clear_pointer(&kv->slots[s].tokens, g_array_unref);
        g_free(kv->slots[s].pages);
    }
    g_clear_pointer(&kv->pools, g_free);
    g_clear_pointer(&kv->slots, g_free);
    g_clear_pointer(&kv->refs, g_free);
    g_clear_pointer(&kv->free_pages, g_free);
    hr_kv_layout_finish(&kv->layout);
}

/* ---- Pages ---- */

static void release_page(HrKv *kv, uint32_t page)
{
    if (--kv->refs[page] > 0)
        return;
    for (uint32_t il = 0; il < kv->layout.n_layer; il++) {
        size_t bytes = kv->layout.layers[il].page_bytes;
        hr_region_discard(&kv->pools[il], page * bytes, bytes);
    }
    kv->free_pages[kv->n_free++] = page;
}

static bool take_page(HrKv *kv, uint32_t *ret_page, GError **error)
{
    if (kv->n_free == 0) {
        g_set_error(error, HR_ERROR, HR_ERROR_MEMORY, "The cache has no free page left (%u of %u positions).",
                    kv->n_pages * HR_PAGE_POSITIONS, kv->num_ctx * kv->n_slots);
        return false;
    }
    *ret_page = kv->free_pages[--kv->n_free];
    kv->refs[*ret_page] = 1;
    return true;
}

/* Replaces a shared page by a copy of it. */
static bool own_page(HrKv *kv, uint32_t *page, GError **error)
{
    uint32_t copy;
    if (kv->refs[*page] == 1)
        return true;
    if (!take_page(kv, &copy, error))
        return false;
    for (uint32_t il = 0; il < kv->layout.n_layer; il++) {
        size_t bytes = kv->layout.layers[il].page_bytes;
        char *pool = kv->pools[il].base;
        memcpy(pool + copy * bytes, pool + *page * bytes, bytes);
    }
    release_page(kv, *page);
    *page = copy;
    return true;
}

static void drop_pages(HrKv *kv, HrKvSlot *slot, uint32_t n_keep)
{
    while (slot->n_pages > n_keep)
        release_page(kv, slot->pages[--slot->n_pages]);
}

/* ---- Slots ---- */

bool hr_kv_prepare(HrKv *kv, uint32_t slot_index, uint32_t begin, uint32_t n_positions, GError **error)
{
    HrKvSlot *slot = &kv->slots[slot_index];
    uint32_t n_pages = hr_kv_pages(n_positions);
    g_return_val_if_fail(n_pages <= kv->pages_per_slot, false);
    for (uint32_t p = begin / HR_PAGE_POSITIONS; p < slot->n_pages && p < n_pages; p++)
        if (!own_page(kv, &slot->pages[p], error))
            return false;
    while (slot->n_pages < n_pages) {
        if (!take_page(kv, &slot->pages[slot->n_pages], error))
            return false;
        slot->n_pages++;
    }
    return true;
}

void hr_kv_truncate(HrKv *kv, uint32_t slot_index, uint32_t n_keep)
{
    HrKvSlot *slot = &kv->slots[slot_index];
    if (n_keep < slot->tokens->len)
        g_array_set_size(slot->tokens, n_keep);
    drop_pages(kv, slot, hr_kv_pages(MIN(n_keep, slot->tokens->len)));
}

uint32_t hr_kv_share(HrKv *kv, uint32_t slot_index, uint32_t from_index, uint32_t n_positions)
{
    HrKvSlot *slot = &kv->slots[slot_index], *from = &kv->slots[from_index];
    uint32_t n_pages = n_positions / HR_PAGE_POSITIONS;
    hr_kv_truncate(kv, slot_index, 0);
    for (uint32_t p = 0; p < n_pages; p++) {
        slot->pages[p] = from->pages[p];
        kv->refs[slot->pages[p]]++;
    }
    slot->n_pages = n_pages;
    g_array_append_vals(slot->tokens, from->tokens->data, n_pages * HR_PAGE_POSITIONS);
    return n_pages * HR_PAGE_POSITIONS;
}

uint32_t hr_kv_common_prefix(const HrKv *kv, uint32_t slot_index, const HrToken *tokens, size_t n)
{
    const GArray *held = kv->slots[slot_index].tokens;
    uint32_t i = 0;
    while (i < held->len && i < n && g_array_index(held, HrToken, i) == tokens[i])
        i++;
    return i;
}

uint64_t hr_kv_committed_bytes(const HrKv *kv)
{
    uint64_t bytes = 0;
    for (uint32_t il = 0; il < kv->layout.n_layer; il++)
        bytes += (uint64_t)(kv->n_pages - kv->n_free) * kv->layout.layers[il].page_bytes;
    return bytes;
}

/* Positions of the slot's pages that it has not filled; none in a page that others may hold further than it does. */
static uint64_t unused_positions(const HrKv *kv, const HrKvSlot *slot)
{
    uint32_t n = slot->tokens->len, room = slot->n_pages * HR_PAGE_POSITIONS;
    bool shared = n < room && kv->refs[slot->pages[n / HR_PAGE_POSITIONS]] > 1;
    return n < room && !shared ? room - n : 0;
}

uint64_t hr_kv_held_positions(const HrKv *kv)
{
    uint64_t positions = (uint64_t)(kv->n_pages - kv->n_free) * HR_PAGE_POSITIONS;
    for (uint32_t s = 0; s < kv->n_slots; s++)
        positions -= unused_positions(kv, &kv->slots[s]);
    return positions;
}
