/* pages.c: see pages.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "kv/pages.h"

#include <string.h>

bool hr_kv_pages_init(HrKvPages *pages, const HrKvReach *reach, uint32_t n_slots)
{
    *pages = (HrKvPages){.window = reach->window, .n_pages = reach->pages_per_slot * n_slots};
    pages->refs = g_try_new0(uint16_t, pages->n_pages);
    pages->free_pages = g_try_new(uint32_t, pages->n_pages);
    if (!pages->refs || !pages->free_pages)
        return false;
    for (uint32_t p = 0; p < pages->n_pages; p++)
        pages->free_pages[pages->n_free++] = pages->n_pages - 1 - p;
    return true;
}

void hr_kv_pages_finish(HrKvPages *pages)
{
    g_clear_pointer(&pages->refs, g_free);
    g_clear_pointer(&pages->free_pages, g_free);
}

uint32_t hr_kv_pages_first(const HrKvPages *pages, uint32_t n_positions)
{
    return pages->window == 0 || n_positions < pages->window
               ? 0
               : (n_positions - pages->window + 1) / HR_PAGE_POSITIONS;
}

/* ---- Giving back ---- */

static void release(HrKv *kv, uint32_t group, uint32_t page)
{
    HrKvPages *pages = &kv->groups[group];
    if (--pages->refs[page] > 0)
        return;
    for (uint32_t il = 0; il < kv->layout.n_layer; il++) {
        const HrKvLayerLayout *layer = &kv->layout.layers[il];
        if (layer->group == group && layer->page_bytes > 0 && kv->pools[il].base)
            hr_region_discard(&kv->pools[il], page * layer->page_bytes, layer->page_bytes);
    }
    pages->free_pages[pages->n_free++] = page;
}

void hr_kv_pages_drop(HrKv *kv, uint32_t group, HrKvSlot *slot, uint32_t begin, uint32_t end)
{
    for (uint32_t entry = begin; entry < end; entry++) {
        if (slot->pages[group][entry] != HR_KV_NO_PAGE)
            release(kv, group, slot->pages[group][entry]);
        slot->pages[group][entry] = HR_KV_NO_PAGE;
    }
}

/* ---- Pages that left the window ---- */

bool hr_kv_pages_is_kept(const HrKvPages *pages, const HrKvSlot *slot, uint32_t entry)
{
    return entry < hr_kv_pages(slot->mark) && entry + 1 >= hr_kv_pages_first(pages, slot->mark);
}

/* The slot's page that is furthest from use, or n_pages: of those that left the window the first
 * one, preferably one that no checkpoint looks at. ret_lag: how far it lies behind the window, in
 * pages. */
static uint32_t find_stale(const HrKv *kv, uint32_t group, const HrKvSlot *slot, bool kept,
                           uint32_t *ret_lag)
{
    const HrKvPages *pages = &kv->groups[group];
    uint32_t first = MIN(hr_kv_pages_first(pages, slot->tokens->len), slot->n_pages);
    for (uint32_t entry = 0; entry < first; entry++) {
        if (slot->pages[group][entry] == HR_KV_NO_PAGE ||
            hr_kv_pages_is_kept(pages, slot, entry) != kept)
            continue;
        *ret_lag = first - entry;
        return entry;
    }
    return slot->n_pages;
}

static bool reclaim_one(HrKv *kv, uint32_t group, bool kept)
{
    HrKvSlot *victim = NULL;
    uint32_t victim_entry = 0, most = 0;
    for (uint32_t s = 0; s < kv->n_slots; s++) {
        uint32_t lag = 0, entry = find_stale(kv, group, &kv->slots[s], kept, &lag);
        if (lag > most) {
            most = lag;
            victim = &kv->slots[s];
            victim_entry = entry;
        }
    }
    if (victim)
        hr_kv_pages_drop(kv, group, victim, victim_entry, victim_entry + 1);
    return victim != NULL;
}

bool hr_kv_pages_reclaim(HrKv *kv, uint32_t group)
{
    return reclaim_one(kv, group, false) || reclaim_one(kv, group, true);
}

/* ---- Taking ---- */

static bool take(HrKv *kv, uint32_t group, uint32_t *ret_page, GError **error)
{
    HrKvPages *pages = &kv->groups[group];
    while (pages->n_free == 0 && hr_kv_pages_reclaim(kv, group))
        ;
    if (pages->n_free == 0) {
        g_set_error(error, HR_ERROR, HR_ERROR_MEMORY,
                    "The cache has no free page left (%u of %u positions).",
                    pages->n_pages * HR_PAGE_POSITIONS, kv->num_ctx * kv->n_slots);
        return false;
    }
    *ret_page = pages->free_pages[--pages->n_free];
    pages->refs[*ret_page] = 1;
    return true;
}

static bool copy_page(HrKv *kv, uint32_t group, uint32_t from, uint32_t to, GError **error)
{
    for (uint32_t il = 0; il < kv->layout.n_layer; il++) {
        size_t bytes = kv->layout.layers[il].page_bytes;
        char *pool = kv->pools[il].base;
        if (kv->layout.layers[il].group != group || bytes == 0)
            continue;
        if (pool)
            memcpy(pool + to * bytes, pool + from * bytes, bytes);
        else if (!kv->elsewhere.copy(kv->elsewhere.data, il, from, to, error))
            return false;
    }
    return true;
}

bool hr_kv_pages_own(HrKv *kv, uint32_t group, HrKvSlot *slot, uint32_t entry, GError **error)
{
    uint32_t page, *held = &slot->pages[group][entry];
    if (*held != HR_KV_NO_PAGE && kv->groups[group].refs[*held] == 1)
        return true;
    if (!take(kv, group, &page, error))
        return false;
    if (*held != HR_KV_NO_PAGE) {
        if (!copy_page(kv, group, *held, page, error)) {
            release(kv, group, page);
            return false;
        }
        release(kv, group, *held);
    }
    *held = page;
    return true;
}

/* ---- What is there ---- */

uint32_t hr_kv_pages_reachable(const HrKv *kv, uint32_t group, const HrKvSlot *slot,
                               uint32_t n_positions)
{
    const HrKvPages *pages = &kv->groups[group];
    uint32_t entry = hr_kv_pages(n_positions);
    while (entry > hr_kv_pages_first(pages, n_positions)) {
        entry--;
        if (slot->pages[group][entry] == HR_KV_NO_PAGE)
            n_positions =
                entry * HR_PAGE_POSITIONS; /* the next candidate ends where this page begins */
    }
    return n_positions;
}
