/* kv.h: the paged cache of keys and values, and which slot holds which tokens in it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pages are counted references: slots share the whole pages of a common prefix, and a slot that writes into a page that it shares
 * gets a copy first. Address space for num_ctx x parallel is reserved; a page takes memory when it is first written
 * and gives it back when nothing refers to it. Thread-safety: Unsafe (the runner's thread; while a step runs, workers only read
 * page tables and write positions of that step).
 */
#pragma once

#include "kv/layout.h"
#include "memory/region.h"

typedef struct {
    GArray *tokens;  /* HrToken: what the cache holds for this slot, position by position */
    uint32_t *pages; /* [pages_per_slot] page numbers; valid up to the pages that tokens take (and a step has prepared) */
    uint32_t n_pages;
    int64_t last_used_us;
} HrKvSlot;

typedef struct {
    HrKvLayout layout;
    uint32_t num_ctx, n_slots, pages_per_slot, n_pages;
    HrRegion *pools; /* [n_layer] */
    uint16_t *refs;  /* [n_pages] */
    uint32_t *free_pages, n_free;
    HrKvSlot *slots; /* [n_slots] */
} HrKv;

/* items: the plan's cache items, one per layer in order. */
bool hr_kv_init(HrKv *kv, const HrHparams *hparams, const HrSettings *settings, HrLedger *ledger, const HrPlanItem *items,
                GError **error);
void hr_kv_finish(HrKv *kv);

/* Makes room for positions up to n_positions (at most num_ctx) of slot, in pages that are its own from begin on. HR_ERROR_MEMORY if
 * there is no page, which cannot happen while every slot stays within num_ctx. */
bool hr_kv_prepare(HrKv *kv, uint32_t slot, uint32_t begin, uint32_t n_positions, GError **error);
/* Forgets the positions from n_keep on. */
void hr_kv_truncate(HrKv *kv, uint32_t slot, uint32_t n_keep);
/* Replaces what slot holds by the first n_positions of another slot, whole pages only; returns how many were shared. */
uint32_t hr_kv_share(HrKv *kv, uint32_t slot, uint32_t from, uint32_t n_positions);
/* How many of tokens[n] slot holds from its start on. */
uint32_t hr_kv_common_prefix(const HrKv *kv, uint32_t slot, const HrToken *tokens, size_t n);

uint64_t hr_kv_committed_bytes(const HrKv *kv);
uint64_t hr_kv_held_positions(const HrKv *kv); /* shared pages once, and as full */

/* The blocks of one head in the page that holds position. */
static inline void *hr_kv_k_block(const HrKv *kv, uint32_t layer, uint32_t page, uint32_t head)
{
    const HrKvLayerLayout *l = &kv->layout.layers[layer];
    return (char *)kv->pools[layer].base + page * l->page_bytes + head * l->k_block_bytes;
}
static inline void *hr_kv_v_block(const HrKv *kv, uint32_t layer, uint32_t page, uint32_t head)
{
    const HrKvLayerLayout *l = &kv->layout.layers[layer];
    return (char *)kv->pools[layer].base + page * l->page_bytes + l->v_offset + head * l->v_block_bytes;
}
