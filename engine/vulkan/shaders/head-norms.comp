// head-norms.comp: a workgroup per head of a query's and a key's row: x = x / rms(x) * weight, in
// place, or CENTRED x = (x - mean) / deviation * weight. Factors are of one head, of each head in turn,
// or of the row.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "sums.glsl"
layout(constant_id = 1) const bool CENTRED = false;

PARAMS(Counts counts; F32 q; F32 k; F32 q_weight; F32 k_weight; uint q_cols; uint k_cols;
       uint q_width; uint k_width; uint q_weights; uint k_weights; float eps;)

void main()
{
    uint heads = p.q_cols / p.q_width, head = gl_WorkGroupID.x, row = gl_WorkGroupID.y;
    bool key = head >= heads;
    if (row >= p.counts.v[0])
        return;
    head -= key ? heads : 0;
    uint width = key ? p.k_width : p.q_width;
    uint at = row * (key ? p.k_cols : p.q_cols) + head * width;
    uint first = head * width % (key ? p.k_weights : p.q_weights);
    F32 x = key ? p.k : p.q;
    F32 weight = key ? p.k_weight : p.q_weight;
    float sum = 0, squares = 0;
    for (uint i = gl_LocalInvocationIndex; CENTRED && i < width; i += LOCAL)
        sum += x.v[at + i];
    float mean = CENTRED ? sum_all(sum) / float(width) : 0;
    for (uint i = gl_LocalInvocationIndex; i < width; i += LOCAL)
        squares += (x.v[at + i] - mean) * (x.v[at + i] - mean);
    float inverse = 1 / sqrt(sum_all(squares) / float(width) + p.eps);
    for (uint i = gl_LocalInvocationIndex; i < width; i += LOCAL)
        x.v[at + i] = (x.v[at + i] - mean) * inverse * weight.v[first + i];
}
