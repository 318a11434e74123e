/* test-linear.c: every set of linear kernels that this processor can run, against exact sums.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "linear-fixture.h"
#include "cpu/groups.h"
#include "cpu/panels.h"
#include "hr.h"

#include <math.h>

/* ---- A product and its exact value ---- */

/* y[n_cols][n_out] by the kernels under test, rows [begin, end). */
static void multiply_rows(const HrLinearKernels *kernels, const Weights *w, const Prepared *x,
                          gsize n_cols, gsize begin, gsize end, float *y)
{
    gpointer scratch = aligned_new(hr_linear_scratch_bytes());

    memset(scratch, 0xff, hr_linear_scratch_bytes());
    (w->in_panels ? kernels->panel_rows : kernels->rows)(x->form, w->type, w->rows, w->row_bytes,
                                                         w->n_in, begin, end, x->data, x->stride,
                                                         n_cols, y, w->n_out, scratch);
    aligned_free(scratch);
}

static float *multiply(const HrLinearKernels *kernels, const Weights *w, const float *x,
                       gsize n_cols)
{
    float *y = g_new0(float, n_cols * w->n_out);
    Prepared prepared;

    prepared_init(&prepared, kernels, w, x, n_cols);
    multiply_rows(kernels, w, &prepared, n_cols, 0, w->n_out, y);
    prepared_clear(&prepared);
    return y;
}

static float *dequantized(const Weights *w)
{
    float *values = g_new(float, w->n_in * w->n_out);

    for (gsize r = 0; r < w->n_out; r++)
        hr_dequantize(w->type, w->rows + r * w->row_bytes, values + r * w->n_in, w->n_in);
    return values;
}

/* |scale q| + |min| of every weight: what rounding errors are relative to. */
static float *magnitudes(Weights *w, const float *values)
{
    weights_clear_minima(w);
    float *result = dequantized(w);

    for (gsize i = 0; i < w->n_in * w->n_out; i++)
        result[i] = fabsf(result[i]) + fabsf(result[i] - values[i]);
    return result;
}

/* The largest magnitude in the 32-group of each x[n]. */
static void group_maxima(const float *x, gsize n, float *max)
{
    for (gsize start = 0; start < n; start += HR_GROUP) {
        const gsize end = MIN(n, start + HR_GROUP);
        float largest = 0;
        for (gsize k = start; k < end; k++)
            largest = MAX(largest, fabsf(x[k]));
        for (gsize k = start; k < end; k++)
            max[k] = largest;
    }
}

/* What a prepared row stands for. */
static void unround(const Prepared *p, gsize c, gsize n_in, double *x)
{
    const guint8 *row = p->data + c * p->stride;

    for (gsize k = 0; k < n_in; k++) {
        if (p->form == HR_FORM_FLOAT) {
            x[k] = ((const float *)(gconstpointer)row)[k];
        } else {
            const HrGroup *group = (const HrGroup *)(gconstpointer)row + k / HR_GROUP,
                          *rest = group + n_in / HR_GROUP;
            x[k] = (double)group->scale * group->q[k % HR_GROUP];
            if (p->form == HR_FORM_INT16)
                x[k] += (double)rest->scale * rest->q[k % HR_GROUP];
        }
    }
}

typedef struct {
    double exact, rounded; /* sums with the given and with the prepared activations */
    double magnitude;      /* sum of the products' magnitudes */
    double step;           /* what rounding the activations may change at most */
} Sums;

static Sums exact_sums(const float *w, const float *magnitude, const float *x, const float *max,
                       const double *prepared, gsize n, HrForm form)
{
    Sums sums = {0};

    for (gsize k = 0; k < n; k++) {
        sums.exact += (double)w[k] * x[k];
        sums.rounded += w[k] * prepared[k];
        sums.magnitude += (double)magnitude[k] * max[k];
        if (form ==
            HR_FORM_INT8) /* half a step of max / 127, and the float division's own rounding */
            sums.step += fabs((double)w[k]) * max[k] / 127 * 0.5001;
        if (form == HR_FORM_INT16) /* of which the second row leaves half a step of 1/127; and
                                      floats lose 2^-24 */
            sums.step += fabs((double)w[k]) * max[k] / 127 * (0.5001 / 254 + 1e-5);
    }
    return sums;
}

