// selective.comp: a lane per channel of a run: a state space with a decay per channel and row of the
// state (Mamba, Gu and Dao 2023). States lie in blocks of 64 channels.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "recurrence.glsl"

const uint BLOCK = 64;

void main()
{
    uint first_channel = gl_WorkGroupID.x * BLOCK, run = gl_WorkGroupID.y, i = gl_LocalInvocationIndex,
         channel = first_channel + i, width = min(BLOCK, p.x_cols - first_channel);
    if (run >= p.counts.v[2] || channel >= p.x_cols)
        return;
    uint first = p.runs.v[2 * run], n = p.runs.v[2 * run + 1];
    uint state = run * p.run_floats + first_channel * p.n_state + i;
    for (uint t = first; t < first + n; t++) {
        float x = p.x.v[t * p.x_cols + channel], dt = softplus(p.k.v[t * p.k_cols + channel]), u = x * dt,
              y = x * p.d.v[channel];
        for (uint s = 0; s < p.n_state; s++) {
            float now = p.state.v[state + s * width] * exp(p.a.v[channel * p.n_state + s] * dt) +
                        u * p.v.v[t * p.v_cols + s];
            p.state.v[state + s * width] = now;
            y += now * p.add.v[t * p.add_cols + s];
        }
        p.y.v[t * p.y_cols + channel] = y;
    }
}
