// xielu.comp: y = xIELU (x), number by number (Huang and Schlag 2025).
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
layout(local_size_x_id = 0) in;

PARAMS(Counts counts; F32 x; F32 y; uint rows_kind; uint cols; float alpha_p; float alpha_n; float beta; float eps;)

void main()
{
    uint n = p.counts.v[p.rows_kind] * p.cols, stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
    for (uint i = gl_GlobalInvocationID.x; i < n; i += stride) {
        float x = p.x.v[i];
        p.y.v[i] = p.beta * x + (x > 0 ? p.alpha_p * x * x : p.alpha_n * (exp(min(x, p.eps)) - 1 - x));
    }
}
