/* layout.h: how keys and values lie in a page of the cache.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A page holds HR_PAGE_POSITIONS consecutive positions of one slot; every layer has a pool of its own with the same page
 * numbers, so that a layer can live on any device. Within a page, head by head:
 *
 *   keys    [n_head_kv] x K block: f32/f16 [d][64]            (dimension-major: one position per vector lane, no sums across lanes)
 *                                  q8_0    int8 [d][64], then f16 scale [d/32][64]
 *                                  q4_0    nibbles [d/2][64] (d/32 groups of 16 rows; low nibble dimension j, high j + 16), then scales
 *   values  [n_head_kv] x V block: f32/f16 [64][d]
 *                                  q8_0    int8 [64][d], then f16 scale [64][d/32]
 *                                  q4_0    nibbles [64][d/2] (in groups of 16 bytes, likewise), then scales
 *
 * The bytes of a position are those of the type's usual blocks (q8_0: 34 per 32 values, q4_0: 18).
 */
#pragma once

#include "hr.h"
#include "model/hparams.h"

#define HR_PAGE_POSITIONS 64
#define HR_KV_GROUP 32 /* values that share a scale */

typedef struct {
    uint32_t n_head_kv;
    size_t k_block_bytes, v_block_bytes; /* of one head */
    size_t v_offset;                     /* of the values in the page */
    size_t page_bytes;
} HrKvLayerLayout;

typedef struct {
    HrKvType type;
    uint32_t dk, dv; /* width of a key and of a value */
    uint32_t n_layer;
    HrKvLayerLayout *layers; /* [n_layer] */
} HrKvLayout;

/* HR_ERROR_SETTINGS where the type cannot hold the model's heads. */
bool hr_kv_layout_init(HrKvLayout *layout, const HrHparams *hparams, HrKvType type, GError **error);
void hr_kv_layout_finish(HrKvLayout *layout);
/* Bytes of n values of a type. */
size_t hr_kv_bytes(HrKvType type, size_t n);
/* Pages that num_ctx positions of one slot take. */
static inline uint32_t hr_kv_pages(uint32_t num_ctx)
{
    return (num_ctx + HR_PAGE_POSITIONS - 1) / HR_PAGE_POSITIONS;
}
