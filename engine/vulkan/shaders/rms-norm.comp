// rms-norm.comp: a workgroup per row: y = x / rms(x) * weight, where there is one, over width columns, the rest as it is.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "sums.glsl"

PARAMS(Counts counts; F32 x; uint64_t weight; F32 y; uint rows_kind; uint cols; uint width; float eps;)

void main()
{
    uint row = gl_WorkGroupID.x, at = row * p.cols;
    if (row >= p.counts.v[p.rows_kind])
        return;
    float squares = 0;
    for (uint i = gl_LocalInvocationIndex; i < p.width; i += LOCAL)
        squares += p.x.v[at + i] * p.x.v[at + i];
    float inverse = 1 / sqrt(sum_all(squares) / float(p.width) + p.eps);
    for (uint i = gl_LocalInvocationIndex; i < p.cols; i += LOCAL)
        p.y.v[at + i] = i >= p.width    ? p.x.v[at + i]
                        : p.weight != 0 ? p.x.v[at + i] * inverse * F32(p.weight).v[i]
                                        : p.x.v[at + i] * inverse;
}
