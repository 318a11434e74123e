/* avx512.h: what the files of the AVX-512 set share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "cpu/groups.h"
#include "cpu/kernels.h"

#include <immintrin.h>

#define HR_INLINE static inline __attribute__((always_inline))

/* Columns unpacked at once. The panel of a chunk, and as many columns' groups as are multiplied with it at a time, stay in a
 * first-level cache of 48 KiB. */
#define HR_CHUNK 1024

/* A chunk of 16 weight rows. Lane r of a vector belongs to row r; byte b of lane r of q[i] is column 4 i + b of the row. */
typedef struct {
    __m512i q[HR_CHUNK / 4];
    __m512 scale[HR_CHUNK / 16];
    __m512 min[HR_CHUNK / 16]; /* only of types with minima */
} HrPanel;

typedef struct {
    uint16_t group;    /* columns that share a scale: 16 or 32 */
    bool has_min;      /* w = scale * q - min; otherwise w = scale * (q - HR_RAISED) */
    uint16_t block, block_bytes;
    /* 16 blocks, stride bytes apart, to q, scale and min of a panel. */
    void (*unpack)(const uint8_t *blocks, size_t stride, __m512i *q, __m512 *scale, __m512 *min);
} HrUnpacker;

/* NULL for types whose weights are floats. */
const HrUnpacker *hr_avx512_unpacker(HrType type);

/* As the member rows of HrLinearKernels, for weights that are floats. */
void hr_avx512_float_rows(HrType type, const void *w, size_t row_bytes, size_t n_in, size_t row_begin, size_t row_end,
                          const void *prepared, size_t prepared_stride, size_t n_cols, float *y, size_t y_stride,
                          void *scratch);
