/* region.c: see region.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "memory/region.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

void hr_ledger_init(HrLedger *ledger)
{
    ledger->items = g_array_new(false, false, sizeof(HrPlanItem));
}

void hr_ledger_finish(HrLedger *ledger)
{
    g_clear_pointer(&ledger->items, g_array_unref);
}

void hr_ledger_record(HrLedger *ledger, const HrPlanItem *item, uint64_t bytes)
{
    HrPlanItem taken = *item;
    taken.bytes = bytes;
    g_array_append_val(ledger->items, taken);
}

static bool refused(uint64_t bytes, const char *name, GError **error)
{
    g_set_error(error, HR_ERROR, HR_ERROR_MEMORY,
                "The system refused %" G_GUINT64_FORMAT
                " bytes for %s (%s). Choose a smaller num_ctx, parallel or num_batch.",
                bytes, name, g_strerror(errno));
    return false;
}

bool hr_region_map(HrRegion *region, HrLedger *ledger, const HrPlanItem *item, uint64_t bytes,
                   bool huge, GError **error)
{
    void *base = MAP_FAILED;
    if (bytes == 0) {
        *region = (HrRegion){0};
        if (ledger)
            hr_ledger_record(ledger, item, 0);
        return true;
    }
    if (bytes <= SIZE_MAX)
        base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return refused(bytes, item->name, error);
    if (huge)
        madvise(base, bytes, MADV_HUGEPAGE);
    region->base = base;
    region->bytes = bytes;
    if (ledger)
        hr_ledger_record(ledger, item, bytes);
    return true;
}

static uint64_t whole_pages(uint64_t bytes)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    return (bytes + page - 1) / page * page;
}

bool hr_region_resize(HrRegion *region, uint64_t bytes, const char *name, GError **error)
{
    void *base = region->base;
    if (bytes > SIZE_MAX) {
        errno = ENOMEM;
        return refused(bytes, name, error);
    }
    if (whole_pages(bytes) != whole_pages(region->bytes))
        base = mremap(region->base, region->bytes, bytes, MREMAP_MAYMOVE);
    if (base == MAP_FAILED)
        return refused(bytes, name, error);
    region->base = base;
    region->bytes = bytes;
    return true;
}

void hr_region_discard(HrRegion *region, size_t offset, size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t begin = (offset + page - 1) / page * page;
    size_t end = (offset + bytes) / page * page;
    if (end > begin)
        madvise((char *)region->base + begin, end - begin, MADV_DONTNEED);
}

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

bool hr_region_gather(const HrRegion *region, size_t offset, size_t bytes)
{
    return madvise((char *)region->base + offset, bytes, MADV_COLLAPSE) == 0;
}

/* Pages that are asked about at once. */
#define ASKED_PAGES 4096

uint64_t hr_region_committed(const HrRegion *region)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), n_taken = 0;
    unsigned char taken[ASKED_PAGES];
    for (uint64_t at = 0; at < region->bytes; at += ASKED_PAGES * page) {
        uint64_t bytes = MIN(region->bytes - at, ASKED_PAGES * page);
        if (mincore((char *)region->base + at, bytes, taken) != 0)
            return region->bytes;
        for (uint64_t i = 0; i < whole_pages(bytes) / page; i++)
            n_taken += taken[i] & 1;
    }
    return MIN(n_taken * page, region->bytes);
}

void hr_region_unmap(HrRegion *region)
{
    if (region->base)
        munmap(region->base, region->bytes);
    *region = (HrRegion){0};
}
