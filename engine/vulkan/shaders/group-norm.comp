// group-norm.comp: a workgroup per group of a row: y = x / rms(x) * weight, where there is one, which is of
// one group or of the row.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "sums.glsl"

PARAMS(Counts counts; F32 x; uint64_t weight; F32 y; uint rows_kind; uint cols; uint width; uint n_weights; float eps;)

void main()
{
    uint row = gl_WorkGroupID.y, first = gl_WorkGroupID.x * p.width, at = row * p.cols + first;
    if (row >= p.counts.v[p.rows_kind])
        return;
    float squares = 0;
    for (uint i = gl_LocalInvocationIndex; i < p.width; i += LOCAL)
        squares += p.x.v[at + i] * p.x.v[at + i];
    float inverse = 1 / sqrt(sum_all(squares) / float(p.width) + p.eps);
    for (uint i = gl_LocalInvocationIndex; i < p.width; i += LOCAL)
        p.y.v[at + i] = p.x.v[at + i] * inverse *
                        (p.weight != 0 ? F32(p.weight).v[(first + i) % p.n_weights] : 1);
}
