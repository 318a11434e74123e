/* test-rows.c: the shaders that work on rows by themselves (norms, activations, sums, choosing
 * rows) against the plain kernels of the processor, on odd widths, with rows that are not there.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tolerance: 1e-5 of the largest result; Vulkan allows exp and sqrt a few ulp.
 */
#include "vulkan-fixture.h"

#include "cpu/activate.h"
#include "cpu/vector.h"

#include <math.h>
#include <string.h>

#define ROWS 3 /* that a dispatch has room for; one less is there */
#define HERE 2
#define TOLERANCE 1e-5

static HrVkAddress put(VulkanFixture *f, const void *data, size_t n)
{
    return vulkan_fixture_buffer(f, data, n * sizeof(float))->address;
}

static HrVkAddress put_counts(VulkanFixture *f)
{
    const uint32_t counts[2] = {HERE, HERE};
    return put(f, counts, 2);
}

/* ret [ROWS, cols] of a buffer; the row that is not there has to be zeros still. */
static float *take(VulkanFixture *f, HrVkBuffer *y, uint32_t cols)
{
    float *ret = g_new(float, (size_t)ROWS * cols);
    vulkan_fixture_read(f, y, ret, (size_t)ROWS * cols * sizeof *ret);
    for (uint32_t i = HERE * cols; i < ROWS * cols; i++)
        g_assert_cmpfloat(ret[i], ==, 0);
    return ret;
}

static void test_rms_norm(void)
{
    static const uint32_t shapes[][2] = {{1, 1}, {7, 7}, {64, 64}, {577, 577}, {96, 64}};
    VulkanFixture f;
    if (!vulkan_fixture_init(&f))
        return;
    for (size_t s = 0; s < G_N_ELEMENTS(shapes); s++) {
        uint32_t cols = shapes[s][0], width = shapes[s][1];
        g_autofree float *x = vulkan_fixture_numbers(ROWS * cols, 1),
                         *w = vulkan_fixture_numbers(width, 2), *want = g_new(float, width);
        HrVkBuffer *y = vulkan_fixture_buffer(&f, NULL, ROWS * cols * sizeof *x);
        const HrVkRmsNorm p = {put_counts(&f), put(&f, x, ROWS * cols), put(&f, w, width),
                               y->address,     1, cols, width, 1e-6f};
        const HrVkVariant v = {HR_VK_RMS_NORM, {128}};
        vulkan_fixture_dispatch(&f, &v, &p, sizeof p, ROWS, 1);
        g_autofree float *got = take(&f, y, cols);
        for (uint32_t r = 0; r < HERE; r++) {
            hr_vector_plain.rms_norm(x + r * cols, w, 1e-6f, width, want);
            for (uint32_t i = 0; i < cols; i++)
                g_assert_cmpfloat_with_epsilon(got[r * cols + i],
                                               i < width ? want[i] : x[r * cols + i], 2 * TOLERANCE);
        }
    }
    vulkan_fixture_finish(&f);
}

/* Four query heads and two key heads of 24; weights of a head, and of the row. */
static void test_head_norms(void)
{
    enum { WIDTH = 24, Q = 4 * WIDTH, K = 2 * WIDTH };
    VulkanFixture f;
    if (!vulkan_fixture_init(&f))
        return;
    g_autofree float *q = vulkan_fixture_numbers(ROWS * Q, 1),
                     *k = vulkan_fixture_numbers(ROWS * K, 2),
                     *wq = vulkan_fixture_numbers(Q, 3), *wk = vulkan_fixture_numbers(WIDTH, 4);
    HrVkBuffer *at_q = vulkan_fixture_buffer(&f, q, ROWS * Q * sizeof *q),
               *at_k = vulkan_fixture_buffer(&f, k, ROWS * K * sizeof *k);
    const HrVkHeadNorms p = {.counts = put_counts(&f),
                             .q = at_q->address,
                             .k = at_k->address,
                             .q_weight = put(&f, wq, Q),
                             .k_weight = put(&f, wk, WIDTH),
                             .q_cols = Q,
                             .k_cols = K,
                             .q_width = WIDTH,
                             .k_width = WIDTH,
                             .q_weights = Q,
                             .k_weights = WIDTH,
                             .eps = 1e-5f};
    const HrVkVariant v = {HR_VK_HEAD_NORMS, {64}};
    float got_q[ROWS * Q], got_k[ROWS * K];
    vulkan_fixture_dispatch(&f, &v, &p, sizeof p, 6, ROWS);
    vulkan_fixture_read(&f, at_q, got_q, sizeof got_q);
    vulkan_fixture_read(&f, at_k, got_k, sizeof got_k);
    for (uint32_t c = 0; c < HERE * Q; c += WIDTH)
        hr_vector_plain.rms_norm(q + c, wq + c % Q, 1e-5f, WIDTH, q + c);
    for (uint32_t c = 0; c < HERE * K; c += WIDTH)
        hr_vector_plain.rms_norm(k + c, wk, 1e-5f, WIDTH, k + c);
    for (uint32_t i = 0; i < ROWS * Q; i++)
        g_assert_cmpfloat_with_epsilon(got_q[i], q[i], 2 * TOLERANCE);
    for (uint32_t i = 0; i < ROWS * K; i++)
        g_assert_cmpfloat_with_epsilon(got_k[i], k[i], 2 * TOLERANCE);
    vulkan_fixture_finish(&f);
}

