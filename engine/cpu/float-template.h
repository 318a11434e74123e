/* float-template.h: F32, F16 and BF16 weights times float activations, for any vector width.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A (row, column) has LANES partial sums over a chunk of the row, reduced by a fixed tree and added
 * to y; chunks start at fixed columns. Tiles of FLOAT_ROWS x FLOAT_COLUMNS share loads and change
 * nothing about that order. For several columns the chunk's weights are widened once.
 */
#pragma once

#include "cpu/kernels.h"

/* 16 widened rows of it and a tile's columns stay in a first-level cache of 48 KiB. */
#define FLOAT_CHUNK 512
/* Columns for which widening the weights first pays. */
#define WIDEN_FROM 3

typedef struct {
    float widened[HR_PANEL_ROWS][FLOAT_CHUNK];
} FloatScratch;
static_assert(sizeof(FloatScratch) <= HR_LINEAR_SCRATCH, "the scratch must hold a widened panel");

typedef struct {
    const uint8_t *w; /* of the first row at the chunk's start */
    size_t row_bytes;
    const uint8_t *x; /* of the first column at the chunk's start; columns are stride bytes apart */
    size_t stride;
    float *y;
    size_t y_stride;
    size_t n;         /* columns of the chunk */
    bool first;       /* chunk */
} FloatTile;

/* acc += weights i .. i + n times columns, n at most LANES. */
HR_INLINE void add_lanes(HrType type, const FloatTile *tile, size_t i, size_t n, int n_rows,
                         int n_cols, F acc[FLOAT_COLUMNS][FLOAT_ROWS])
{
    F x[FLOAT_COLUMNS];

    HR_UNROLL(8)
    for (int c = 0; c < n_cols; c++)
        x[c] = f_load((const float *)(const void *)(tile->x + (size_t)c * tile->stride) + i, n);
    HR_UNROLL(4)
    for (int r = 0; r < n_rows; r++) {
        const F w = f_load_weights(type, tile->w + (size_t)r * tile->row_bytes, i, n);
        HR_UNROLL(8)
        for (int c = 0; c < n_cols; c++)
            acc[c][r] = f_add_product(acc[c][r], w, x[c]);
    }
}

HR_INLINE void multiply_floats(HrType type, const FloatTile *tile, int n_rows, int n_cols)
{
    F acc[FLOAT_COLUMNS][FLOAT_ROWS];
    size_t i = 0;

    HR_UNROLL(8)
    for (int c = 0; c < n_cols; c++) {
        HR_UNROLL(4)
        for (int r = 0; r < FLOAT_ROWS; r++)
            acc[c][r] = f_zero();
    }
    for (; i + LANES <= tile->n; i += LANES)
        add_lanes(type, tile, i, LANES, n_rows, n_cols, acc);
    if (i < tile->n)
        add_lanes(type, tile, i, tile->n - i, n_rows, n_cols, acc);
    HR_UNROLL(8)
    for (int c = 0; c < n_cols; c++) {
        float sums[FLOAT_ROWS], *y = tile->y + (size_t)c * tile->y_stride;
        f_sums(acc[c], sums);
        HR_UNROLL(4)
        for (int r = 0; r < n_rows; r++)
            y[r] = tile->first ? sums[r] : y[r] + sums[r];
    }
}

/* ---- One or few columns: weights as they lie in the file ---- */

/* n_rows rows times all columns, one column at a time. */
HR_INLINE void multiply_direct(HrType type, FloatTile tile, size_t n_rows, size_t n_cols)
{
    for (size_t c = 0; c < n_cols; c++, tile.x += tile.stride, tile.y += tile.y_stride) {
        FloatTile at = tile;
        size_t r = 0;
        for (; r + FLOAT_ROWS <= n_rows;
             r += FLOAT_ROWS, at.w += FLOAT_ROWS * at.row_bytes, at.y += FLOAT_ROWS)
            multiply_floats(type, &at, FLOAT_ROWS, 1);
        for (; r < n_rows; r++, at.w += at.row_bytes, at.y++)
            multiply_floats(type, &at, 1, 1);
    }
}

static void multiply_in_place(HrType type, const FloatTile *tile, size_t n_rows, size_t n_cols)
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

    for (; i + LANES <= n; i += LANES)
        f_store(dst + i, LANES, f_load_weights(type, row, i, LANES));
    if (i < n)
        f_store(dst + i, n - i, f_load_weights(type, row, i, n - i));
}

static void widen(HrType type, const FloatTile *tile, size_t n_rows, FloatScratch *scratch)
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

/* All rows of a widened panel times n_cols columns, at most FLOAT_COLUMNS. */
HR_INLINE void multiply_widened(const FloatTile *tile, size_t n_rows, int n_cols)
{
    FloatTile at = *tile;
    size_t r = 0;

    for (; r + FLOAT_ROWS <= n_rows;
         r += FLOAT_ROWS, at.w += FLOAT_ROWS * at.row_bytes, at.y += FLOAT_ROWS)
        multiply_floats(HR_TYPE_F32, &at, FLOAT_ROWS, n_cols);
    for (; r < n_rows; r++, at.w += at.row_bytes, at.y++)
        multiply_floats(HR_TYPE_F32, &at, 1, n_cols);
}

static void multiply_tiles(const FloatTile *tile, size_t n_rows)
{
    multiply_widened(tile, n_rows, FLOAT_COLUMNS);
}

static void multiply_single(const FloatTile *tile, size_t n_rows)
{
    multiply_widened(tile, n_rows, 1);
}

static void multiply_wide(HrType type, FloatTile tile, size_t n_rows, size_t n_cols,
                          FloatScratch *scratch)
{
    widen(type, &tile, n_rows, scratch);
    tile.w = (const uint8_t *)scratch->widened;
    tile.row_bytes = sizeof scratch->widened[0];
    for (; n_cols >= FLOAT_COLUMNS; n_cols -= FLOAT_COLUMNS) {
        multiply_tiles(&tile, n_rows);
        tile.x += FLOAT_COLUMNS * tile.stride;
        tile.y += FLOAT_COLUMNS * tile.y_stride;
    }
    for (; n_cols > 0; n_cols--) {
        multiply_single(&tile, n_rows);
        tile.x += tile.stride;
        tile.y += tile.y_stride;
    }
}

static void float_rows(HrType type, const void *w, size_t row_bytes, size_t n_in, size_t row_begin,
                       size_t row_end, const void *prepared, size_t prepared_stride, size_t n_cols,
                       float *y, size_t y_stride, void *scratch)
{
    const size_t element_bytes = type == HR_TYPE_F32 ? 4 : 2;

    /* chunks outside: with many columns their part stays in a second-level cache */
    for (size_t k = 0; k < n_in; k += FLOAT_CHUNK) {
        for (size_t r = row_begin; r < row_end; r += HR_PANEL_ROWS) {
            const size_t n_rows = row_end - r < HR_PANEL_ROWS ? row_end - r : HR_PANEL_ROWS;
            const FloatTile tile = {
                .w = (const uint8_t *)w + r * row_bytes + k * element_bytes,
                .row_bytes = row_bytes,
                .x = (const uint8_t *)prepared + k * sizeof(float),
                .stride = prepared_stride,
                .y = y + r,
                .y_stride = y_stride,
                .n = n_in - k < FLOAT_CHUNK ? n_in - k : FLOAT_CHUNK,
                .first = k == 0,
            };
            if (n_cols < WIDEN_FROM)
                multiply_in_place(type, &tile, n_rows, n_cols);
            else
                multiply_wide(type, tile, n_rows, n_cols, scratch);
        }
    }
}
