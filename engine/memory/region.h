/* region.h: memory whose size a model or a setting decides.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Regions come straight from the kernel: reserved as address space, committed by being touched,
 * given back in parts. Every region and every mapped weight is written into a ledger, item by item,
 * which is what "allocated" means wherever Headroom shows it. Thread-safety: Unsafe (the loading
 * thread, then the runner's).
 */
#pragma once

#include "hr.h"

typedef struct {
    void *base; /* page-aligned, zeroed; NULL: none */
    size_t bytes;
} HrRegion;

typedef struct {
    GArray *items; /* HrPlanItem; names are borrowed from the plan */
} HrLedger;

void hr_ledger_init(HrLedger *ledger);
void hr_ledger_finish(HrLedger *ledger);
/* Writes down item with the bytes that were really taken. */
void hr_ledger_record(HrLedger *ledger, const HrPlanItem *item, uint64_t bytes);

/* Reserves bytes (rounded up to whole pages by the kernel, not in the ledger) and records them as
 * item (ledger NULL: someone else does). huge: ask for 2 MiB pages. HR_ERROR_MEMORY on failure. */
bool hr_region_map(HrRegion *region, HrLedger *ledger, const HrPlanItem *item, uint64_t bytes,
                   bool huge, GError **error);
/* Makes a region that was mapped longer or shorter; what it holds up to the shorter length stays,
 * perhaps elsewhere. Making it shorter does not fail. name: what it is for. HR_ERROR_MEMORY, the
 * region as it was. */
bool hr_region_resize(HrRegion *region, uint64_t bytes, const char *name, GError **error);
/* Bytes of a region that are really taken: of pages that were touched and not given back. The
 * kernel is asked, which takes some 0.1 ms for 100 MiB; all of it where it does not tell. */
uint64_t hr_region_committed(const HrRegion *region);
#define HR_HUGE_PAGE_BYTES (2u << 20)
/* Puts what lies in [offset, offset + bytes), whole pages of that size in the address space, into
 * as many; what was not touched is then taken too. False if the kernel cannot, or not now. */
bool hr_region_gather(const HrRegion *region, size_t offset, size_t bytes);
/* Gives the pages of [offset, offset + bytes) back to the kernel; they read as zero afterwards.
 * Partial pages stay. */
void hr_region_discard(HrRegion *region, size_t offset, size_t bytes);
void hr_region_unmap(HrRegion *region); /* an empty region is a no-op */
