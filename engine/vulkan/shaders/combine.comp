// combine.comp: y = x * factor, plus add where there is one, number by number.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const bool ADDS = true;

PARAMS(Counts counts; F32 x; F32 add; F32 y; uint rows_kind; uint cols; float factor;)

void main()
{
    uint n = p.counts.v[p.rows_kind] * p.cols, stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
    for (uint i = gl_GlobalInvocationID.x; i < n; i += stride)
        p.y.v[i] = ADDS ? p.x.v[i] * p.factor + p.add.v[i] : p.x.v[i] * p.factor;
}
