/* product.c: see product.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vision/product.h"

#include "cpu/linear.h"

#include <dlfcn.h>
#include <string.h>

/* ---- Own kernels: a few rows at a time, prepared in scratch ---- */

#define PREPARED_ROWS 8

static size_t prepared_stride(uint32_t n_in)
{
    return ((size_t)n_in * sizeof(float) + 63) / 64 * 64;
}

size_t hr_product_scratch_bytes(uint32_t n_in)
{
    return PREPARED_ROWS * prepared_stride(n_in) + (hr_linear_scratch_bytes() + 63) / 64 * 64;
}

static void own_rows(const float *x, size_t x_stride, uint32_t n_rows, const float *w,
                     uint32_t n_cols, uint32_t n_in, float *y, size_t y_stride, void *scratch)
{
    const HrLinearKernels *kernels = hr_linear_kernels();
    size_t stride = prepared_stride(n_in);
    char *prepared = scratch, *rest = prepared + PREPARED_ROWS * stride;
    for (uint32_t begin = 0; begin < n_rows; begin += PREPARED_ROWS) {
        uint32_t n = MIN(PREPARED_ROWS, n_rows - begin);
        for (uint32_t r = 0; r < n; r++)
            kernels->prepare(HR_FORM_FLOAT, x + (begin + r) * x_stride, n_in,
                             prepared + r * stride);
        kernels->rows(HR_FORM_FLOAT, HR_TYPE_F32, w, (size_t)n_in * sizeof(float), n_in, 0, n_cols,
                      prepared, stride, n, y + begin * y_stride, y_stride, rest);
    }
}

const HrProduct hr_product_own = {"own", own_rows};

/* ---- OpenBLAS ---- */

#define ROW_MAJOR 101
#define NO_TRANSPOSE 111
#define TRANSPOSE 112

typedef void (*Sgemm)(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                      const float *a, int lda, const float *b, int ldb, float beta, float *c,
                      int ldc);

static Sgemm sgemm; /* set once, before anything reads it */

static void blas_rows(const float *x, size_t x_stride, uint32_t n_rows, const float *w,
                      uint32_t n_cols, uint32_t n_in, float *y, size_t y_stride, void *scratch)
{
    sgemm(ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE, (int)n_rows, (int)n_cols, (int)n_in, 1, x,
          (int)x_stride, w, (int)n_in, 0, y, (int)y_stride);
}

static const HrProduct blas = {"openblas", blas_rows};

/* The library stays: it has threads of its own, idle ones. */
static gpointer choose(gpointer unused)
{
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    void (*set_threads)(int) = NULL;
    if (library) {
        *(void **)&sgemm = dlsym(library, "cblas_sgemm");
        *(void **)&set_threads = dlsym(library, "openblas_set_num_threads");
    }
    if (!sgemm || !set_threads)
        return (gpointer)&hr_product_own;
    set_threads(1);
    return (gpointer)&blas;
}

const HrProduct *hr_product_best(void)
{
    static GOnce once = G_ONCE_INIT;
    return g_once(&once, choose, NULL);
}
