// factors.comp: y = x times (or by) a factor for each width columns, plus add where there is one.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const bool DIVIDES = false;
layout(constant_id = 2) const bool ADDS = false;

PARAMS(Counts counts; F32 x; F32 factors; F32 add; F32 y; uint rows_kind; uint cols; uint width;)

void main()
{
    uint n = p.counts.v[p.rows_kind] * p.cols, stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
    for (uint i = gl_GlobalInvocationID.x; i < n; i += stride) {
        float factor = p.factors.v[i % p.cols / p.width];
        float y = DIVIDES ? p.x.v[i] / factor : p.x.v[i] * factor;
        p.y.v[i] = ADDS ? y + p.add.v[i] : y;
    }
}
