// route.comp: a workgroup per row chooses the experts with the best logits, as cpu/route.c.
//
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Of equals the first is taken, whatever the logits are. ALONE: there is one row, whose places are
// tiles; else order.comp finds them.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "routes.glsl"
#include "sums.glsl"
layout(constant_id = 1) const uint N = 8;
layout(constant_id = 2) const uint N_USED = 2;
layout(constant_id = 3) const uint SCORES = 1; // HrScores
layout(constant_id = 4) const bool BIASED = false;
layout(constant_id = 5) const bool GROUPS = false;
layout(constant_id = 6) const bool NORMALISE = false;
layout(constant_id = 7) const bool ALONE = false;

const uint SOFTMAX = 1, SIGMOID = 2, OF_CHOSEN = 3, OF_CLOSE = 4, NONE = 0xffffffffu;
const float MIN_WEIGHT_SUM = 6.103515625e-5, CLOSE = 0.02; // as the processor has them

PARAMS(Counts counts; F32 logits; F32 bias; Routes routes; uint rows_kind; uint n_groups;
       uint n_groups_used; float factor;)

shared float scores[N], values[N], worth[GROUPS ? N : 1];
shared uint taken[N], chosen[N_USED], of_lane[LOCAL];
shared float weights[N_USED], value_of_lane[LOCAL];

void find_scores(uint at)
{
    float top = -3.4e38, sum = 0;
    for (uint i = gl_LocalInvocationIndex; i < N; i += LOCAL)
        top = max(top, p.logits.v[at + i]);
    top = max_all(top);
    for (uint i = gl_LocalInvocationIndex; i < N; i += LOCAL)
        sum += exp(p.logits.v[at + i] - top);
    sum = sum_all(sum);
    for (uint i = gl_LocalInvocationIndex; i < N; i += LOCAL) {
        float x = p.logits.v[at + i];
        scores[i] = SCORES == SOFTMAX ? exp(x - top) * (1 / sum) : SCORES == SIGMOID ? 1 / (1 + exp(-x)) : x;
        values[i] = BIASED ? scores[i] + p.bias.v[i] : GROUPS ? scores[i] : x;
        taken[i] = GROUPS ? 1 : 0;
    }
    barrier();
}

// A group that is kept has its experts' flags clear.
void keep_best_groups()
{
    uint width = N / p.n_groups;
    for (uint g = gl_LocalInvocationIndex; g < p.n_groups; g += LOCAL) {
        float first = -3.4e38, second = -3.4e38;
        for (uint i = g * width; i < (g + 1) * width; i++) {
            second = max(second, min(first, values[i]));
            first = max(first, values[i]);
        }
        worth[g] = SCORES == SOFTMAX || width == 1 ? first : first + second;
    }
    barrier();
    for (uint k = 0; k < p.n_groups_used && gl_LocalInvocationIndex == 0; k++) {
        uint best = NONE;
        for (uint g = 0; g < p.n_groups; g++)
            if (taken[g * width] != 0 && (best == NONE || worth[g] > worth[best]))
                best = g;
        for (uint i = 0; i < width && best != NONE; i++)
            taken[best * width + i] = 0;
    }
    barrier();
}

void choose(uint k)
{
    uint lane = gl_LocalInvocationIndex, mine = NONE;
    for (uint i = lane; i < N; i += LOCAL)
        if (taken[i] == 0 && (mine == NONE || values[i] > values[mine]))
            mine = i;
    of_lane[lane] = mine;
    value_of_lane[lane] = mine == NONE ? 0 : values[mine];
    barrier();
    if (lane == 0) {
        uint best = NONE;
        float most = 0;
        for (uint l = 0; l < LOCAL; l++) {
            uint i = of_lane[l];
            float value = value_of_lane[l];
            if (i != NONE && (best == NONE || value > most || value == most && i < best)) {
                best = i;
                most = value;
            }
        }
        best = best == NONE ? 0 : best;
        taken[best] = 1;
        chosen[k] = best;
        weights[k] = scores[best];
    }
    barrier();
}

// The share of each among those close to it that were not chosen before it.
void weigh_among_close(uint at)
{
    for (uint k = 0; k < N_USED; k++) {
        float best = p.logits.v[at + chosen[k]], sum = 0;
        for (uint i = gl_LocalInvocationIndex; i < N; i += LOCAL) {
            float x = p.logits.v[at + i];
            bool before = false;
            for (uint j = 0; j < k; j++)
                before = before || chosen[j] == i;
            if (!before && !((best - x) / max(abs(x), best) > CLOSE))
                sum += exp(x - best);
        }
        sum = sum_all(sum);
        if (gl_LocalInvocationIndex == 0)
            weights[k] = 1 / sum;
    }
}

void finish_weights()
{
    float top = weights[0], sum = 0;
    for (uint k = 1; k < N_USED; k++)
        top = max(top, weights[k]);
    for (uint k = 0; k < N_USED && SCORES == OF_CHOSEN; k++)
        sum += exp(weights[k] - top);
    for (uint k = 0; k < N_USED && SCORES == OF_CHOSEN; k++)
        weights[k] = exp(weights[k] - top) * (1 / sum);
    sum = 0;
    for (uint k = 0; k < N_USED; k++)
        sum += weights[k];
    for (uint k = 0; k < N_USED; k++)
        weights[k] = (NORMALISE ? weights[k] / max(sum, MIN_WEIGHT_SUM) : weights[k]) * p.factor;
}

// Answers are added in the order of the experts' numbers.
void sort()
{
    for (uint k = 1; k < N_USED; k++) {
        uint expert = chosen[k], at = k;
        float weight = weights[k];
        for (; at > 0 && chosen[at - 1] > expert; at--) {
            chosen[at] = chosen[at - 1];
            weights[at] = weights[at - 1];
        }
        chosen[at] = expert;
        weights[at] = weight;
    }
}

void main()
{
    uint row = gl_WorkGroupID.x, lane = gl_LocalInvocationIndex;
    if (row >= p.counts.v[p.rows_kind])
        return;
    find_scores(row * N);
    if (GROUPS)
        keep_best_groups();
    for (uint k = 0; k < N_USED; k++)
        choose(k);
    if (SCORES == OF_CLOSE)
        weigh_among_close(row * N);
    if (lane == 0) {
        finish_weights();
        sort();
    }
    barrier();
    for (uint k = lane; k < N_USED; k += LOCAL) {
        p.routes.chosen.v[row * N_USED + k] = chosen[k];
        p.routes.weights.v[row * N_USED + k] = weights[k];
        if (ALONE) {
            p.routes.place_of.v[k] = k;
            p.routes.place_row.v[k] = 0;
            p.routes.place_weight.v[k] = weights[k];
            p.routes.tiles.v[1 + 3 * k] = chosen[k];
            p.routes.tiles.v[2 + 3 * k] = k;
            p.routes.tiles.v[3 + 3 * k] = 1;
        }
    }
    if (ALONE && lane == 0)
        p.routes.tiles.v[0] = N_USED;
}
