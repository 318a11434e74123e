// clamp.comp: x between -limit and limit, in place.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
layout(local_size_x_id = 0) in;

PARAMS(Counts counts; F32 x; uint rows_kind; uint cols; float limit;)

void main()
{
    uint n = p.counts.v[p.rows_kind] * p.cols, stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
    for (uint i = gl_GlobalInvocationID.x; i < n; i += stride)
        p.x.v[i] = clamp(p.x.v[i], -p.limit, p.limit);
}
