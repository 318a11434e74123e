// delta-rule.comp: a workgroup per head of a run: the gated delta rule (Yang et al. 2024): what the
// state already says of a key is taken off its value. A lane has columns of the state.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "recurrence.glsl"
layout(constant_id = 1) const uint N_STATE = 64;

shared float query[N_STATE], key[N_STATE], decays[N_STATE], squares[2];

// Lengths of the query and key that begin at q and k; two lanes do it, in the order of the numbers.
void find_lengths(uint q, uint k)
{
    uint lane = gl_LocalInvocationIndex;
    if (lane < 2) {
        float sum = 0;
        for (uint s = 0; s < N_STATE; s++) {
            float x = p.x.v[(lane == 0 ? q : k) + s];
            sum += x * x;
        }
        squares[lane] = sum;
    }
    barrier();
}

float decay_of(uint token, uint head, uint s)
{
    uint n = p.k_cols / p.n_head, i = n == 1 ? 0 : s;
    float time = p.k.v[token * p.k_cols + head * n + i] + F32(p.dt_bias).v[head * n + i], a = p.a.v[head];
    return exp(p.bound < 0 ? p.bound * sigmoid(time * a) : softplus(time) * a);
}

void load(uint token, uint head, uint group)
{
    uint q = token * p.x_cols + group * N_STATE, k = q + p.n_group * N_STATE;
    find_lengths(q, k);
    float of_query = 1 / sqrt(float(N_STATE)) / max(sqrt(squares[0]), p.eps),
          of_key = 1 / max(sqrt(squares[1]), p.eps);
    for (uint s = gl_LocalInvocationIndex; s < N_STATE; s += LOCAL) {
        query[s] = p.x.v[q + s] * of_query;
        key[s] = p.x.v[k + s] * of_key;
        decays[s] = decay_of(token, head, s);
    }
    barrier();
}

void main()
{
    uint head = gl_WorkGroupID.x, run = gl_WorkGroupID.y, width = p.head_dim;
    if (run >= p.counts.v[2])
        return;
    uint first = p.runs.v[2 * run], n = p.runs.v[2 * run + 1];
    uint group = p.tiled != 0 ? head % p.n_group : head / (p.n_head / p.n_group);
    uint state = run * p.run_floats + head * N_STATE * width, values = 2 * p.n_group * N_STATE + head * width;
    for (uint t = first; t < first + n; t++) {
        float rate = sigmoid(p.v.v[t * p.v_cols + head]);
        load(t, head, group);
        for (uint i = gl_LocalInvocationIndex; i < width; i += LOCAL) {
            float error = 0, y = 0;
            for (uint s = 0; s < N_STATE; s++) {
                float now = p.state.v[state + s * width + i] * decays[s];
                p.state.v[state + s * width + i] = now;
                error += now * key[s];
            }
            error = (p.x.v[t * p.x_cols + values + i] - error) * rate;
            for (uint s = 0; s < N_STATE; s++) {
                float now = p.state.v[state + s * width + i] + error * key[s];
                p.state.v[state + s * width + i] = now;
                y += now * query[s];
            }
            p.y.v[t * p.y_cols + head * width + i] = y;
        }
        barrier();
    }
}
