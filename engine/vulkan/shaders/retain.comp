// retain.comp: a workgroup per head of a run: queries times a state that keys and values are added to
// and that each head forgets at a rate of its own (Lightning attention, Qin et al. 2024).
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "recurrence.glsl"

void main()
{
    uint head = gl_WorkGroupID.x, run = gl_WorkGroupID.y, width = p.head_dim;
    if (run >= p.counts.v[2])
        return;
    uint first = p.runs.v[2 * run], n = p.runs.v[2 * run + 1];
    uint state = run * p.run_floats + head * p.n_state * width;
    float decay = exp(-p.fading * exp2(-8 * float(head + 1) / float(p.n_head)));
    for (uint i = gl_LocalInvocationIndex; i < width; i += LOCAL)
        for (uint t = first; t < first + n; t++) {
            uint q = t * p.x_cols + head * (2 * p.n_state + width), k = q + p.n_state, v = k + p.n_state;
            float value = p.x.v[v + i], y = 0;
            for (uint s = 0; s < p.n_state; s++) {
                float now = p.state.v[state + s * width + i] * decay + value * p.x.v[k + s];
                p.state.v[state + s * width + i] = now;
                y += now * p.x.v[q + s];
            }
            p.y.v[t * p.y_cols + head * width + i] = y;
        }
}
