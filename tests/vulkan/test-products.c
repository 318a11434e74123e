/* test-products.c: products with weights of every type, on odd shapes and numbers of columns,
 * against sums in double over what hr_dequantize makes of the same blocks.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tolerance: the shader adds floats in another order, so it is off by a few ulp of the sum of the
 * sizes of what it adds; 4e-6 of that sum is over thirty.
 */
#include "vulkan-fixture.h"

#include "cpu/blocks.h"
#include "cpu/half.h"
#include "cpu/linear.h"

#include <math.h>
#include <string.h>

#define TOLERANCE 4e-6
#define MOST_COLUMNS 17
#define LANES 64

static const HrType types[] = {HR_TYPE_F32,  HR_TYPE_F16,    HR_TYPE_BF16,   HR_TYPE_Q4_0,
                               HR_TYPE_Q4_1, HR_TYPE_Q5_0,   HR_TYPE_Q5_1,   HR_TYPE_Q8_0,
                               HR_TYPE_Q2_K, HR_TYPE_Q3_K,   HR_TYPE_Q4_K,   HR_TYPE_Q5_K,
                               HR_TYPE_Q6_K, HR_TYPE_IQ4_NL, HR_TYPE_IQ4_XS, HR_TYPE_MXFP4};

static uint32_t block_of(HrType type)
{
    return hr_type_traits(type)->block;
}

/* Where the halves of a block are that scale it. */
static void fill_scales(HrType type, uint8_t *block, uint32_t seed)
{
    static const struct {
        HrType type;
        uint8_t at[2], n;
    } halves[] = {{HR_TYPE_Q4_0, {0}, 1},    {HR_TYPE_Q4_1, {0, 2}, 2},   {HR_TYPE_Q5_0, {0}, 1},
                  {HR_TYPE_Q5_1, {0, 2}, 2}, {HR_TYPE_Q8_0, {0}, 1},      {HR_TYPE_IQ4_NL, {0}, 1},
                  {HR_TYPE_IQ4_XS, {0}, 1},  {HR_TYPE_Q2_K, {80, 82}, 2}, {HR_TYPE_Q3_K, {108}, 1},
                  {HR_TYPE_Q4_K, {0, 2}, 2}, {HR_TYPE_Q5_K, {0, 2}, 2},   {HR_TYPE_Q6_K, {208}, 1}};
    for (size_t i = 0; i < G_N_ELEMENTS(halves); i++)
        for (uint32_t k = 0; halves[i].type == type && k < halves[i].n; k++) {
            uint16_t half = hr_float_to_half(0.001f * (float)(1 + (seed + k) % 9));
            memcpy(block + halves[i].at[k], &half, sizeof half);
        }
    if (type == HR_TYPE_MXFP4)
        block[0] = (uint8_t)(118 + seed % 6);
}

static void fill_floats(HrType type, uint8_t *w, size_t n)
{
    g_autofree float *numbers = vulkan_fixture_numbers(n, 7);
    for (size_t i = 0; i < n; i++) {
        uint16_t narrow =
            type == HR_TYPE_F16 ? hr_float_to_half(numbers[i]) : hr_float_to_bfloat(numbers[i]);
        if (type == HR_TYPE_F32)
            memcpy(w + 4 * i, &numbers[i], 4);
        else
            memcpy(w + 2 * i, &narrow, 2);
    }
}

/* Blocks of any bytes, with small scales. */
static uint8_t *make_weights(HrType type, size_t n_in, size_t n_out, size_t *ret_row_bytes)
{
    size_t block_bytes = hr_type_traits(type)->block_bytes,
           row_bytes = n_in / block_of(type) * block_bytes;
    uint8_t *w = g_malloc(row_bytes * n_out);
    *ret_row_bytes = row_bytes;
    if (block_of(type) == 1) {
        fill_floats(type, w, n_in * n_out);
        return w;
    }
    for (size_t i = 0; i < row_bytes * n_out; i++)
        w[i] = (uint8_t)((i * 2654435761u + i / 251) >> 9);
    for (size_t i = 0; i < row_bytes * n_out; i += block_bytes)
        fill_scales(type, w + i, (uint32_t)(i / block_bytes));
    return w;
}