/* Sums of floats in some order err by at most a few roundings per partial sum, relative to the
 * magnitudes: far less than n, because there are at least 16 partial sums or exact integer sums of
 * 16 in between. */
#define FLOAT_ERROR 2e-6

static void check_form(const HrLinearKernels *kernels, Weights *w, const float *x, gsize n_cols)
{
    g_autofree float *y = multiply(kernels, w, x, n_cols);
    g_autofree float *values = dequantized(w);
    g_autofree float *magnitude = magnitudes(w, values);
    g_autofree double *unrounded = g_new(double, w->n_in);
    g_autofree float *max = g_new(float, w->n_in);
    Prepared prepared;

    prepared_init(&prepared, kernels, w, x, n_cols);
    for (gsize c = 0; c < n_cols; c++) {
        unround(&prepared, c, w->n_in, unrounded);
        group_maxima(x + c * w->n_in, w->n_in, max);
        for (gsize r = 0; r < w->n_out; r++) {
            const Sums want = exact_sums(values + r * w->n_in, magnitude + r * w->n_in,
                                         x + c * w->n_in, max, unrounded, w->n_in, prepared.form);
            const double got = y[c * w->n_out + r], error = want.magnitude * FLOAT_ERROR + 1e-37;
            if (!(fabs(got - want.rounded) <= error) ||
                !(fabs(got - want.exact) <= want.step + error))
                g_error(
                    "%s %s %zux%zu, row %zu of column %zu is %.9g, not %.9g (%.9g before rounding; magnitude %.3g)",
                    kernels->name, hr_type_traits(w->type)->name, w->n_out, w->n_in, r, c, got,
                    want.rounded, want.exact, want.magnitude);
        }
    }
    prepared_clear(&prepared);
}

static void check_product(const HrLinearKernels *kernels, Weights *w, const float *x, gsize n_cols)
{
    for (int fine = 0; fine < 2; fine++) {
        w->fine = fine;
        check_form(kernels, w, x, n_cols);
    }
}

static float *random_columns(GRand *rand, gsize n)
{
    float *x = g_new(float, n);

    for (gsize i = 0; i < n; i++)
        x[i] =
            (float)(g_rand_double_range(rand, -1, 1) * pow(10, g_rand_double_range(rand, -2, 2)));
    return x;
}

/* ---- Cases: each runs for every set and type ---- */

typedef struct {
    const HrLinearKernels *kernels;
    HrType type;
} Case;

static void test_random(gconstpointer data)
{
    const Case *it = data;
    const guint block = hr_type_traits(it->type)->block;
    static const gsize lengths[] = {1,   7,   31,   32,   64,   96,   250, 256,
                                    512, 576, 1024, 1056, 1280, 2048, 3328};
    const gsize stride = g_getenv("HEADROOM_TEST_BRIEF") ? 4 : 1;
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);

    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        if (lengths[i] % block != 0)
            continue;
        for (gsize n_cols = 1; n_cols <= 17; n_cols += (i % 4 + 1) * stride) {
            Weights w;
            g_autofree float *x = random_columns(rand, n_cols * lengths[i]);
            weights_init(&w, it->type, lengths[i], 1 + (n_cols * 7 + i) % 37);
            weights_fill_random(&w, rand);
            check_product(it->kernels, &w, x, n_cols);
            weights_clear(&w);
        }
    }
}

static void check_length(const Case *it, gsize n_in, gsize n_out, gsize n_cols)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(8);
    g_autofree float *x = random_columns(rand, n_cols * n_in);
    Weights w;

    weights_init(&w, it->type, n_in, n_out);
    weights_fill_random(&w, rand);
    check_product(it->kernels, &w, x, n_cols);
    weights_clear(&w);
}

