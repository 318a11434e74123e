// layer-norm.comp: a workgroup per row: y = (x - mean) / deviation * weight + bias, where there are such.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "sums.glsl"

PARAMS(Counts counts; F32 x; uint64_t weight; uint64_t bias; F32 y; uint rows_kind; uint cols; float eps;)

void main()
{
    uint row = gl_WorkGroupID.x, at = row * p.cols;
    if (row >= p.counts.v[p.rows_kind])
        return;
    float sum = 0, squares = 0;
    for (uint i = gl_LocalInvocationIndex; i < p.cols; i += LOCAL)
        sum += p.x.v[at + i];
    float mean = sum_all(sum) / float(p.cols);
    for (uint i = gl_LocalInvocationIndex; i < p.cols; i += LOCAL)
        squares += (p.x.v[at + i] - mean) * (p.x.v[at + i] - mean);
    float inverse = 1 / sqrt(sum_all(squares) / float(p.cols) + p.eps);
    for (uint i = gl_LocalInvocationIndex; i < p.cols; i += LOCAL) {
        float y = (p.x.v[at + i] - mean) * inverse;
        y *= p.weight != 0 ? F32(p.weight).v[i] : 1;
        p.y.v[at + i] = y + (p.bias != 0 ? F32(p.bias).v[i] : 0);
    }
}
