/* test-mixtures.c: which experts rows choose, and where their places lie, against the processor's
 * routes; what experts multiply, against sums in double.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tolerances: 1e-5 of a weight, by exp; 4e-6 of the sizes that a product adds, as in
 * test-products.c.
 */
#include "vulkan-fixture.h"

#include "cpu/route.h"
#include "vulkan/scratch.h"

#include <math.h>
#include <string.h>

#define ROWS 21 /* that a dispatch has room for */
#define TOLERANCE 1e-5

static HrVkAddress put(VulkanFixture *f, const void *data, size_t n)
{
    return vulkan_fixture_buffer(f, data, n * sizeof(float))->address;
}

typedef struct {
    uint32_t n, n_used, n_groups, n_groups_used, n_rows; /* n_rows: that are there */
    HrScores scores;
    bool biased, normalise, equal; /* equal: many logits are the same */
} Case;

typedef struct {
    HrVkBuffer *chosen, *weights, *place_of, *place_row, *place_weight, *tiles;
    HrVkRoutes at;
} Routes;

static Routes make_routes(VulkanFixture *f, const Case *c)
{
    size_t bytes = (size_t)ROWS * c->n_used * sizeof(uint32_t);
    Routes r = {.chosen = vulkan_fixture_buffer(f, NULL, bytes),
                .weights = vulkan_fixture_buffer(f, NULL, bytes),
                .place_of = vulkan_fixture_buffer(f, NULL, bytes),
                .place_row = vulkan_fixture_buffer(f, NULL, bytes),
                .place_weight = vulkan_fixture_buffer(f, NULL, bytes),
                .tiles = vulkan_fixture_buffer(f, NULL, 4 + 3 * bytes)};
    r.at = (HrVkRoutes){r.chosen->address,    r.weights->address,      r.place_of->address,
                        r.place_row->address, r.place_weight->address, r.tiles->address};
    return r;
}

static void route(VulkanFixture *f, const Case *c, const float *logits, const float *bias,
                  const Routes *r)
{
    const uint32_t counts[2] = {c->n_rows, 0};
    const HrVkRoute p = {.counts = put(f, counts, 2),
                         .logits = put(f, logits, (size_t)ROWS * c->n),
                         .bias = put(f, bias, c->n),
                         .routes = r->at,
                         .n_groups = c->n_groups,
                         .n_groups_used = c->n_groups_used,
                         .factor = 2.5f};
    bool alone = c->n_rows == 1;
    const HrVkVariant v = {HR_VK_ROUTE,
                           {64, c->n, c->n_used, c->scores, c->biased,
                            c->n_groups_used < c->n_groups, c->normalise, alone}};
    vulkan_fixture_dispatch(f, &v, &p, sizeof p, alone ? 1 : ROWS, 1);
    if (alone)
        return;
    const HrVkOrder order = {.counts = p.counts, .routes = r->at};
    const HrVkVariant orders = {HR_VK_ORDER, {256, c->n, c->n_used, HR_VK_TILE_PLACES}};
    vulkan_fixture_dispatch(f, &orders, &order, sizeof order, 1, 1);
}

static int compare_numbers(const void *a, const void *b)
{
    return *(const uint32_t *)a < *(const uint32_t *)b
               ? -1
               : *(const uint32_t *)a > *(const uint32_t *)b;
}

/* The processor's choice of a row, in the order of the experts' numbers. */
static void expect(const Case *c, const float *logits, const float *bias, uint32_t *ret_chosen,
                   float *ret_weights)
{
    const HrExperts experts = {.n = c->n,
                               .n_used = c->n_used,
                               .n_groups = c->n_groups,
                               .n_groups_used = c->n_groups_used};
    const HrRouting routing = {.scores = c->scores, .normalise = c->normalise, .factor = 2.5f};
    uint32_t chosen[64];
    float weights[64];
    hr_route(&experts, &routing, logits, c->biased ? bias : NULL, chosen, weights);
    memcpy(ret_chosen, chosen, c->n_used * sizeof *chosen);
    qsort(ret_chosen, c->n_used, sizeof *ret_chosen, compare_numbers);
    for (uint32_t k = 0; k < c->n_used; k++)
        for (uint32_t i = 0; i < c->n_used; i++)
            if (chosen[i] == ret_chosen[k])
                ret_weights[k] = weights[i];
}