typedef struct {
    HrType type;
    uint32_t n_in, n_out, n_rows, columns; /* n_rows of x; columns: of a workgroup, or of a lane of
                                              tiles */
    bool norm, tiles;
} Case;

/* One element, and the sum of the sizes of what it is made of. */
static double expect(const Case *c, const float *row, const float *x, const float *factors,
                     double *ret_size)
{
    double sum = 0, size = 0, squares = 0;
    for (uint32_t i = 0; i < c->n_in; i++) {
        double product = (double)row[i] * x[i] * (c->norm ? factors[i] : 1);
        sum += product;
        size += fabs(product);
        squares += (double)x[i] * x[i];
    }
    double inverse = c->norm ? 1 / sqrt(squares / c->n_in + 1e-5) : 1;
    *ret_size = size * inverse;
    return sum * inverse;
}

/* Two parts of one type; the second has a bias, a scale and a residual. */
typedef struct {
    uint8_t *w;
    size_t row_bytes, n_y;
    float *x, *factors, *bias, *add, *y, *plain;
} Data;
#define SCALE 0.5f

static Data make_data(const Case *c)
{
    Data d = {.n_y = (size_t)MOST_COLUMNS * c->n_out};
    d.w = make_weights(c->type, c->n_in, c->n_out, &d.row_bytes);
    d.x = vulkan_fixture_numbers((size_t)c->n_rows * c->n_in + 1, 1);
    d.factors = vulkan_fixture_numbers(c->n_in, 2);
    d.bias = vulkan_fixture_numbers(c->n_out, 3);
    d.add = vulkan_fixture_numbers(d.n_y, 4);
    d.y = g_new(float, d.n_y);
    d.plain = g_new(float, d.n_y);
    return d;
}

static void free_data(Data *d)
{
    void *const all[] = {d->w, d->x, d->factors, d->bias, d->add, d->y, d->plain};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        g_free(all[i]);
}

static HrVkAddress put(VulkanFixture *f, const void *data, size_t n)
{
    return vulkan_fixture_buffer(f, data, n * sizeof(float))->address;
}

static void multiply(VulkanFixture *f, const Case *c, Data *d)
{
    const float scale = SCALE;
    const uint32_t counts[2] = {c->n_rows, 0}, rows = c->tiles ? 64 : 2,
                   columns = c->tiles ? 16 * c->columns : c->columns,
                   groups = (c->n_out + rows - 1) / rows;
    HrVkBuffer *plain = vulkan_fixture_buffer(f, NULL, d->n_y * sizeof(float)),
               *out = vulkan_fixture_buffer(f, NULL, d->n_y * sizeof(float)),
               *w = vulkan_fixture_buffer(f, d->w, d->row_bytes * c->n_out);
    const HrVkVariant few = {HR_VK_LINEAR,
                             {LANES, c->type, 2, c->columns, c->norm, c->n_in % 8 != 0}},
                      many = {HR_VK_LINEAR_TILE, {0, c->type, c->columns, c->n_in % 8 != 0}};
    const HrVkPart first = {.weight = w->address,
                            .y = plain->address,
                            .n_out = c->n_out,
                            .row_bytes = (uint32_t)d->row_bytes};
    HrVkLinear params = {.counts = put(f, counts, 2),
                         .x = put(f, d->x, (size_t)c->n_rows * c->n_in + 1),
                         .norm = put(f, d->factors, c->n_in),
                         .parts = {first, first},
                         .n_parts = 2,
                         .n_in = c->n_in,
                         .factor = 2,
                         .eps = 1e-5f};
    params.parts[1].y = out->address;
    params.parts[1].bias = put(f, d->bias, c->n_out);
    params.parts[1].scale = put(f, &scale, 1);
    params.parts[1].add = put(f, d->add, d->n_y);
    params.parts[1].first_group = groups;
    vulkan_fixture_dispatch(f, c->tiles ? &many : &few, &params, sizeof params, 2 * groups,
                            (MOST_COLUMNS + columns - 1) / columns);
    vulkan_fixture_read(f, out, d->y, d->n_y * sizeof(float));
    vulkan_fixture_read(f, plain, d->plain, d->n_y * sizeof(float));
}

