/* kv.h: the cache: pages of keys and values, recurrent states, and which slot holds which tokens in
 * them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pages are counted references: slots share the pages of a common prefix, and a slot that writes
 * into a page that it shares gets a copy first. Address space is reserved for what all slots can
 * need; a page takes memory when it is first written and gives it back when nothing refers to it.
 * Layers that see only a window share pools that are no larger than the window needs: pages that
 * left the window stay, so that a slot can be cut back, until another page is wanted.
 *
 * A recurrent state cannot be cut back at all, so some that were passed on the way are kept
 * (checkpoints). A step reads a slot's current state and writes another one, which becomes the
 * current one when the step is noted: a step that was left half done spoils nothing.
 *
 * Thread-safety: Unsafe (the runner's thread; while a step runs, workers only read page tables and
 * write positions and states of that step).
 */
#pragma once

#include "kv/layout.h"
#include "memory/region.h"

#define HR_KV_NO_PAGE UINT32_MAX
#define HR_KV_NO_STATE UINT32_MAX

/* One state of all recurrent layers of a slot. */
typedef struct {
    uint32_t n_positions; /* that it has read; 0: unused */
    bool checkpoint;      /* kept while there is room */
} HrKvState;

typedef struct {
    GArray *tokens;       /* HrToken: what the cache holds for this slot, position by position */
    uint32_t **pages;     /* [n_reaches][pages of num_ctx] page numbers or HR_KV_NO_PAGE */
    uint32_t n_pages;     /* entries in use: those that tokens take and a step has prepared */
    uint32_t mark;        /* the last checkpoint: windows behind it are given up last */
    HrKvState *states;    /* [n_states] */
    uint32_t state, next_state; /* indices: reached (HR_KV_NO_STATE: all zeros), being written */
    int64_t last_used_us;
} HrKvSlot;

/* The page numbers of the layers of one reach. */
typedef struct {
    uint32_t window; /* 0: all */
    uint32_t n_pages;
    uint16_t *refs;  /* [n_pages] */
    uint32_t *free_pages, n_free;
} HrKvPages;

/* Who has the pools of layers that are not the host's. */
typedef struct {
    void *data;
    bool (*holds)(void *data, uint32_t layer);
    /* While a cache is made another: whether a layer's pool of that size stays where it is. */
    bool (*keeps)(void *data, uint32_t layer, uint64_t bytes);
    bool (*take)(void *data, uint32_t layer, uint64_t bytes, GError **error);
    bool (*copy)(void *data, uint32_t layer, uint32_t from, uint32_t to, GError **error);
    bool (*read)(void *data, uint32_t layer, uint32_t page, void *dst, GError **error);
    bool (*write)(void *data, uint32_t layer, uint32_t page, const void *src, GError **error);
} HrKvElsewhere;

typedef struct {
    HrKvLayout layout;
    HrKvElsewhere elsewhere; /* zeros: the host has all */
    uint32_t num_ctx, n_slots;
    HrKvPages *groups; /* [n_reaches] */
    HrRegion *pools;   /* [n_layer] pages */
    HrRegion *states;  /* [n_layer] [n_slots][n_states] states */
    HrKvSlot *slots;   /* [n_slots] */
    int64_t gather_after_us; /* see gather.c */
} HrKv;

/* items: the plan's cache items: for each layer in order its pages and its states, of those that it
 * has. */
bool hr_kv_init(HrKv *kv, const HrHparams *hparams, const HrSettings *settings, HrLedger *ledger,
                const HrPlanItem *items, GError **error);
void hr_kv_finish(HrKv *kv);
/* The same in two parts: tables, then, when kv->elsewhere is set, memory for pages and states. */
bool hr_kv_make(HrKv *kv, const HrHparams *hparams, const HrSettings *settings, GError **error);
bool hr_kv_map(HrKv *kv, HrLedger *ledger, const HrPlanItem *items, GError **error);
/* Whether the pages of a layer are not in the host's memory. */
static inline bool hr_kv_is_elsewhere(const HrKv *kv, uint32_t layer)
{
    return kv->elsewhere.holds && kv->elsewhere.holds(kv->elsewhere.data, layer);
}

