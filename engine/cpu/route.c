/* route.c: see route.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/route.h"

#include <math.h>
#include <string.h>

/* Weights are not divided by less than this: the smallest normal number of the half floats that
 * routers are trained in. */
#define MIN_WEIGHT_SUM 6.103515625e-5f

/* ---- Scores ---- */

/* Factor 1 / sum of e^(x - max) and the maximum, over n logits. */
static float softmax_factor(const float *x, uint32_t n, float *ret_max)
{
    float max = -INFINITY, sum = 0;
    for (uint32_t i = 0; i < n; i++)
        max = fmaxf(max, x[i]);
    for (uint32_t i = 0; i < n; i++)
        sum += expf(x[i] - max);
    *ret_max = max;
    return 1 / sum;
}

static float sigmoid(float x)
{
    return 1 / (1 + expf(-x));
}

static void score(HrScores scores, const float *logits, uint32_t n, float *ret)
{
    float max, factor = scores == HR_SCORES_SOFTMAX ? softmax_factor(logits, n, &max) : 0;
    for (uint32_t i = 0; i < n; i++)
        ret[i] = scores == HR_SCORES_SOFTMAX   ? expf(logits[i] - max) * factor
                 : scores == HR_SCORES_SIGMOID ? sigmoid(logits[i])
                                               : logits[i];
}

/* ---- Choosing ---- */

/* The best n_best of n whose taken flag is clear, best first; sets their flags. */
static void take_best(const float *values, uint32_t n, bool *taken, uint32_t n_best, uint32_t *ret)
{
    for (uint32_t k = 0; k < n_best; k++) {
        uint32_t best = UINT32_MAX;
        for (uint32_t i = 0; i < n; i++)
            if (!taken[i] && (best == UINT32_MAX || values[i] > values[best]))
                best = i;
        taken[best] = true;
        ret[k] = best;
    }
}

/* A group is worth its best expert where scores are a softmax (DeepSeek-V2, section 2.2.2), else
 * its two best together (DeepSeek-V3, section 2.1.2). */
static float group_value(HrScores scores, const float *values, uint32_t n)
{
    float first = -INFINITY, second = -INFINITY;
    for (uint32_t i = 0; i < n; i++) {
        second = fmaxf(second, fminf(first, values[i]));
        first = fmaxf(first, values[i]);
    }
    return scores == HR_SCORES_SOFTMAX || n == 1 ? first : first + second;
}

/* Sets the flags of all experts outside of the best groups. */
static void leave_out_groups(const HrExperts *x, HrScores scores, const float *values, bool *taken)
{
    float worth[HR_MAX_EXPERTS];
    uint32_t best[HR_MAX_EXPERTS], width = x->n / x->n_groups;
    bool group_taken[HR_MAX_EXPERTS] = {false};
    for (uint32_t g = 0; g < x->n_groups; g++)
        worth[g] = group_value(scores, values + g * width, width);
    take_best(worth, x->n_groups, group_taken, x->n_groups_used, best);
    for (uint32_t i = 0; i < x->n; i++)
        taken[i] = !group_taken[i / width];
}

/* ---- Weights ---- */

static void soften(float *x, uint32_t n)
{
    float max, factor = softmax_factor(x, n, &max);
    for (uint32_t i = 0; i < n; i++)
        x[i] = expf(x[i] - max) * factor;
}

static void normalise(float *weights, uint32_t n)
{
    float sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += weights[i];
    for (uint32_t i = 0; i < n; i++)
        weights[i] /= fmaxf(sum, MIN_WEIGHT_SUM);
}

/* How much less than the best, as a part of the larger of both, still counts as close. */
#define CLOSE 0.02f

/* SparseMixer (Liu et al. 2024), as Phi-3.5-MoE answers: the weight of an expert is its share among
 * those close to it that were not chosen before it. */