/* Lengths of real models, and one longer than any. */
static void test_long_rows(gconstpointer data)
{
    const Case *it = data;

    check_length(it, 8192, 18, 3);
    if (it->type == HR_TYPE_Q8_0 || it->type == HR_TYPE_F16)
        check_length(it, 1000000 / HR_GROUP * HR_GROUP, 2, 1);
}

/* Largest and smallest quants against activations of one sign: where integers would saturate or
 * overflow. */
static void test_extreme_blocks(gconstpointer data)
{
    const Case *it = data;
    static const guint8 fills[] = {0x00, 0xff, 0x80, 0x7f, 0x0f, 0xf0, 0x55, 0xaa};
    static const guint16 halves[] = {0x0000, 0x8000, 0x0001, 0x83ff, 0x3c00, 0xbc00, 0x7bff};
    g_autofree float *x = g_new(float, 4 * 512);

    for (int k = 0; k < 512; k++) {
        x[k] = 1;
        x[512 + k] = -3;
        x[1024 + k] = k % 2 ? 1000 : -1000;
        x[1536 + k] = 1e-20f * (float)(k % 32 - 16);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(fills); i++) {
        for (gsize j = 0; j < G_N_ELEMENTS(halves); j++) {
            Weights w;
            if (it->type == HR_TYPE_MXFP4 && fills[i] >= 0xf0)
                continue; /* scales of 2^112 and more: infinite results, in test_not_finite */
            weights_init(&w, it->type, 512, 17);
            weights_fill(&w, fills[i], halves[j]);
            check_product(it->kernels, &w, x, 4);
            weights_clear(&w);
        }
    }
}

/* Scales that are no numbers spoil their own row; activations that are none their own column. */
static void test_not_finite(gconstpointer data)
{
    const Case *it = data;
    const HrTypeTraits *traits = hr_type_traits(it->type);
    g_autoptr(GRand) rand = g_rand_new_with_seed(9);
    g_autofree float *x = random_columns(rand, 3 * 512);
    Weights w;

    weights_init(&w, it->type, 512, 20);
    weights_fill_random(&w, rand);
    g_autofree float *before = multiply(it->kernels, &w, x, 3);
    if (it->type != HR_TYPE_MXFP4) {
        Weights row = {.type = it->type, .n_in = 512, .n_out = 1, .row_bytes = w.row_bytes};
        row.rows = w.rows + 5 * w.row_bytes;
        weights_fill(&row, 0x35, 0x7e00);
    } else {
        memset(w.rows + 5 * w.row_bytes, 0xff, traits->block_bytes); /* 2^127 times -6 */
    }
    x[512 + 100] = NAN;
    x[1024 + 17] = -INFINITY;
    g_autofree float *after = multiply(it->kernels, &w, x, 3);
    for (int r = 0; r < 20; r++) {
        if (r == 5)
            g_assert_false(it->type != HR_TYPE_MXFP4 && isfinite(after[r]));
        else
            g_assert_cmpint(memcmp(&before[r], &after[r], sizeof(float)), ==, 0);
        g_assert_true(isnan(after[20 + r]));
        g_assert_false(isfinite(after[40 + r]));
    }
    weights_clear(&w);
}

/* The first n columns, all rows at once and a panel at a time: as expected, bit for bit. */
static void check_bits(const Case *it, const Weights *w, const Prepared *columns, gsize n, float *y,
                       const float *expected)
{
    const gsize bytes = n * w->n_out * sizeof *y;

    memset(y, 0xff, bytes);
    multiply_rows(it->kernels, w, columns, n, 0, w->n_out, y);
    g_assert_cmpmem(y, bytes, expected, bytes);
    memset(y, 0xff, bytes);
    for (gsize r = 0; r < w->n_out; r += 16)
        multiply_rows(it->kernels, w, columns, n, r, MIN(r + 16, w->n_out), y);
    g_assert_cmpmem(y, bytes, expected, bytes);
}

/* Whatever is computed beside it, in whichever pieces, and however the weights lie: the same bits.
 */
