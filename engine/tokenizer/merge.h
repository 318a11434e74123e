/* merge.h: joining neighbouring symbols, best pair first.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What BPE and SPM have in common: symbols in a row; of all neighbours that may be joined, the pair
 * of the lowest rank is, the leftmost one among equals; until none is left. n symbols take O(n log
 * n) steps: each pair is looked up once, when it comes to be. Thread-safety: one thread at a time
 * for each HrMerger.
 */
#pragma once

#include "hr.h"

#define HR_NO_RANK UINT32_MAX

typedef struct {
    HrToken id;          /* -1: no token */
    uint32_t start, len; /* bytes of the text */
    uint32_t prev, next; /* indices; HR_NO_SYMBOL at the ends */
    uint32_t rank;       /* of joining this symbol and the next; HR_NO_RANK: they do not join */
    HrToken joined;      /* what that gives */
} HrSymbol;
#define HR_NO_SYMBOL UINT32_MAX

/* The rank and the token of left and right joined, HR_NO_RANK if they do not join. */
typedef uint32_t (*HrMergeLookup)(const void *context, const HrSymbol *left, const HrSymbol *right,
                                  HrToken *ret_joined);

typedef struct {
    HrMergeLookup lookup;
    const void *context;
    HrSymbol *symbols;
    size_t n, capacity;
    uint64_t *heap;      /* rank << 32 | index of the left symbol */
    size_t n_heap;
} HrMerger;

/* Makes room for n symbols and empties the merger. False if memory is short. */
bool hr_merger_begin(HrMerger *merger, size_t n);
void hr_merger_add(HrMerger *merger, HrToken id, uint32_t start, uint32_t len);
/* Joins until nothing joins. What is left: symbols[0] and on by next. */
void hr_merger_run(HrMerger *merger);
void hr_merger_finish(HrMerger *merger);
