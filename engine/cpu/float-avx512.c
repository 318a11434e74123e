/* float-avx512.c: F32, F16 and BF16 weights times float activations, with AVX-512.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A (row, column) has 16 partial sums over a chunk of the row, reduced by a fixed tree and added to y; chunks start at fixed columns. Tiles of
 * ROWS x COLUMNS share loads and change nothing about that order. For many columns the chunk's weights are widened once.
 */
#include "cpu/avx512.h"

#include <string.h>

#define ROWS 4
#define COLUMNS 6
#define CHUNK 512 /* 16 widened rows of it and a tile's columns stay in a first-level cache of 48 KiB */
#define WIDEN_FROM 2 /* columns for which widening the weights first pays */

typedef struct {
    float widened[HR_PANEL_ROWS][CHUNK];
} Scratch;
static_assert(sizeof(Scratch) <= HR_LINEAR_SCRATCH, "the scratch must hold a widened panel");

/* 16 weights, of which mask exist, from element i of a row on. Two bytes' worth of an absent element are not read. */
HR_INLINE __m512 load_weights(HrType type, const uint8_t *row, size_t i, __mmask16 mask)
{
    if (type == HR_TYPE_F32)
        return _mm512_maskz_loadu_ps(mask, (const float *)(const void *)row + i);
    const __m256i half = _mm256_maskz_loadu_epi16(mask, row + 2 * i);
    if (type == HR_TYPE_F16)
        return _mm512_cvtph_ps(half);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

/* The last elements of a chunk of n columns. */
HR_INLINE __mmask16 tail_mask(size_t n)
{
    return (__mmask16)((1u << n % 16) - 1);
}

typedef struct {
    const uint8_t *w; /* of the first row at the chunk's start */
    size_t row_bytes;
    const uint8_t *x; /* of the first column at the chunk's start; columns are stride bytes apart */
    size_t stride;
    float *y;
    size_t y_stride;
    size_t n;         /* columns of the chunk */
    bool first;       /* chunk */
} Tile;

HR_INLINE void add_16(HrType type, const Tile *tile, size_t i, __mmask16 mask, int n_rows, int n_cols,
                      __m512 acc[ROWS][COLUMNS])
{
    __m512 w[ROWS];

#pragma GCC unroll 4
    for (int r = 0; r < n_rows; r++)
        w[r] = load_weights(type, tile->w + r * tile->row_bytes, i, mask);
#pragma GCC unroll 8
    for (int c = 0; c < n_cols; c++) {
        const __m512 x = _mm512_maskz_loadu_ps(mask, (const float *)(const void *)(tile->x + c * tile->stride) + i);
#pragma GCC unroll 4
        for (int r = 0; r < n_rows; r++)
            acc[r][c] = _mm512_fmadd_ps(w[r], x, acc[r][c]);
    }
}

HR_INLINE void multiply(HrType type, const Tile *tile, int n_rows, int n_cols)
{
    __m512 acc[ROWS][COLUMNS];
    size_t i = 0;

#pragma GCC unroll 4
    for (int r = 0; r < n_rows; r++)
#pragma GCC unroll 8
        for (int c = 0; c < n_cols; c++)
            acc[r][c] = _mm512_setzero_ps();
    for (; i + 16 <= tile->n; i += 16)
        add_16(type, tile, i, 0xffff, n_rows, n_cols, acc);
    if (i < tile->n)
        add_16(type, tile, i, tail_mask(tile->n), n_rows, n_cols, acc);
#pragma GCC unroll 4
    for (int r = 0; r < n_rows; r++)
#pragma GCC unroll 8
        for (int c = 0; c < n_cols; c++) {
            float *y = tile->y + c * tile->y_stride + r;
            const float sum = _mm512_reduce_add_ps(acc[r][c]);
            *y = tile->first ? sum : *y + sum;
        }
}

/* ---- One or few columns: weights as they lie in the file ---- */

/* n_rows rows times all columns, one column at a time. */
HR_INLINE void multiply_direct(HrType type, Tile tile, size_t n_rows, size_t n_cols)
{
    for (size_t c = 0; c < n_cols; c++, tile.x += tile.stride, tile.y += tile.y_stride) {
        Tile at = tile;
        size_t r = 0;
        for (; r + ROWS <= n_rows; r += ROWS, at.w += ROWS * at.row_bytes, at.y += ROWS)
            multiply(type, &at, ROWS, 1);
        for (; r < n_rows; r++, at.w += at.row_bytes, at.y++)
            multiply(type, &at, 1, 1);
    }
}

static void multiply_few(HrType type, const Tile *tile, size_t n_rows, size_t n_cols)
{
    switch (type) {
    case HR_TYPE_F32: multiply_direct(HR_TYPE_F32, *tile, n_rows, n_cols); break;
    case HR_TYPE_F16: multiply_direct(HR_TYPE_F16, *tile, n_rows, n_cols); break;
    default: multiply_direct(HR_TYPE_BF16, *tile, n_rows, n_cols); break;
    }
}

/* ---- Many columns: weights widened to floats once ---- */

HR_INLINE void widen_row(HrType type, const uint8_t *row, size_t n, float *dst)
{
    size_t i = 0;

    for (; i + 16 <= n; i += 16)
        _mm512_storeu_ps(dst + i, load_weights(type, row, i, 0xffff));
    if (i < n)
        _mm512_storeu_ps(dst + i, load_weights(type, row, i, tail_mask(n)));
}

static void widen(HrType type, const Tile *tile, size_t n_rows, Scratch *scratch)
{
    for (size_t r = 0; r < n_rows; r++) {
        const uint8_t *row = tile->w + r * tile->row_bytes;
        switch (type) {
        case HR_TYPE_F32: widen_row(HR_TYPE_F32, row, tile->n, scratch->widened[r]); break;
        case HR_TYPE_F16: widen_row(HR_TYPE_F16, row, tile->n, scratch->widened[r]); break;
        default: widen_row(HR_TYPE_BF16, row, tile->n, scratch->widened[r]); break;
        }
    }
}

/* All rows of a widened panel times n_cols columns, at most COLUMNS. */
HR_INLINE void multiply_widened(const Tile *tile, size_t n_rows, int n_cols)
{
    Tile at = *tile;
    size_t r = 0;

    for (; r + ROWS <= n_rows; r += ROWS, at.w += ROWS * at.row_bytes, at.y += ROWS)
        multiply(HR_TYPE_F32, &at, ROWS, n_cols);
    for (; r < n_rows; r++, at.w += at.row_bytes, at.y++)
        multiply(HR_TYPE_F32, &at, 1, n_cols);
}

static void multiply_6(const Tile *tile, size_t n_rows)
{
    multiply_widened(tile, n_rows, COLUMNS);
}

static void multiply_1(const Tile *tile, size_t n_rows)
{
    multiply_widened(tile, n_rows, 1);
}

static void multiply_many(HrType type, Tile tile, size_t n_rows, size_t n_cols, Scratch *scratch)
{
    widen(type, &tile, n_rows, scratch);
    tile.w = (const uint8_t *)scratch->widened;
    tile.row_bytes = sizeof scratch->widened[0];
    for (; n_cols >= COLUMNS; n_cols -= COLUMNS) {
        multiply_6(&tile, n_rows);
        tile.x += COLUMNS * tile.stride;
        tile.y += COLUMNS * tile.y_stride;
    }
    for (; n_cols > 0; n_cols--) {
        multiply_1(&tile, n_rows);
        tile.x += tile.stride;
        tile.y += tile.y_stride;
    }
}

void hr_avx512_float_rows(HrType type, const void *w, size_t row_bytes, size_t n_in, size_t row_begin, size_t row_end,
                          const void *prepared, size_t prepared_stride, size_t n_cols, float *y, size_t y_stride,
                          void *scratch)
{
    const size_t element_bytes = type == HR_TYPE_F32 ? 4 : 2;

    for (size_t r = row_begin; r < row_end; r += HR_PANEL_ROWS) {
        const size_t n_rows = row_end - r < HR_PANEL_ROWS ? row_end - r : HR_PANEL_ROWS;
        for (size_t k = 0; k < n_in; k += CHUNK) {
            const Tile tile = {
                .w = (const uint8_t *)w + r * row_bytes + k * element_bytes,
                .row_bytes = row_bytes,
                .x = (const uint8_t *)prepared + k * sizeof(float),
                .stride = prepared_stride,
                .y = y + r,
                .y_stride = y_stride,
                .n = n_in - k < CHUNK ? n_in - k : CHUNK,
                .first = k == 0,
            };
            if (n_cols < WIDEN_FROM)
                multiply_few(type, &tile, n_rows, n_cols);
            else
                multiply_many(type, tile, n_rows, n_cols, scratch);
        }
    }
}
