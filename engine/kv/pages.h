/* pages.h: inside the cache: page numbers taken, shared, copied and given back. See kv.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "kv/kv.h"

bool hr_kv_pages_init(HrKvPages *pages, const HrKvReach *reach, uint32_t n_slots);
void hr_kv_pages_finish(HrKvPages *pages);

/* Gives entries [begin, end) of slot's table back. */
void hr_kv_pages_drop(HrKv *kv, uint32_t group, HrKvSlot *slot, uint32_t begin, uint32_t end);
/* Takes one page that left its window from the slot whose page lies furthest behind. False if there
 * is none. */
bool hr_kv_pages_reclaim(HrKv *kv, uint32_t group);
/* Whether the entry is needed to come back to the slot's checkpoint, or to a little before it. */
bool hr_kv_pages_is_kept(const HrKvPages *pages, const HrKvSlot *slot, uint32_t entry);
/* A page that slot alone refers to, at an entry of its table: a new one, or a copy of a shared one.
 */
bool hr_kv_pages_own(HrKv *kv, uint32_t group, HrKvSlot *slot, uint32_t entry, GError **error);
/* gather.c: positions from begin to end of slot were filled: what is full now and next to each
 * other is read faster from larger pages of the kernel's. */
void hr_kv_gather(HrKv *kv, const HrKvSlot *slot, uint32_t begin, uint32_t end);
/* The first entry that a step beginning at n_positions looks at. */
uint32_t hr_kv_pages_first(const HrKvPages *pages, uint32_t n_positions);
/* The most of the first n_positions whose window is there. */
uint32_t hr_kv_pages_reachable(const HrKv *kv, uint32_t group, const HrKvSlot *slot,
                               uint32_t n_positions);