static void test_same_bits(gconstpointer data)
{
    const Case *it = data;
    const bool in_panels = it->kernels->in_panels && it->kernels->in_panels(it->type);
    const bool plain = g_str_equal(it->kernels->name, "plain"); /* which has no tiles */
    const gsize n_in = it->type == HR_TYPE_F32 ? 1285 : 1280, n_out = 55,
                max_cols = plain ? 17 : g_getenv("HEADROOM_TEST_BRIEF") ? 64 : 512;
    g_autoptr(GRand) rand = g_rand_new_with_seed(10);
    g_autofree float *x = random_columns(rand, max_cols * n_in);
    g_autofree float *one = g_new0(float, max_cols * n_out);
    g_autofree float *many = g_new0(float, max_cols * n_out);
    Prepared prepared;
    Weights w, laid;

    weights_init(&w, it->type, n_in, n_out);
    weights_fill_random(&w, rand);
    w.fine = it->type % 2; /* both forms, over the types */
    if (in_panels)
        weights_lay(&w, &laid);
    prepared_init(&prepared, it->kernels, &w, x, max_cols);
    for (gsize c = 0; c < max_cols; c++) {
        Prepared column = prepared;
        column.data += c * prepared.stride;
        multiply_rows(it->kernels, &w, &column, 1, 0, n_out, one + c * n_out);
    }
    for (gsize n = 1; n <= max_cols; n = n < 17 ? n + 1 : n == 17 ? 64 : n * 8) {
        check_bits(it, &w, &prepared, n, many, one);
        if (in_panels)
            check_bits(it, &laid, &prepared, n, many, one);
    }
    if (in_panels)
        weights_clear(&laid);
    prepared_clear(&prepared);
    weights_clear(&w);
}

/* FNV-1a (Fowler, Noll, Vo 1991). */
static guint64 checksum(const float *y, gsize n)
{
    const guint8 *bytes = (const guint8 *)y;
    guint64 hash = G_GUINT64_CONSTANT(0xcbf29ce484222325);

    for (gsize i = 0; i < n * sizeof *y; i++)
        hash = (hash ^ bytes[i]) * G_GUINT64_CONSTANT(0x100000001b3);
    return hash;
}

/* Integer sums are exact and the floats around them are computed in one order: every set, on every
 * kind of processor, comes to these bits. */
static const guint64 products[HR_TYPE_N] = {
    [HR_TYPE_Q4_0] = G_GUINT64_CONSTANT(0x37bd8f8a72e4bb7c),
    [HR_TYPE_Q4_1] = G_GUINT64_CONSTANT(0xdd80f7e6eba7ff31),
    [HR_TYPE_Q5_0] = G_GUINT64_CONSTANT(0x51ffb03ce42a6f2e),
    [HR_TYPE_Q5_1] = G_GUINT64_CONSTANT(0x9938d3892ab575e3),
    [HR_TYPE_Q8_0] = G_GUINT64_CONSTANT(0xc0a6484af861c445),
    [HR_TYPE_Q2_K] = G_GUINT64_CONSTANT(0xfecb7d37731c84ec),
    [HR_TYPE_Q3_K] = G_GUINT64_CONSTANT(0xcfe3ebfc32d3b6d2),
    [HR_TYPE_Q4_K] = G_GUINT64_CONSTANT(0x5d206b1961cc8e77),
    [HR_TYPE_Q5_K] = G_GUINT64_CONSTANT(0xc4d30d6f26d5505e),
    [HR_TYPE_Q6_K] = G_GUINT64_CONSTANT(0xf26a6c7743c40231),
    [HR_TYPE_IQ4_NL] = G_GUINT64_CONSTANT(0x656eed623432f046),
    [HR_TYPE_IQ4_XS] = G_GUINT64_CONSTANT(0x535951fc06637e4d),
    [HR_TYPE_MXFP4] = G_GUINT64_CONSTANT(0xc1513f3a06d92bfd),
};

