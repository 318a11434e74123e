/* product.h: products of many rows with a matrix of floats.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * OpenBLAS computes them where it is installed: it is looked for when the first projector is
 * loaded, so that programs that see no image do not carry it. Each thread of the pool calls it for
 * pieces of its own; it is told to use no threads itself. Without it the kernels of the language
 * models do the same, more slowly. Thread-safety: Safe.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *name; /* "openblas", "own" */
    /* y[r][c] = sum_i x[r][i] w[c][i] for r < n_rows, c < n_cols. x_stride, y_stride: floats from
     * row to row; w [n_cols, n_in] dense. scratch: hr_product_scratch_bytes (n_in), 64-byte
     * aligned, one per thread. */
    void (*rows)(const float *x, size_t x_stride, uint32_t n_rows, const float *w, uint32_t n_cols,
                 uint32_t n_in, float *y, size_t y_stride, void *scratch);
} HrProduct;

size_t hr_product_scratch_bytes(uint32_t n_in);
const HrProduct *hr_product_best(void); /* chosen once */
extern const HrProduct hr_product_own;