/* ---- A step ---- */

/* Makes room for positions up to n_positions (at most num_ctx, and num_batch behind begin) of slot,
 * which holds begin: in pages that are its own from begin on, and in a state to be written.
 * HR_ERROR_MEMORY if there is no page, which cannot happen while every slot stays within these
 * bounds. */
bool hr_kv_prepare(HrKv *kv, uint32_t slot, uint32_t begin, uint32_t n_positions, GError **error);
/* Notes that tokens were written at the positions that were prepared. */
void hr_kv_advance(HrKv *kv, uint32_t slot, const HrToken *tokens, uint32_t n);
/* Keeps what is needed to come back to where slot is now, as long as there is room for it. */
void hr_kv_checkpoint(HrKv *kv, uint32_t slot);

/* ---- Coming back to a prefix ---- */

/* How many of tokens[n] slot holds from its start on. */
uint32_t hr_kv_common_prefix(const HrKv *kv, uint32_t slot, const HrToken *tokens, size_t n);
/* The most of the first n_positions that slot can be cut back to: fewer where a window's pages or
 * the state have gone. */
uint32_t hr_kv_reachable(const HrKv *kv, uint32_t slot, uint32_t n_positions);
/* Forgets the positions from n_keep on, and more where that is not reachable. Returns how many are
 * left. */
uint32_t hr_kv_truncate(HrKv *kv, uint32_t slot, uint32_t n_keep);
/* Replaces what slot holds by the first n_positions of another slot, or fewer: what can be reached,
 * and whole pages where that is a choice. Returns how many were shared. */
uint32_t hr_kv_share(HrKv *kv, uint32_t slot, uint32_t from, uint32_t n_positions);

uint64_t hr_kv_committed_bytes(const HrKv *kv);
uint64_t hr_kv_held_positions(const HrKv *kv); /* shared pages once, and as full */

/* ---- Access ---- */

/* The page of layer that holds position of slot. */
static inline uint32_t hr_kv_page(const HrKv *kv, uint32_t layer, uint32_t slot, uint32_t position)
{
    return kv->slots[slot].pages[kv->layout.layers[layer].group][position / HR_PAGE_POSITIONS];
}
/* The blocks of one head in a page. A latent layer has no values. */
static inline void *hr_kv_k_block(const HrKv *kv, uint32_t layer, uint32_t page, uint32_t head)
{
    const HrKvLayerLayout *l = &kv->layout.layers[layer];
    return (char *)kv->pools[layer].base + page * l->page_bytes + head * l->k_block_bytes;
}
static inline void *hr_kv_v_block(const HrKv *kv, uint32_t layer, uint32_t page, uint32_t head)
{
    const HrKvLayerLayout *l = &kv->layout.layers[layer];
    return (char *)kv->pools[layer].base + page * l->page_bytes + l->v_offset +
           head * l->v_block_bytes;
}
/* The state that a step begins with (NULL: all zeros) and the one that it leaves: conv_bytes of the
 * convolution, then the rest. */
const float *hr_kv_state(const HrKv *kv, uint32_t layer, uint32_t slot);
float *hr_kv_next_state(const HrKv *kv, uint32_t layer, uint32_t slot);

/* ---- state.c, for kv.c ---- */

uint32_t hr_kv_states_below(
    const HrKv *kv, const HrKvSlot *slot,
    uint32_t n_positions); /* the last one of at most n_positions; 0: none */
void hr_kv_states_choose_next(HrKv *kv, uint32_t slot);
void hr_kv_states_return_to(HrKv *kv, uint32_t slot,
                            uint32_t n_positions); /* forgets those behind */
void *hr_kv_state_at(const HrKv *kv, uint32_t layer, uint32_t slot, uint32_t state);
/* Moves the states of slot from to slot, over what lies there. */
void hr_kv_states_move(HrKv *kv, uint32_t slot, uint32_t from);
/* Gives back what slot may have written. */
void hr_kv_states_discard(HrKv *kv, uint32_t slot);
void hr_kv_states_copy(HrKv *kv, uint32_t slot, uint32_t from, uint32_t n_positions);
uint64_t hr_kv_states_committed(const HrKv *kv);
