// beyond.comp: a workgroup per row: y = what x has beyond its mean and so many deviations, else 0.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "sums.glsl"

PARAMS(Counts counts; F32 x; F32 y; uint rows_kind; uint cols; float deviations;)

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
    float cut = mean + p.deviations * sqrt(sum_all(squares) / float(p.cols));
    for (uint i = gl_LocalInvocationIndex; i < p.cols; i += LOCAL)
        p.y.v[at + i] = max(p.x.v[at + i] - cut, 0);
}
