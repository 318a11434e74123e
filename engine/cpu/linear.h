/* linear.h: y = W x on the CPU, W in any computable type.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One arithmetic per instruction set, whatever the number of columns: lane = weight row. A panel of
 * HR_PANEL_ROWS rows is unpacked a chunk of columns at a time into unsigned bytes with a float
 * scale and a float minimum per group, and multiplied with activations that were rounded to int8
 * with a float scale per 32. So a column's result does not depend on which other columns or rows
 * are computed beside it, nor on the thread. Row-major everywhere.
 *
 *   y[c][r] = sum over groups g, ascending, of
 *             fma(float(sum_i q_w[r][g][i] * q_x[c][g][i]) * scale_w[r][g], scale_x[c][g], acc) -
 * min_w[r][g] * sum_x[c][g]
 *
 * F32, F16 and BF16 weights are multiplied with float activations. "plain" keeps activations in
 * float for every type: it is the twin that the others are tested against.
 */
#pragma once

#include "gguf/type.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HR_PANEL_ROWS 16

/* Dequantises n elements (a multiple of the type's block) to float. Plain C; every computable type.
 */
void hr_dequantize(HrType type, const void *src, float *dst, size_t n);

/* What one row of activations takes in memory, prepared for weights of this type by the kernels in
 * use: n_in floats, or int8 with scales and sums; INT16 adds a second int8 row for what the first
 * one rounded off, which is twice the work. Types of the same form share prepared rows. */
typedef enum { HR_FORM_FLOAT, HR_FORM_INT8, HR_FORM_INT16, HR_FORM_N } HrForm;

typedef struct HrLinearKernels {
    const char *name; /* "plain", "avx2", "neon-dotprod", ... */
    /* Form of activations for weights of type; fine: of those for which 8 bits are too coarse. */
    HrForm (*form)(HrType type, bool fine);
    /* Bytes of a prepared row, a multiple of 64. */
    size_t (*prepared_bytes)(HrForm form, size_t n_in);
    /* x[n_in] -> dst (64-byte aligned). HR_FORM_FLOAT copies. */
    void (*prepare)(HrForm form, const float *x, size_t n_in, void *dst);
    /* Rows [row_begin, row_end) of w[n_out, n_in] (file layout, row_bytes apart) times n_cols
     * prepared columns, prepared_stride bytes apart: y[c * y_stride + r] for r in the range.
     * row_begin is a multiple of HR_PANEL_ROWS; row_end too or n_out. scratch:
     * hr_linear_scratch_bytes, 64-byte aligned, one per thread. */
    void (*rows) (HrForm form, HrType type, const void *w, size_t row_bytes, size_t n_in,
                  size_t row_begin, size_t row_end, const void *prepared, size_t prepared_stride,
                  size_t n_cols, float *y, size_t y_stride, void *scratch);
    /* The same where the matrix was laid out in panels (panels.h). in_panels: whether weights of
     * type are worth that; NULL: the set takes weights as they lie in the file, wherever that is.
     */
    bool (*in_panels)(HrType type);
    void (*panel_rows) (HrForm form, HrType type, const void *w, size_t row_bytes, size_t n_in,
                        size_t row_begin, size_t row_end, const void *prepared,
                        size_t prepared_stride, size_t n_cols, float *y, size_t y_stride,
                        void *scratch);
} HrLinearKernels;

/* Same for all kernels. */
size_t hr_linear_scratch_bytes(void);

/* The best set that this processor can run, or the one that HEADROOM_CPU names if it can be run.
 * Chosen once. */
const HrLinearKernels *hr_linear_kernels(void);
/* All sets that this processor can run, plain first; NULL-terminated. For tests. */
const HrLinearKernels *const *hr_linear_all(void);
