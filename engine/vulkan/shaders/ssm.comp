// ssm.comp: a workgroup per head of a run: a state space with one decay per head and position (Mamba 2,
// Dao and Gu 2024). A lane has columns of the state, which do not meet.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "recurrence.glsl"
layout(constant_id = 1) const bool APART = false; // keys and queries are rows of their own: v, add

void main()
{
    uint head = gl_WorkGroupID.x, run = gl_WorkGroupID.y, width = p.head_dim;
    if (run >= p.counts.v[2])
        return;
    uint first = p.runs.v[2 * run], n = p.runs.v[2 * run + 1], group = head / (p.n_head / p.n_group);
    uint state = run * p.run_floats + head * p.n_state * width;
    float a = p.a.v[head], d = p.d.v[head], bias = p.dt_bias != 0 ? F32(p.dt_bias).v[head] : 0;
    for (uint i = gl_LocalInvocationIndex; i < width; i += LOCAL)
        for (uint t = first; t < first + n; t++) {
            uint row = t * p.x_cols, keys = row + p.n_head * width + group * p.n_state;
            float x = p.x.v[row + head * width + i], y = x * d,
                  dt = softplus(p.k.v[t * p.k_cols + head] + bias), decay = exp(dt * a), u = x * dt;
            for (uint s = 0; s < p.n_state; s++) {
                uint at = state + s * width + i;
                float b = APART ? p.v.v[t * p.v_cols + group * p.n_state + s] : p.x.v[keys + s];
                float c = APART ? p.add.v[t * p.add_cols + group * p.n_state + s]
                                : p.x.v[keys + p.n_group * p.n_state + s];
                float now = p.state.v[at] * decay + u * b;
                p.state.v[at] = now;
                y += now * c;
            }
            p.y.v[t * p.y_cols + head * width + i] = y;
        }
}
