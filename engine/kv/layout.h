/* layout.h: how keys, values and recurrent states lie in the cache, and how much of it a slot may
 * take.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A page holds HR_PAGE_POSITIONS consecutive positions of one slot; every layer has a pool of its
 * own, so that a layer can live on any device. Layers that look equally far back form a group and
 * share page numbers. Within a page, head by head:
 *
 *   keys    [n_head_kv] x K block: f32/f16 [d][64]            (dimension-major: one position per
 * vector lane, no sums across lanes) q8_0    int8 [d][64], then f16 scale [d/32][64] q4_0 nibbles
 * [d/2][64] (d/32 groups of 16 rows; low nibble dimension j, high j + 16), then scales values
 * [n_head_kv] x V block: f32/f16 [64][d] q8_0    int8 [64][d], then f16 scale [64][d/32] q4_0
 * nibbles [64][d/2] (in groups of 16 bytes, likewise), then scales
 *
 * The bytes of a position are those of the type's usual blocks (q8_0: 34 per 32 values, q4_0: 18).
 * A latent layer (multi-head latent attention) has keys only: a value is the first dv numbers of
 * its key. A layer that sees another one's keys and values has no pages.
 *
 * A recurrent layer has states instead, or as well: floats, first those of its short convolution,
 * then the others. A slot has n_states of them per layer: the one that was reached, the one that a
 * step is writing, and checkpoints.
 */
#pragma once

#include "hr.h"
#include "model/hparams.h"

#define HR_PAGE_POSITIONS 64
#define HR_KV_GROUP 32 /* values that share a scale */

/* Checkpoints of recurrent states that a slot may keep: as many as these bytes hold, so that states
 * of megabytes do not multiply, but at least one, without which every changed answer would have to
 * be read again from the start. */
#define HR_CHECKPOINT_BYTES (256u << 20)
#define HR_MAX_CHECKPOINTS 8

typedef struct {
    uint32_t group;                      /* index of the pages that it lies in */
    uint32_t n_head_kv, dk, dv;
    size_t k_block_bytes, v_block_bytes; /* of one head; no values in a latent layer */
    size_t v_offset;                     /* of the values in the page */
    size_t page_bytes;                   /* 0: no attention, no pool */
    size_t conv_bytes;                   /* at the front of a state */
    size_t state_bytes;                  /* 0: not recurrent */
} HrKvLayerLayout;

/* Layers with the same reach into the past. */
typedef struct {
    uint32_t window;         /* positions that a query sees, its own included; 0: all */
    uint32_t pages_per_slot; /* that a slot can need at once */
} HrKvReach;

typedef struct {
    HrKvType type;
    uint32_t n_layer, n_reaches, n_slots;
    uint32_t n_states;       /* per slot and recurrent layer; 0: no layer is recurrent */
    size_t total_state_bytes; /* of all layers, once */
    HrKvLayerLayout *layers; /* [n_layer] */
    HrKvReach *reaches; /* [n_reaches]; the first is unbounded, whether a layer uses it or not */
} HrKvLayout;

/* settings: resolved. HR_ERROR_SETTINGS where the type cannot hold the model's heads. */
bool hr_kv_layout_init(HrKvLayout *layout, const HrHparams *hparams, const HrSettings *settings,
                       GError **error);
void hr_kv_layout_finish(HrKvLayout *layout);
/* Bytes of a layer's pool of pages and of its states, for all slots. */
uint64_t hr_kv_layer_pool_bytes(const HrKvLayout *layout, uint32_t layer);
uint64_t hr_kv_layer_state_bytes(const HrKvLayout *layout, uint32_t layer);
/* Bytes of n values of a type. */
size_t hr_kv_bytes(HrKvType type, size_t n);
/* Pages that n_positions of one slot take. */
static inline uint32_t hr_kv_pages(uint32_t n_positions)
{
    return (n_positions + HR_PAGE_POSITIONS - 1) / HR_PAGE_POSITIONS;
}