static void check(VulkanFixture *f, const Case *c)
{
    Data d = make_data(c);
    g_autofree float *row = g_new(float, c->n_in);
    multiply(f, c, &d);
    for (uint32_t r = 0; r < c->n_out; r++) {
        hr_dequantize(c->type, d.w + r * d.row_bytes, row, c->n_in);
        for (uint32_t i = 0; i < c->n_rows; i++) {
            double size, sum = expect(c, row, d.x + (size_t)i * c->n_in, d.factors, &size);
            size_t at = (size_t)i * c->n_out + r;
            double tolerance = 2 * TOLERANCE * size + 1e-6;
            g_assert_cmpfloat_with_epsilon(d.plain[at], 2 * sum, tolerance);
            g_assert_cmpfloat_with_epsilon(d.y[at], 2 * (sum * SCALE + d.bias[r]) + d.add[at],
                                           tolerance);
        }
    }
    for (size_t at = (size_t)c->n_rows * c->n_out; at < d.n_y; at++) /* nothing behind them */
        g_assert_cmpfloat(d.plain[at], ==, 0);
    free_data(&d);
}

/* They have no sums over subgroups, so one size of those says all; and they unpack as the others do,
 * so a type of each family does. */
static void check_tiles(VulkanFixture *f, HrType type)
{
    if (type != HR_TYPE_F32 && type != HR_TYPE_Q8_0 && type != HR_TYPE_Q4_K &&
        type != HR_TYPE_Q6_K && type != HR_TYPE_MXFP4)
        return;
    static const uint32_t rows[] = {0, 1, 17};
    uint32_t n_in = block_of(type) == HR_QKK ? 512 : 96, columns = 1u << type % 3;
    for (size_t i = 0; f->device.gpu.subgroup == 8 && i < G_N_ELEMENTS(rows); i++)
        check(f, &(Case){type, n_in, 67, rows[i], columns, false, true});
    if (block_of(type) == 1 && f->device.gpu.subgroup == 8)
        check(f, &(Case){type, 61, 7, 17, columns, false, true});
}

static void test_type(gconstpointer data)
{
    HrType type = *(const HrType *)data;
    static const uint32_t rows[] = {0, 1, 2, 3, 5, 17}, columns[] = {1, 1, 8, 8, 8, 8};
    bool super = block_of(type) == HR_QKK;
    VulkanFixture f;
    if (!vulkan_fixture_init(&f))
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        check(&f, &(Case){type, super ? 512 : 96, 37, rows[i], columns[i], false});
    check_tiles(&f, type);
    check(&f, &(Case){type, super ? 768 : 576, 1, 1, 1, false});
    check(&f, &(Case){type, super ? 256 : 32, 3, 1, 1, true});
    check(&f, &(Case){type, super ? 512 : 160, 5, 7, 8, true});
    if (block_of(type) == 1)
        check(&f, &(Case){type, 61, 7, 3, 4, true});
    vulkan_fixture_finish(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    bool all = g_strcmp0(g_getenv("LP_NATIVE_VECTOR_WIDTH"), "256") == 0 &&
               !g_getenv("HEADROOM_TEST_BRIEF");
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (!all && i % 5 != 0)
            continue; /* other subgroups add up the same, and sanitizers see the same: a few types show it */
        g_autofree char *path =
            g_strdup_printf("/vulkan/products/%s", hr_type_traits(types[i])->name);
        g_test_add_data_func(path, &types[i], test_type);
    }
    return g_test_run();
}
