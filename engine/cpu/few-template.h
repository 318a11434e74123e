/* few-template.h: panels times a few columns, for any vector width.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Answers are written token by token: every weight is read for one column, or for one of each answer that is written at
 * once, and what counts is to read memory without a pause. Blocks are unpacked into registers and multiplied at once. The
 * same operations in the same order as tile-template.h's on an unpacked panel, so the same bits.
 */
#pragma once

#include "cpu/tile-template.h"

/* y[c * y_stride + LANES] = the rows of the lanes from lane on of a panel, times column c. stride, rest: see ColumnTile; the
 * groups of rest come behind the others of a chunk. */
typedef void (*FewFunc)(const uint8_t *tiles, size_t lane, size_t n_in, const uint8_t *groups, size_t stride, size_t rest,
                        float *y, size_t y_stride);

/* acc += n blocks times n_cols columns. */
#define ADD_BLOCKS(name, PARTS, type, scales, quants, block_, part, group_, has_min_, raised_)                            \
    HR_INLINE void name##_##type(const uint8_t *tiles, size_t lane, size_t n, const uint8_t *groups, size_t stride,       \
                                 int n_cols, bool prefetch, F acc[1][COLUMNS_1])                                          \
    {                                                                                                                     \
        const size_t tile = sizeof(HrBlock##type) * HR_PANEL_ROWS;                                                        \
                                                                                                                          \
        for (; n > 0; n--, tiles += tile) {                                                                               \
            const Blocks b = tile_blocks(tiles, lane, hr_odd_of(HR_TYPE_##type), sizeof(HrBlock##type));                  \
            F scale[block_ / group_], min[block_ / group_];                                                               \
                                                                                                                          \
            scales(b, scale, min);                                                                                        \
            PARTS                                                                                                         \
            for (int i = 0; i < block_ / part; i++) {                                                                     \
                const size_t share = tile * part / block_;                                                                \
                V q[part / 4];                                                                                            \
                if (prefetch)                                                                                             \
                    prefetch_ahead_of(tiles + (size_t)i * share, share);                                                  \
                quants(b, i, q);                                                                                          \
                HR_UNROLL(4)                                                                                              \
                for (int g = 0; g < part / 32; g++, groups += sizeof(HrGroup)) {                                          \
                    const int at = (i * (part / 32) + g) * (32 / group_);                                                 \
                    multiply_group(q + 8 * g, scale + at, min + at, 1, groups, stride, n_cols, group_, has_min_, raised_, \
                                   acc);                                                                                  \
                }                                                                                                         \
            }                                                                                                             \
        }                                                                                                                 \
    }
#define ADD_UNROLLED(...) ADD_BLOCKS(add, HR_UNROLL(8), __VA_ARGS__)
#define ADD_LOOPING(...) ADD_BLOCKS(add_looping, HR_NO_UNROLL, __VA_ARGS__)
UNPACKED_TYPES(ADD_UNROLLED)
COMMON_TYPES(ADD_LOOPING)

#define FEW(type, block_, n_cols, add)                                                                                       \
    static void few_##type##_x##n_cols(const uint8_t *tiles, size_t lane, size_t n_in, const uint8_t *groups, size_t stride, \
                                       size_t rest, float *y, size_t y_stride)                                               \
    {                                                                                                                        \
        F acc[1][COLUMNS_1];                                                                                                 \
                                                                                                                             \
        HR_UNROLL(8)                                                                                                         \
        for (int c = 0; c < n_cols; c++)                                                                                     \
            acc[0][c] = f_zero();                                                                                            \
        for (size_t n; n_in > 0; n_in -= n, groups += n / HR_GROUP * sizeof(HrGroup)) {                                      \
            n = n_in < CHUNK ? n_in : CHUNK;                                                                                 \
            add##_##type(tiles, lane, n / block_, groups, stride, n_cols, true, acc);                                        \
            if (rest > 0)                                                                                                    \
                add##_##type(tiles, lane, n / block_, groups + rest, stride, n_cols, false, acc);                            \
            tiles += n / block_ * sizeof(HrBlock##type) * HR_PANEL_ROWS;                                                     \
        }                                                                                                                    \
        HR_UNROLL(8)                                                                                                         \
        for (int c = 0; c < n_cols; c++)                                                                                     \
            f_store(y + (size_t)c * y_stride, LANES, acc[0][c]);                                                             \
    }

#define FEW_1(type, scales, quants, block_, ...) FEW(type, block_, 1, add)
#define FEW_2(type, scales, quants, block_, ...) FEW(type, block_, 2, add)
#define FEW_4(type, scales, quants, block_, ...) FEW(type, block_, 4, add_looping)
#define FEW_8(type, scales, quants, block_, ...) FEW(type, block_, 8, add_looping)
UNPACKED_TYPES(FEW_1)
UNPACKED_TYPES(FEW_2)
/* More columns are worth the code only for what most files are made of. */
COMMON_TYPES(FEW_4)
#if COLUMNS_1 >= 8
COMMON_TYPES(FEW_8)
#endif

/* By type and the logarithm of the number of columns; NULL: there is none. */
#define ENTRY_1(type, ...) [HR_TYPE_##type][0] = few_##type##_x1,
#define ENTRY_2(type, ...) [HR_TYPE_##type][1] = few_##type##_x2,
#define ENTRY_4(type, ...) [HR_TYPE_##type][2] = few_##type##_x4,
#define ENTRY_8(type, ...) [HR_TYPE_##type][3] = few_##type##_x8,
#define FEW_MOST 8
static const FewFunc few[HR_TYPE_N][4] = {
    UNPACKED_TYPES(ENTRY_1) UNPACKED_TYPES(ENTRY_2) COMMON_TYPES(ENTRY_4)
#if COLUMNS_1 >= 8
    COMMON_TYPES(ENTRY_8)
#endif
};

#undef ENTRY_8
#undef ENTRY_4
#undef ENTRY_2
#undef ENTRY_1
#undef FEW_8
#undef FEW_4
#undef FEW_2
#undef FEW_1
#undef FEW
#undef ADD_LOOPING
#undef ADD_UNROLLED
#undef ADD_BLOCKS

/* Whether blocks are unpacked into registers for so many columns, rather than into panels of bytes: memory is read all the
 * while. */
static inline bool is_few(HrType type, size_t n_cols)
{
    return n_cols <= (few[type][2] ? 2 * FEW_MOST : 2);
}
