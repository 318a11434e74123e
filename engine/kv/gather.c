/* gather.c: pages that are full next to each other, put into memory of 2 MiB pages.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Attention over a long context reads as fast as memory is, and from pages of 4 KiB memory is half
 * as fast. But 2 MiB for each layer would be far more than a short context fills. So memory is
 * committed as it fills, and each stretch of 2 MiB that has become full is put together by the
 * kernel (6.1 or later), in a part of a millisecond.
 */
#include "kv/pages.h"

#define STRETCH ((uintptr_t)HR_HUGE_PAGE_BYTES)
/* Where the kernel has to look for room first, it is left alone for a while. */
#define SLOW_US 2000
#define REST_US (10 * G_USEC_PER_SEC)

static bool are_taken(const HrKvPages *pages, size_t first, size_t last)
{
    for (size_t page = first; page <= last; page++)
        if (page >= pages->n_pages || pages->refs[page] == 0)
            return false;
    return true;
}

static void gather_stretch(HrKv *kv, const HrRegion *pool, size_t offset)
{
    int64_t begin = g_get_monotonic_time();
    if (begin < kv->gather_after_us)
        return;
    bool done = hr_region_gather(pool, offset, HR_HUGE_PAGE_BYTES);
    int64_t end = g_get_monotonic_time();
    if (!done || end - begin > SLOW_US)
        kv->gather_after_us = end + REST_US;
}

/* The whole stretches of 2 MiB that a page lies in, of one layer; not the last one that was put
 * together. */
static void gather_page(HrKv *kv, uint32_t layer, uint32_t page, uintptr_t *last)
{
    const HrRegion *pool = &kv->pools[layer];
    const HrKvPages *pages = &kv->groups[kv->layout.layers[layer].group];
    size_t bytes = kv->layout.layers[layer].page_bytes;
    uintptr_t base = (uintptr_t)pool->base, begin = base + page * bytes;
    for (uintptr_t at = begin / STRETCH * STRETCH; at < begin + bytes; at += STRETCH) {
        if (at == *last || at < base || at + STRETCH > base + pool->bytes)
            continue;
        size_t offset = at - base;
        if (are_taken(pages, offset / bytes, (offset + STRETCH - 1) / bytes)) {
            gather_stretch(kv, pool, offset);
            *last = at;
        }
    }
}

void hr_kv_gather(HrKv *kv, const HrKvSlot *slot, uint32_t begin, uint32_t end)
{
    for (uint32_t il = 0; il < kv->layout.n_layer; il++) {
        const uint32_t *pages = slot->pages[kv->layout.layers[il].group];
        uintptr_t last = 0;
        if (kv->layout.layers[il].page_bytes == 0)
            continue;
        for (uint32_t i = begin / HR_PAGE_POSITIONS; i < end / HR_PAGE_POSITIONS; i++)
            if (pages[i] != HR_KV_NO_PAGE)
                gather_page(kv, il, pages[i], &last);
    }
}
