// experts-gate.comp: up = what an expert makes of its gate and up, number by number (HrClamp).
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint ACTIVATION = 0;
layout(constant_id = 2) const bool GATED = true;
layout(constant_id = 3) const uint CLAMP = 0; // HrClamp
#include "activations.glsl"

const uint AFTER = 1, BEFORE = 2;
PARAMS(Counts counts; F32 gate; F32 up; uint rows_kind; uint cols; float limit;)

void main()
{
    uint n = p.counts.v[p.rows_kind] * p.cols, stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
    for (uint i = gl_GlobalInvocationID.x; i < n; i += stride) {
        float up = p.up.v[i], gate = GATED ? p.gate.v[i] : 0;
        if (CLAMP == BEFORE)
            gate = min(gate, p.limit);
        gate = activate(ACTIVATION, GATED ? gate : up);
        if (CLAMP == AFTER)
            gate = min(gate, p.limit);
        if (CLAMP != 0)
            up = clamp(up, -p.limit, p.limit) + (CLAMP == BEFORE ? 1 : 0);
        p.up.v[i] = GATED ? gate * up : gate;
    }
}