static void test_same_everywhere(gconstpointer data)
{
    const Case *it = data;
    const gsize n_in = 1280, n_out = 55, n_cols = 3;
    g_autoptr(GRand) rand = g_rand_new_with_seed(14);
    g_autofree float *x = g_new(float, n_cols * n_in);
    Weights w;

    for (gsize i = 0; i < n_cols * n_in; i++)
        x[i] = (float)g_rand_double_range(rand, -1, 1);
    weights_init(&w, it->type, n_in, n_out);
    weights_fill_random(&w, rand);
    w.fine = it->type % 2;
    g_autofree float *y = multiply(it->kernels, &w, x, n_cols);
    g_assert_cmphex(checksum(y, n_cols * n_out), ==, products[it->type]);
    weights_clear(&w);
}

static void test_panels_dequantize(gconstpointer data)
{
    const Case *it = data;
    const gsize n_in = 512;
    g_autoptr(GRand) rand = g_rand_new_with_seed(13);
    float direct[512], from_panel[512];
    Weights w, laid;

    weights_init(&w, it->type, n_in, 2 * HR_PANEL_ROWS);
    weights_fill_random(&w, rand);
    weights_lay(&w, &laid);
    for (gsize r = 0; r < w.n_out; r++) {
        hr_dequantize(it->type, w.rows + r * w.row_bytes, direct, n_in);
        hr_panel_dequantize(it->type, laid.rows + r / HR_PANEL_ROWS * HR_PANEL_ROWS * w.row_bytes,
                            r % HR_PANEL_ROWS, n_in, from_panel);
        g_assert_cmpmem(direct, sizeof direct, from_panel, sizeof from_panel);
    }
    weights_clear(&laid);
    weights_clear(&w);
}

/* Rows outside the range, and memory between columns, stay as they are. */
static void test_writes_only_its_rows(gconstpointer data)
{
    const Case *it = data;
    const gsize n_in = 256, n_out = 37, stride = 40, n_cols = 15;
    g_autoptr(GRand) rand = g_rand_new_with_seed(11);
    g_autofree float *x = random_columns(rand, n_cols * n_in);
    g_autofree float *y = g_new(float, n_cols * stride);
    gpointer scratch = aligned_new(hr_linear_scratch_bytes());
    Prepared prepared;
    Weights w;

    for (gsize i = 0; i < n_cols * stride; i++)
        y[i] = 12345;
    weights_init(&w, it->type, n_in, n_out);
    weights_fill_random(&w, rand);
    prepared_init(&prepared, it->kernels, &w, x, n_cols);
    it->kernels->rows(prepared.form, it->type, w.rows, w.row_bytes, n_in, 16, n_out, prepared.data,
                      prepared.stride, n_cols, y, stride, scratch);
    for (gsize c = 0; c < n_cols; c++)
        for (gsize r = 0; r < stride; r++)
            g_assert_true((y[c * stride + r] == 12345) == (r < 16 || r >= n_out));
    prepared_clear(&prepared);
    weights_clear(&w);
    aligned_free(scratch);
}

/* ---- Rounding of activations and choice of kernels ---- */

/* start: what the set's offsets count from. */
static void check_group(const float *x, const HrGroup *group, int start)
{
    float max = 0;
    int sums[2] = {0};

    for (int i = 0; i < HR_GROUP; i++)
        max = MAX(max, fabsf(x[i]));
    const float inverse = max >= HR_GROUP_TINY ? 127.0f / max : 0;
    for (int i = 0; i < HR_GROUP; i++) {
        g_assert_cmpint(group->q[i], ==, (int)rintf(x[i] * inverse));
        sums[i / 16] += group->q[i];
    }
    g_assert_true(group->scale == (max >= HR_GROUP_TINY ? max / 127.0f : 0));
    g_assert_true(group->sum == group->scale * (float)(sums[0] + sums[1]));
    g_assert_cmpint(group->offset, ==, start - HR_RAISED_MOST * (sums[0] + sums[1]));
    g_assert_cmpint(group->offset_16[0], ==, start - HR_RAISED_MOST * sums[0]);
    g_assert_cmpint(group->offset_16[1], ==, start - HR_RAISED_MOST * sums[1]);
}