static void check_rows(VulkanFixture *f, const Case *c, const float *logits, const float *bias,
                       const Routes *r, uint32_t *chosen)
{
    float weights[ROWS * 64], want_weights[64];
    uint32_t want[64];
    size_t n = (size_t)ROWS * c->n_used;
    vulkan_fixture_read(f, r->chosen, chosen, n * sizeof *chosen);
    vulkan_fixture_read(f, r->weights, weights, n * sizeof *weights);
    for (uint32_t row = 0; row < c->n_rows; row++) {
        expect(c, logits + (size_t)row * c->n, bias, want, want_weights);
        for (uint32_t k = 0; k < c->n_used; k++) {
            g_assert_cmpuint(chosen[row * c->n_used + k], ==, want[k]);
            g_assert_cmpfloat_with_epsilon(weights[row * c->n_used + k], want_weights[k],
                                           TOLERANCE * (1 + fabsf(want_weights[k])));
        }
    }
}

/* Every row's places are somewhere, each once, in tiles of their expert. */
static void check_places(VulkanFixture *f, const Case *c, const Routes *r, const uint32_t *chosen)
{
    uint32_t n = c->n_rows * c->n_used, place_of[ROWS * 64], place_row[ROWS * 64],
             tiles[1 + 3 * ROWS * 64], covered = 0;
    uint32_t expert_at[ROWS * 64];
    vulkan_fixture_read(f, r->place_of, place_of, ROWS * c->n_used * sizeof *place_of);
    vulkan_fixture_read(f, r->place_row, place_row, ROWS * c->n_used * sizeof *place_row);
    vulkan_fixture_read(f, r->tiles, tiles, (1 + 3 * ROWS * c->n_used) * sizeof *tiles);
    memset(expert_at, 0xff, sizeof expert_at);
    for (uint32_t t = 0; t < tiles[0]; t++) {
        const uint32_t *tile = tiles + 1 + 3 * t;
        g_assert_cmpuint(tile[2], >, 0);
        g_assert_cmpuint(tile[2], <=, HR_VK_TILE_PLACES);
        for (uint32_t i = 0; i < tile[2]; i++)
            expert_at[tile[1] + i] = tile[0];
        covered += tile[2];
    }
    g_assert_cmpuint(covered, ==, n);
    for (uint32_t i = 0; i < n; i++) {
        g_assert_cmpuint(place_of[i], <, n);
        g_assert_cmpuint(expert_at[place_of[i]], ==, chosen[i]);
        g_assert_cmpuint(place_row[place_of[i]], ==, i / c->n_used);
    }
}

static void check(const Case *c)
{
    VulkanFixture f;
    uint32_t chosen[ROWS * 64];
    if (!vulkan_fixture_init(&f))
        return;
    g_autofree float *logits = vulkan_fixture_numbers((size_t)ROWS * c->n, 1),
                     *bias = vulkan_fixture_numbers(c->n, 2);
    for (uint32_t i = 0; i < ROWS * c->n; i++)
        logits[i] = c->equal ? (float)(int)(logits[i] * 2) : logits[i] * 4;
    Routes r = make_routes(&f, c);
    route(&f, c, logits, bias, &r);
    check_rows(&f, c, logits, bias, &r, chosen);
    check_places(&f, c, &r, chosen);
    vulkan_fixture_finish(&f);
}

