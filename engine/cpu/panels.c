/* panels.c: see panels.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/panels.h"

#include <string.h>

/* No type's block is larger. */
#define MAX_BLOCK_BYTES 256

/* How a type's blocks are taken apart. */
typedef struct {
    size_t block_bytes, n_dwords, dwords_at, odd_at;
    HrOdd odd;
} Parts;

static Parts parts_of(HrType type)
{
    const HrOdd odd = hr_odd_of(type);
    const size_t bytes = hr_type_traits(type)->block_bytes;

    return (Parts){.block_bytes = bytes,
                   .n_dwords = (bytes - odd.bytes) / 4,
                   .dwords_at = odd.first ? odd.bytes : 0,
                   .odd_at = odd.first ? 0 : bytes - odd.bytes,
                   .odd = odd};
}

/* One block of each row. */
static void lay_tile(const Parts *parts, const uint8_t *blocks, size_t stride, uint8_t *tile)
{
    uint8_t *odd = tile + parts->n_dwords * 4 * HR_PANEL_ROWS;

    for (size_t r = 0; r < HR_PANEL_ROWS; r++, blocks += stride) {
        for (size_t i = 0; i < parts->n_dwords; i++)
            memcpy(tile + (i * HR_PANEL_ROWS + r) * 4, blocks + parts->dwords_at + i * 4, 4);
        memcpy(odd + r * parts->odd.bytes, blocks + parts->odd_at, parts->odd.bytes);
    }
}

void hr_panel_lay(HrType type, const void *rows, size_t n_in, void *panel)
{
    const Parts parts = parts_of(type);
    const size_t n_blocks = n_in / hr_type_traits(type)->block,
                 stride = n_blocks * parts.block_bytes;
    const uint8_t *blocks = rows;
    uint8_t *tile = panel;

    for (size_t j = 0; j < n_blocks;
         j++, blocks += parts.block_bytes, tile += HR_PANEL_ROWS * parts.block_bytes)
        lay_tile(&parts, blocks, stride, tile);
}

void hr_panel_dequantize(HrType type, const void *panel, size_t row, size_t n_in, float *dst)
{
    const Parts parts = parts_of(type);
    const size_t block = hr_type_traits(type)->block;
    const uint8_t *tile = panel;
    uint8_t bytes[MAX_BLOCK_BYTES];

    for (size_t k = 0; k < n_in; k += block, tile += HR_PANEL_ROWS * parts.block_bytes) {
        for (size_t i = 0; i < parts.n_dwords; i++)
            memcpy(bytes + parts.dwords_at + i * 4, tile + (i * HR_PANEL_ROWS + row) * 4, 4);
        memcpy(bytes + parts.odd_at,
               tile + parts.n_dwords * 4 * HR_PANEL_ROWS + row * parts.odd.bytes, parts.odd.bytes);
        hr_dequantize(type, bytes, dst + k, block);
    }
}
