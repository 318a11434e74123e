/* single-template.h: panels times one column, for any vector width.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An answer is written token by token: every weight is read for one column, and what counts is to read memory without
 * a pause. Blocks are unpacked into registers and multiplied at once. The same operations in the same order as
 * tile-template.h's on an unpacked panel, so the same bits.
 */
#pragma once

#include "cpu/tile-template.h"

/* y[LANES] = the rows of the lanes from lane on of a panel, times the column. rest: see ColumnTile; those groups come behind
 * the others of a chunk. */
typedef void (*SingleFunc)(const uint8_t *tiles, size_t lane, size_t n_in, const uint8_t *groups, size_t rest, float *y);

#define SINGLE(type, scales, quants, block_, part, group_, has_min_, raised_)                                               \
    HR_INLINE F add_##type(F sum, const uint8_t *tiles, size_t lane, size_t n, const uint8_t *groups, bool prefetch)        \
    {                                                                                                                       \
        const size_t tile = sizeof(HrBlock##type) * HR_PANEL_ROWS;                                                          \
        F acc[1][COLUMNS_1] = {{sum}};                                                                                      \
                                                                                                                            \
        for (; n > 0; n--, tiles += tile) {                                                                                 \
            const Blocks b = tile_blocks(tiles, lane, hr_odd_of(HR_TYPE_##type), sizeof(HrBlock##type));                    \
            F scale[block_ / group_], min[block_ / group_];                                                                 \
                                                                                                                            \
            scales(b, scale, min);                                                                                          \
            HR_UNROLL(8)                                                                                                    \
            for (int i = 0; i < block_ / part; i++) {                                                                       \
                const size_t share = tile * part / block_;                                                                  \
                V q[part / 4];                                                                                              \
                if (prefetch)                                                                                               \
                    prefetch_ahead_of(tiles + (size_t)i * share, share);                                                    \
                quants(b, i, q);                                                                                            \
                HR_UNROLL(4)                                                                                                \
                for (int g = 0; g < part / 32; g++, groups += sizeof(HrGroup)) {                                            \
                    const int at = (i * (part / 32) + g) * (32 / group_);                                                   \
                    multiply_group(q + 8 * g, scale + at, min + at, 1, groups, 0, 1, group_, has_min_, raised_, acc);       \
                }                                                                                                           \
            }                                                                                                               \
        }                                                                                                                   \
        return acc[0][0];                                                                                                   \
    }                                                                                                                       \
    static void single_##type(const uint8_t *tiles, size_t lane, size_t n_in, const uint8_t *groups, size_t rest, float *y) \
    {                                                                                                                       \
        F sum = f_zero();                                                                                                   \
                                                                                                                            \
        for (size_t n; n_in > 0; n_in -= n, groups += n / HR_GROUP * sizeof(HrGroup)) {                                     \
            n = n_in < CHUNK ? n_in : CHUNK;                                                                                \
            sum = add_##type(sum, tiles, lane, n / block_, groups, true);                                                   \
            if (rest > 0)                                                                                                   \
                sum = add_##type(sum, tiles, lane, n / block_, groups + rest, false);                                       \
            tiles += n / block_ * sizeof(HrBlock##type) * HR_PANEL_ROWS;                                                    \
        }                                                                                                                   \
        f_store(y, LANES, sum);                                                                                             \
    }
UNPACKED_TYPES(SINGLE)

#define SINGLE_FUNC(type, scales, quants, block_, part, group_, has_min_, raised_) [HR_TYPE_##type] = single_##type,
static const SingleFunc singles[HR_TYPE_N] = {UNPACKED_TYPES(SINGLE_FUNC)};

#undef SINGLE_FUNC
#undef SINGLE