static void weigh_among_close(const float *logits, uint32_t n, const uint32_t *chosen,
                              uint32_t n_chosen, float *ret_weights)
{
    for (uint32_t k = 0; k < n_chosen; k++) {
        float best = logits[chosen[k]], sum = 0;
        for (uint32_t i = 0; i < n; i++) {
            bool before = false;
            for (uint32_t j = 0; j < k; j++)
                before |= chosen[j] == i;
            if (!before && !((best - logits[i]) / fmaxf(fabsf(logits[i]), best) > CLOSE))
                sum += expf(logits[i] - best);
        }
        ret_weights[k] = 1 / sum;
    }
}

void hr_route(const HrExperts *x, const HrRouting *routing, const float *logits, const float *bias,
              uint32_t *ret_chosen, float *ret_weights)
{
    float scores[HR_MAX_EXPERTS], values[HR_MAX_EXPERTS];
    bool taken[HR_MAX_EXPERTS] = {false}, groups = x->n_groups_used < x->n_groups;
    score(routing->scores, logits, x->n, scores);
    /* Where scores have the order of the logits, these choose: scores that are equal after rounding
     * may not be before. */
    for (uint32_t i = 0; i < x->n; i++)
        values[i] = bias ? scores[i] + bias[i] : groups ? scores[i] : logits[i];
    if (groups)
        leave_out_groups(x, routing->scores, values, taken);
    take_best(values, x->n, taken, x->n_used, ret_chosen);
    for (uint32_t k = 0; k < x->n_used; k++)
        ret_weights[k] = scores[ret_chosen[k]];
    if (routing->scores == HR_SCORES_SOFTMAX_OF_CLOSE)
        weigh_among_close(logits, x->n, ret_chosen, x->n_used, ret_weights);
    if (routing->scores == HR_SCORES_SOFTMAX_OF_CHOSEN)
        soften(ret_weights, x->n_used);
    if (routing->normalise)
        normalise(ret_weights, x->n_used);
    for (uint32_t k = 0; k < x->n_used; k++)
        ret_weights[k] *= routing->factor;
}

/* ---- Ordering ---- */

static uint32_t max_runs(const HrExperts *x, uint32_t n_rows)
{
    return (uint32_t)MIN(x->n, (uint64_t)n_rows * x->n_used);
}

size_t hr_routes_bytes(const HrExperts *x, uint32_t n_rows)
{
    size_t n_places = (size_t)n_rows * x->n_used;
    size_t bytes =
        max_runs(x, n_rows) * sizeof(HrExpertRun) + (4 * n_places + x->n + 1) * sizeof(uint32_t);
    return (bytes + 63) / 64 * 64;
}

HrRoutes hr_routes_at(const HrExperts *x, uint32_t n_rows, void *memory)
{
    HrRoutes routes = {.n_rows = n_rows,
                       .n_used = x->n_used,
                       .n_places = n_rows * x->n_used,
                       .runs = memory};
    routes.n_runs = (uint32_t *)(routes.runs + max_runs(x, n_rows));
    routes.row = routes.n_runs + 1;
    routes.chosen = routes.row + routes.n_places;
    routes.counts = routes.chosen + routes.n_places;
    routes.weight = (float *)(routes.counts + x->n);
    routes.weights = routes.weight + routes.n_places;
    return routes;
}

/* Counts become the first place of each expert, and runs. */
static void find_runs(HrRoutes *r, uint32_t n_experts)
{
    uint32_t first = 0;
    *r->n_runs = 0;
    for (uint32_t e = 0; e < n_experts; e++) {
        uint32_t n = r->counts[e];
        r->counts[e] = first;
        if (n > 0)
            r->runs[(*r->n_runs)++] = (HrExpertRun){e, first, n};
        first += n;
    }
}

void hr_routes_order(HrRoutes *r, uint32_t n_experts)
{
    memset(r->counts, 0, n_experts * sizeof *r->counts);
    for (uint32_t i = 0; i < r->n_places; i++)
        r->counts[r->chosen[i]]++;
    find_runs(r, n_experts);
    for (uint32_t i = 0; i < r->n_places; i++) {
        uint32_t place = r->counts[r->chosen[i]]++;
        r->row[place] = i / r->n_used;
        r->weight[place] = r->weights[i];
    }
}
