/* linear-plain.c: the linear kernels in plain C, for any processor.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Activations stay floats; weights are dequantised a piece of a row at a time. The order of
 * additions of a (row, column) is fixed: LANES partial sums over the row, then a tree. Nothing here
 * is tuned beyond what a compiler does with small fixed loops.
 */
#include "cpu/kernels.h"
#include "gguf/type.h"

#include <assert.h>
#include <string.h>

#define LANES 16
#define PIECE 1024 /* columns dequantised at once: a multiple of every block */

static_assert(PIECE * sizeof(float) <= HR_LINEAR_SCRATCH,
              "a piece of a row must fit in the scratch");

static HrForm plain_form(HrType type, bool fine)
{
    return HR_FORM_FLOAT;
}

static size_t plain_prepared_bytes(HrForm form, size_t n_in)
{
    return hr_round_up(n_in * sizeof(float), 64);
}

static void plain_prepare(HrForm form, const float *x, size_t n_in, void *dst)
{
    memcpy(dst, x, n_in * sizeof *x);
}

/* sum of w[n] . x[n] */
static float dot(const float *restrict w, const float *restrict x, size_t n)
{
    float sums[LANES] = {0};
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (int lane = 0; lane < LANES; lane++)
            sums[lane] += w[i + lane] * x[i + lane];
    for (int lane = 0; i < n; i++, lane++)
        sums[lane] += w[i] * x[i];
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int lane = 0; lane < width; lane++)
            sums[lane] += sums[lane + width];
    return sums[0];
}

static void plain_rows(HrForm form, HrType type, const void *w, size_t row_bytes, size_t n_in,
                       size_t row_begin, size_t row_end, const void *prepared,
                       size_t prepared_stride, size_t n_cols, float *y, size_t y_stride,
                       void *scratch)
{
    const HrTypeTraits *traits = hr_type_traits(type);
    float *piece = scratch;

    for (size_t r = row_begin; r < row_end; r++) {
        const uint8_t *row = (const uint8_t *)w + r * row_bytes;
        for (size_t k = 0; k < n_in; k += PIECE) {
            const size_t n = n_in - k < PIECE ? n_in - k : PIECE;
            hr_dequantize(type, row + k / traits->block * traits->block_bytes, piece, n);
            for (size_t c = 0; c < n_cols; c++) {
                const float *x =
                    (const float *)(const void *)((const uint8_t *)prepared + c * prepared_stride) +
                    k;
                float *out = y + c * y_stride + r;
                *out = k == 0 ? dot(piece, x, n) : *out + dot(piece, x, n);
            }
        }
    }
}

const HrLinearKernels hr_linear_plain = {
    .name = "plain",
    .form = plain_form,
    .prepared_bytes = plain_prepared_bytes,
    .prepare = plain_prepare,
    .rows = plain_rows,
};
