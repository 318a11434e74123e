/* merge.c: a linked list of symbols and a heap of the pairs that may be joined.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A symbol knows the rank of joining it with its right neighbour. The heap may hold ranks that no
 * longer hold; they are known by differing from the symbol's. Every join makes two new pairs at
 * most and takes one symbol away, so the heap never holds more than 3 n entries.
 */
#include "tokenizer/merge.h"

#define MIN_SYMBOLS 64 /* most words are shorter */

bool hr_merger_begin(HrMerger *merger, size_t n)
{
    size_t capacity = MAX(MIN_SYMBOLS, n + n / 8);
    HrSymbol *symbols;
    uint64_t *heap;

    merger->n = merger->n_heap = 0;
    if (n <= merger->capacity)
        return true;
    if (n >= HR_NO_SYMBOL)
        return false;
    symbols = g_try_malloc_n(capacity, sizeof *symbols);
    heap = g_try_malloc_n(capacity, 3 * sizeof *heap);
    if (!symbols || !heap) {
        g_free(symbols);
        g_free(heap);
        return false;
    }
    hr_merger_finish(merger);
    merger->symbols = symbols;
    merger->heap = heap;
    merger->capacity = capacity;
    return true;
}

void hr_merger_finish(HrMerger *merger)
{
    g_clear_pointer(&merger->symbols, g_free);
    g_clear_pointer(&merger->heap, g_free);
    merger->capacity = merger->n = merger->n_heap = 0;
}

void hr_merger_add(HrMerger *merger, HrToken id, uint32_t start, uint32_t len)
{
    uint32_t index = (uint32_t)merger->n++;

    g_assert(merger->n <= merger->capacity);
    merger->symbols[index] = (HrSymbol){
        .id = id,
        .start = start,
        .len = len,
        .prev = index > 0 ? index - 1 : HR_NO_SYMBOL,
        .next = HR_NO_SYMBOL,
        .rank = HR_NO_RANK,
    };
    if (index > 0)
        merger->symbols[index - 1].next = index;
}

/* ---- The heap: smallest key first ---- */

static void heap_push(HrMerger *merger, uint64_t key)
{
    size_t at = merger->n_heap++;

    g_assert(at < 3 * merger->capacity);
    while (at > 0 && merger->heap[(at - 1) / 2] > key) {
        merger->heap[at] = merger->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    merger->heap[at] = key;
}

static uint64_t heap_pop(HrMerger *merger)
{
    uint64_t first = merger->heap[0], last = merger->heap[--merger->n_heap];
    size_t at = 0, n = merger->n_heap;

    for (size_t child = 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n && merger->heap[child + 1] < merger->heap[child])
            child++;
        if (merger->heap[child] >= last)
            break;
        merger->heap[at] = merger->heap[child];
        at = child;
    }
    merger->heap[at] = last;
    return first;
}

/* ---- Joining ---- */

/* Looks at the pair that begins at index, if both are there. */
static void consider(HrMerger *merger, uint32_t index)
{
    HrSymbol *left;

    if (index == HR_NO_SYMBOL)
        return;
    left = &merger->symbols[index];
    left->rank = HR_NO_RANK;
    if (left->next == HR_NO_SYMBOL)
        return;
    left->rank = merger->lookup(merger->context, left, &merger->symbols[left->next], &left->joined);
    if (left->rank != HR_NO_RANK)
        heap_push(merger, (uint64_t)left->rank << 32 | index);
}

static void join(HrMerger *merger, uint32_t index)
{
    HrSymbol *left = &merger->symbols[index], *right = &merger->symbols[left->next];

    left->id = left->joined;
    left->len += right->len;
    left->next = right->next;
    right->rank = HR_NO_RANK;
    if (left->next != HR_NO_SYMBOL)
        merger->symbols[left->next].prev = index;
    consider(merger, left->prev);
    consider(merger, index);
}

void hr_merger_run(HrMerger *merger)
{
    for (size_t i = 0; i + 1 < merger->n; i++)
        consider(merger, (uint32_t)i);
    while (merger->n_heap > 0) {
        uint64_t key = heap_pop(merger);
        uint32_t index = (uint32_t)key;

        if (merger->symbols[index].rank == (uint32_t)(key >> 32))
            join(merger, index);
    }
}