static void test_routes(void)
{
    static const Case cases[] = {
        {8, 2, 1, 1, ROWS, HR_SCORES_SOFTMAX, false, true, false},
        {128, 8, 1, 1, ROWS - 2, HR_SCORES_SOFTMAX, false, true, false},
        {60, 4, 1, 1, 1, HR_SCORES_SOFTMAX, false, false, false},
        {32, 4, 1, 1, ROWS, HR_SCORES_SOFTMAX_OF_CHOSEN, false, false, false},
        {16, 2, 1, 1, ROWS, HR_SCORES_SOFTMAX_OF_CLOSE, false, false, false},
        {256, 8, 8, 4, ROWS, HR_SCORES_SIGMOID, true, true, false},
        {64, 6, 8, 3, 2, HR_SCORES_SOFTMAX, false, false, false},
        {13, 13, 1, 1, 3, HR_SCORES_SIGMOID, true, false, false},
        {16, 4, 1, 1, ROWS, HR_SCORES_SIGMOID, false, true, true},
        {16, 4, 1, 1, 0, HR_SCORES_SOFTMAX, false, true, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        check(&cases[i]);
}

/* Two matrices of F32, of experts that a scale and a bias belong to, for places of odd number. */
static void test_products(void)
{
    enum { N_IN = 61, N_OUT = 7, N_EXPERTS = 3, N_PLACES = 10, TILES = 3 };
    static const uint32_t tiles[1 + 3 * TILES] = {TILES, 0, 0, 1, 2, 1, 8, 2, 9, 1};
    VulkanFixture f;
    uint32_t rows[N_PLACES];
    if (!vulkan_fixture_init(&f))
        return;
    g_autofree float *w = vulkan_fixture_numbers(N_IN * N_OUT * N_EXPERTS, 1),
                     *x = vulkan_fixture_numbers(N_IN * N_PLACES, 2),
                     *bias = vulkan_fixture_numbers(N_OUT * N_EXPERTS, 3),
                     *scale = vulkan_fixture_numbers(N_EXPERTS, 4),
                     *weights = vulkan_fixture_numbers(N_PLACES, 5),
                     *got = g_new(float, N_PLACES *N_OUT);
    for (uint32_t i = 0; i < N_PLACES; i++)
        rows[i] = N_PLACES - 1 - i;
    HrVkBuffer *y = vulkan_fixture_buffer(&f, NULL, N_PLACES * N_OUT * sizeof *got);
    HrVkExperts p = {.routes = {.place_row = put(&f, rows, N_PLACES),
                                .place_weight = put(&f, weights, N_PLACES),
                                .tiles = put(&f, tiles, G_N_ELEMENTS(tiles))},
                     .x = put(&f, x, N_IN * N_PLACES),
                     .n_parts = 1,
                     .n_in = N_IN,
                     .sharers = 1};
    p.parts[0] = (HrVkExpertPart){.weight = put(&f, w, N_IN * N_OUT * N_EXPERTS),
                                  .stride = N_IN * N_OUT * sizeof(float),
                                  .bias = put(&f, bias, N_OUT * N_EXPERTS),
                                  .scale = put(&f, scale, N_EXPERTS),
                                  .y = y->address,
                                  .n_out = N_OUT,
                                  .row_bytes = N_IN * sizeof(float),
                                  .bias_stride = N_OUT};
    const HrVkVariant v = {HR_VK_EXPERTS, {64, HR_TYPE_F32, 2, 8, true, true, true}};
    vulkan_fixture_dispatch(&f, &v, &p, sizeof p, (N_OUT + 1) / 2, TILES + 2);
    vulkan_fixture_read(&f, y, got, N_PLACES * N_OUT * sizeof *got);
    for (uint32_t t = 0; t < TILES; t++)
        for (uint32_t i = tiles[2 + 3 * t]; i < tiles[2 + 3 * t] + tiles[3 + 3 * t]; i++)
            for (uint32_t o = 0; o < N_OUT; o++) {
                uint32_t expert = tiles[1 + 3 * t];
                double sum = 0;
                for (uint32_t k = 0; k < N_IN; k++)
                    sum += (double)w[(expert * N_OUT + o) * N_IN + k] * x[rows[i] * N_IN + k];
                g_assert_cmpfloat_with_epsilon(got[i * N_OUT + o],
                                               sum * scale[expert] * weights[i] +
                                                   bias[expert * N_OUT + o],
                                               4e-6 * N_IN);
            }
    vulkan_fixture_finish(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vulkan/mixtures/routes", test_routes);
    g_test_add_func("/vulkan/mixtures/products", test_products);
    return g_test_run();
}
