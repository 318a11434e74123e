// short-conv.comp: a lane per channel of a run: y = out_gate * act(the channel's own weighted sum of
// its last few inputs x * in_gate); gates where there are some.
//
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The inputs before a run are in the state, oldest first, [WIDTH - 1][channels].
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint WIDTH = 4;
layout(constant_id = 2) const bool SILU = false;

PARAMS(Counts counts; U32 runs; F32 x; uint64_t in_gate; uint64_t out_gate; F32 kernel; uint64_t bias;
       F32 y; F32 state; uint channels; uint run_floats;)

void main()
{
    uint channel = gl_GlobalInvocationID.x, run = gl_WorkGroupID.y;
    if (run >= p.counts.v[2] || channel >= p.channels)
        return;
    uint first = p.runs.v[2 * run], n = p.runs.v[2 * run + 1], state = run * p.run_floats + channel;
    float w[WIDTH], past[WIDTH];
    [[unroll]] for (uint k = 0; k < WIDTH; k++) {
        w[k] = p.kernel.v[channel * WIDTH + k];
        past[k] = k + 1 < WIDTH ? p.state.v[state + k * p.channels] : 0;
    }
    for (uint t = first; t < first + n; t++) {
        uint at = t * p.channels + channel;
        past[WIDTH - 1] = p.in_gate != 0 ? p.x.v[at] * F32(p.in_gate).v[at] : p.x.v[at];
        float y = p.bias != 0 ? F32(p.bias).v[channel] : 0;
        [[unroll]] for (uint k = 0; k < WIDTH; k++)
            y += w[k] * past[k];
        y = SILU ? y / (1 + exp(-y)) : y;
        p.y.v[at] = p.out_gate != 0 ? y * F32(p.out_gate).v[at] : y;
        [[unroll]] for (uint k = 0; k + 1 < WIDTH; k++)
            past[k] = past[k + 1];
    }
    [[unroll]] for (uint k = 0; k + 1 < WIDTH; k++)
        p.state.v[state + k * p.channels] = past[k];
}