static void test_prepare(gconstpointer data)
{
    const HrLinearKernels *kernels = data;
    const gsize n = 64 * HR_GROUP;
    g_autoptr(GRand) rand = g_rand_new_with_seed(12);
    g_autofree float *x = random_columns(rand, n);

    memset(x, 0, HR_GROUP * sizeof *x);
    for (int i = 0; i < HR_GROUP; i++) {
        x[HR_GROUP + i] = 1e-31f;             /* tiny: zeros */
        x[2 * HR_GROUP + i] = (float)(i - 16) * 1e37f;
        x[3 * HR_GROUP + i] = 127 - (float)i - 0.5f; /* ties */
    }
    x[4 * HR_GROUP] = NAN;
    x[5 * HR_GROUP + 31] = INFINITY;
    HrGroup *groups = aligned_new(kernels->prepared_bytes(HR_FORM_INT8, n));
    kernels->prepare(HR_FORM_INT8, x, n, groups);
    const int start = groups[0].offset; /* of zeros */
    for (gsize g = 0; g < n / HR_GROUP; g++) {
        if (g == 4 || g == 5) {
            g_assert_true(isnan(groups[g].scale) && isnan(groups[g].sum));
            g_assert_cmpint(groups[g].q[3] | groups[g].q[31], ==, 0);
            g_assert_cmpint(groups[g].offset, ==, start);
        } else {
            check_group(x + g * HR_GROUP, &groups[g], start);
        }
    }
    aligned_free(groups);
}

static void test_choice(void)
{
    const HrLinearKernels *const *all = hr_linear_all();
    const char *wanted = g_getenv("HEADROOM_CPU");
    gsize n = 0;

    g_assert_cmpstr(all[0]->name, ==, "plain");
    while (all[n] != NULL)
        n++;
    const HrLinearKernels *expected = all[n - 1];
    for (gsize i = 0; i < n; i++)
        if (g_strcmp0(all[i]->name, wanted) == 0)
            expected = all[i];
    g_assert_true(hr_linear_kernels() == expected);
    g_assert_cmpstr(hr_cpu_name(), ==, expected->name);
}

static void add_case(const HrLinearKernels *kernels, HrType type, const char *name,
                     GTestDataFunc func)
{
    Case *it = g_new(Case, 1);
    *it = (Case){.kernels = kernels, .type = type};
    g_autofree char *path =
        g_strdup_printf("/cpu/linear/%s/%s/%s", kernels->name, name, hr_type_traits(type)->name);
    g_test_add_data_func_full(path, it, func, g_free);
}

static void add_cases(const HrLinearKernels *kernels)
{
    static const struct {
        const char *name;
        GTestDataFunc func;
    } cases[] = {
        {"random", test_random},
        {"long-rows", test_long_rows},
        {"extreme-blocks", test_extreme_blocks},
        {"not-finite", test_not_finite},
        {"same-bits", test_same_bits},
        {"writes-only-its-rows", test_writes_only_its_rows},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        for (gsize t = 0; t < fixture_n_types; t++)
            add_case(kernels, fixture_types[t], cases[i].name, cases[i].func);
    for (gsize t = 0; t < fixture_n_types; t++)
        if (kernels->form(fixture_types[t], false) == HR_FORM_INT8)
            add_case(kernels, fixture_types[t], "same-everywhere", test_same_everywhere);
}

static void add_panel_cases(void)
{
    for (gsize t = 0; t < fixture_n_types; t++) {
        if (hr_type_traits(fixture_types[t])->block == 1)
            continue;
        Case *it = g_new0(Case, 1);
        it->type = fixture_types[t];
        g_autofree char *path =
            g_strdup_printf("/cpu/linear/panels/dequantize/%s", hr_type_traits(it->type)->name);
        g_test_add_data_func_full(path, it, test_panels_dequantize, g_free);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/linear/choice", test_choice);
    add_panel_cases();
    for (const HrLinearKernels *const *set = hr_linear_all(); *set != NULL; set++) {
        add_cases(*set);
        if ((*set)->form(HR_TYPE_Q8_0, false) == HR_FORM_INT8) {
            g_autofree char *path = g_strdup_printf("/cpu/linear/%s/prepare", (*set)->name);
            g_test_add_data_func(path, *set, test_prepare);
        }
    }
    return g_test_run();
}
