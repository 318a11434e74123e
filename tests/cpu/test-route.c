/* test-route.c: which experts a row goes to, and in what order rows are computed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/route.h"

#include <math.h>

#define N 8

static const float logits[N] = {0.5f, -1, 2, 0.25f, 1.5f, -3, 1.75f, 0};

static HrExperts eight(uint32_t n_used)
{
    return (HrExperts){.n = N, .n_used = n_used, .n_groups = 1, .n_groups_used = 1};
}

static void assert_close(float a, double b)
{
    g_assert_cmpfloat_with_epsilon(a, b, 1e-6);
}

static void test_softmax(void)
{
    HrExperts x = eight(3);
    HrRouting routing = {.scores = HR_SCORES_SOFTMAX, .factor = 1};
    uint32_t chosen[3];
    float weights[3];
    double sum = 0, best = exp(2) + exp(1.75) + exp(1.5);
    for (int i = 0; i < N; i++)
        sum += exp(logits[i]);
    hr_route(&x, &routing, logits, NULL, chosen, weights);
    g_assert_cmpuint(chosen[0], ==, 2);
    g_assert_cmpuint(chosen[1], ==, 6);
    g_assert_cmpuint(chosen[2], ==, 4);
    assert_close(weights[0], exp(2) / sum);
    assert_close(weights[2], exp(1.5) / sum);
    routing.normalise = true;
    routing.factor = 2.5f;
    hr_route(&x, &routing, logits, NULL, chosen, weights);
    assert_close(weights[0], 2.5 * exp(2) / best);
    routing = (HrRouting){.scores = HR_SCORES_SOFTMAX_OF_CHOSEN, .factor = 1};
    hr_route(&x, &routing, logits, NULL, chosen, weights);
    assert_close(weights[1], exp(1.75) / best);
}

/* A bias moves the choice and not the weight. */
static void test_bias(void)
{
    static const float bias[N] = {0, 0, -1, 0, 0, 10, 0, 0};
    HrExperts x = eight(2);
    HrRouting routing = {.scores = HR_SCORES_SIGMOID, .factor = 1};
    uint32_t chosen[2];
    float weights[2];
    hr_route(&x, &routing, logits, bias, chosen, weights);
    g_assert_cmpuint(chosen[0], ==, 5);
    g_assert_cmpuint(chosen[1], ==, 6);
    assert_close(weights[0], 1 / (1 + exp(3)));
    assert_close(weights[1], 1 / (1 + exp(-1.75)));
}

/* Pairs of experts: 0.5 -1 | 2 0.25 | 1.5 -3 | 1.75 0. By the best of each the second and the
 * fourth group win; by the sum of the two sigmoids the fourth and the second, then the first. */
static void test_groups(void)
{
    HrExperts x = {.n = N, .n_used = 2, .n_groups = 4, .n_groups_used = 1};
    HrRouting routing = {.scores = HR_SCORES_SOFTMAX, .factor = 1};
    static const float one_good[N] = {3, -9, 2, 2, 0, 0, 0, 0};
    uint32_t chosen[2];
    float weights[2];
    hr_route(&x, &routing, one_good, NULL, chosen, weights);
    g_assert_cmpuint(chosen[0], ==, 0);
    g_assert_cmpuint(chosen[1], ==, 1);
    routing.scores = HR_SCORES_SIGMOID;
    hr_route(&x, &routing, one_good, NULL, chosen, weights);
    g_assert_cmpuint(chosen[0], ==, 2);
    g_assert_cmpuint(chosen[1], ==, 3);
    x.n_groups_used = 2;
    hr_route(&x, &routing, one_good, NULL, chosen, weights);
    g_assert_cmpuint(chosen[0], ==, 2); /* 0 is in the third best group */
    g_assert_cmpuint(chosen[1], ==, 3);
}

/* What is no number chooses experts all the same, each once. */
static void test_nonsense(void)
{
    static const float values[] = {NAN, INFINITY, -INFINITY};
    HrExperts x = {.n = N, .n_used = 4, .n_groups = 2, .n_groups_used = 1};
    for (size_t v = 0; v < G_N_ELEMENTS(values); v++)
        for (int scores = HR_SCORES_SOFTMAX; scores <= HR_SCORES_SOFTMAX_OF_CHOSEN; scores++) {
            HrRouting routing = {.scores = (HrScores)scores, .normalise = true, .factor = 1};
            float row[N], weights[4];
            uint32_t chosen[4], seen = 0;
            for (int i = 0; i < N; i++)
                row[i] = values[v];
            hr_route(&x, &routing, row, NULL, chosen, weights);
            for (int k = 0; k < 4; k++) {
                g_assert_cmpuint(chosen[k], <, N);
                g_assert_cmpuint(seen >> chosen[k] & 1, ==, 0);
                seen |= 1u << chosen[k];
            }
        }
}

/* Rows 0 to 3 at experts 5 2, 2 7, 5 7, 2 0. */
static void test_order(void)
{
    static const uint32_t chosen[] = {5, 2, 2, 7, 5, 7, 2, 0}, rows[] = {3, 0, 1, 3, 0, 2, 1, 2},
                          from[] = {7, 1, 2, 6, 0, 4, 3, 5};
    static const HrExpertRun runs[] = {{0, 0, 1}, {2, 1, 3}, {5, 4, 2}, {7, 6, 2}};
    HrExperts x = eight(2);
    g_autofree void *memory = g_malloc(hr_routes_bytes(&x, 4));
    HrRoutes r = hr_routes_at(&x, 4, memory);
    g_assert_cmpuint(r.n_places, ==, 8);
    for (uint32_t i = 0; i < 8; i++) {
        r.chosen[i] = chosen[i];
        r.weights[i] = (float)i;
    }
    hr_routes_order(&r, N);
    g_assert_cmpuint(*r.n_runs, ==, G_N_ELEMENTS(runs));
    g_assert_cmpmem(r.runs, sizeof runs, runs, sizeof runs);
    g_assert_cmpmem(r.row, sizeof rows, rows, sizeof rows);
    for (uint32_t i = 0; i < 8; i++)
        g_assert_cmpfloat(r.weight[i], ==, (float)from[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/route/softmax", test_softmax);
    g_test_add_func("/route/bias", test_bias);
    g_test_add_func("/route/groups", test_groups);
    g_test_add_func("/route/nonsense", test_nonsense);
    g_test_add_func("/route/order", test_order);
    return g_test_run();
}