static void check_activation(VulkanFixture *f, HrActivation activation, bool gated, uint32_t width)
{
    enum { COLS = 66 };
    g_autofree float *gate = vulkan_fixture_numbers(ROWS * COLS, 1),
                     *up = vulkan_fixture_numbers(ROWS * COLS, 2);
    for (uint32_t i = 0; i < ROWS * COLS; i++)
        gate[i] *= i % 3 == 0 ? 30 : 3;
    HrVkBuffer *y = vulkan_fixture_buffer(f, NULL, ROWS * COLS * sizeof *gate);
    const HrVkActivate p = {.counts = put_counts(f),
                            .gate = put(f, gate, ROWS * COLS),
                            .up = put(f, up, ROWS * COLS),
                            .y = y->address,
                            .rows_kind = 1,
                            .cols = COLS,
                            .width = width};
    const HrVkVariant v = {HR_VK_ACTIVATE, {256, activation, gated}};
    vulkan_fixture_dispatch(f, &v, &p, sizeof p, 1, 1);
    g_autofree float *got = take(f, y, COLS);
    for (uint32_t i = 0; i < HERE * COLS; i++) {
        float want = hr_activate_one(activation, gate[i / width]) * (gated ? up[i] : 1);
        g_assert_cmpfloat_with_epsilon(got[i], want, TOLERANCE * (1 + fabsf(want)));
    }
}

static void test_activate(void)
{
    VulkanFixture f;
    if (!vulkan_fixture_init(&f))
        return;
    for (HrActivation a = HR_SILU; a <= HR_IDENTITY; a++) {
        check_activation(&f, a, true, 1);
        check_activation(&f, a, false, 1);
    }
    check_activation(&f, HR_SIGMOID, true, 11);
    vulkan_fixture_finish(&f);
}

static void test_combine(void)
{
    enum { COLS = 301 };
    VulkanFixture f;
    if (!vulkan_fixture_init(&f))
        return;
    g_autofree float *x = vulkan_fixture_numbers(ROWS * COLS, 1),
                     *add = vulkan_fixture_numbers(ROWS * COLS, 2);
    for (uint32_t adds = 0; adds < 2; adds++) {
        HrVkBuffer *y = vulkan_fixture_buffer(&f, NULL, ROWS * COLS * sizeof *x);
        const HrVkCombine p = {put_counts(&f), put(&f, x, ROWS * COLS), put(&f, add, ROWS * COLS),
                               y->address,     0, COLS, 0.25f};
        const HrVkVariant v = {HR_VK_COMBINE, {256, adds}};
        vulkan_fixture_dispatch(&f, &v, &p, sizeof p, 2, 1); /* fewer than numbers */
        g_autofree float *got = take(&f, y, COLS);
        for (uint32_t i = 0; i < HERE * COLS; i++)
            g_assert_cmpfloat_with_epsilon(got[i], x[i] * 0.25f + (adds ? add[i] : 0), 1e-6);
    }
    vulkan_fixture_finish(&f);
}

static void test_output_rows(void)
{
    enum { COLS = 300, FROM = 9 };
    static const uint32_t rows[ROWS] = {8, 3, 0};
    VulkanFixture f;
    if (!vulkan_fixture_init(&f))
        return;
    g_autofree float *x = vulkan_fixture_numbers(FROM * COLS, 1);
    HrVkBuffer *y = vulkan_fixture_buffer(&f, NULL, ROWS * COLS * sizeof *x);
    const HrVkOutputRows p = {put_counts(&f), put(&f, rows, ROWS), put(&f, x, FROM * COLS),
                              y->address, COLS};
    const HrVkVariant v = {HR_VK_OUTPUT_ROWS, {256}};
    vulkan_fixture_dispatch(&f, &v, &p, sizeof p, 2, ROWS);
    g_autofree float *got = take(&f, y, COLS);
    for (uint32_t r = 0; r < HERE; r++)
        g_assert_cmpmem(got + r * COLS, COLS * sizeof *x, x + rows[r] * COLS, COLS * sizeof *x);
    vulkan_fixture_finish(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vulkan/rows/rms-norm", test_rms_norm);
    g_test_add_func("/vulkan/rows/head-norms", test_head_norms);
    g_test_add_func("/vulkan/rows/activate", test_activate);
    g_test_add_func("/vulkan/rows/combine", test_combine);
    g_test_add_func("/vulkan/rows/output-rows", test_output_rows);
    return g_test_run();
}
