// activate.comp: y = activation(gate) * up, number by number; without up: activation(gate). One gate
// may stand for width neighbours of up.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint ACTIVATION = 0;
layout(constant_id = 2) const bool GATED = true;
#include "activations.glsl"

PARAMS(Counts counts; F32 gate; F32 up; F32 y; uint rows_kind; uint cols; uint width;)

void main()
{
    uint n = p.counts.v[p.rows_kind] * p.cols, stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
    for (uint i = gl_GlobalInvocationID.x; i < n; i += stride) {
        float y = activate(ACTIVATION, p.gate.v[i / p.width]);
        p.y.v[i] = GATED ? y * p.up.v[i] : y;
    }
}
