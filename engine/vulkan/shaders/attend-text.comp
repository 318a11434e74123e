// attend-text.comp: y = softmax(q . K^T * scale) V over the text of a token, or positions at most
// reach away, whose keys and values are rows of the step.
//
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A workgroup has 64 lanes and does a query head of a token. Scores: a lane per position. Values: a
// lane per column.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "sums.glsl"
layout(constant_id = 1) const uint DK = 64;
layout(constant_id = 2) const uint DV = 64;
layout(constant_id = 3) const uint V_LANES = 1; // columns of a lane

const float LOWEST = -1e30;

PARAMS(Counts counts; F32 q; F32 k; F32 v; F32 y; U32 texts; uint n_head; uint n_head_kv; uint reach;
       float scale; uint alibi_heads; float alibi_step;)

shared float query[DK], weights[LOCAL];

float slope_of(uint head)
{
    uint n = p.alibi_heads;
    return n == 0 ? 0 : exp2(-p.alibi_step * (head < n ? float(head + 1) : float(head - n) + 0.5));
}

void main()
{
    uint lane = gl_LocalInvocationIndex, head = gl_WorkGroupID.x, token = gl_WorkGroupID.y;
    if (token >= p.counts.v[0])
        return;
    uint text = p.texts.v[2 * token], n = p.texts.v[2 * token + 1], at = token - text,
         kv_head = head / (p.n_head / p.n_head_kv);
    uint first = at > p.reach ? at - p.reach : 0, end = min(n, at + p.reach + 1);
    float slope = slope_of(head), most = LOWEST, sum = 0, acc[V_LANES];
    for (uint d = lane; d < DK; d += LOCAL)
        query[d] = p.q.v[(token * p.n_head + head) * DK + d] * p.scale;
    [[unroll]] for (uint c = 0; c < V_LANES; c++)
        acc[c] = 0;
    barrier();
    for (uint start = first; start < end; start += LOCAL) {
        uint j = start + lane;
        float score = 0;
        for (uint d = 0; d < DK && j < end; d++)
            score += query[d] * p.k.v[((text + j) * p.n_head_kv + kv_head) * DK + d];
        score = j < end ? score - slope * abs(float(int(at) - int(j))) : LOWEST;
        float now = max(most, max_all(score)), fade = exp(most - now), weight = j < end ? exp(score - now) : 0;
        most = now;
        sum = sum * fade + weight;
        weights[lane] = weight;
        barrier();
        uint here = min(end - start, LOCAL);
        [[unroll]] for (uint c = 0; c < V_LANES; c++) {
            uint d = lane + c * LOCAL;
            acc[c] *= fade;
            for (uint i = 0; i < here && d < DV; i++)
                acc[c] += weights[i] * p.v.v[((text + start + i) * p.n_head_kv + kv_head) * DV + d];
        }
        barrier();
    }
    sum = sum_all(sum);
    [[unroll]] for (uint c = 0; c < V_LANES; c++)
        if (lane + c * LOCAL < DV)
            p.y.v[(token * p.n_head + head) * DV + lane + c * LOCAL] = acc[c] / sum;
}
