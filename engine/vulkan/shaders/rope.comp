// rope.comp: a workgroup per head of a token: queries and keys turned in place.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 64;

PARAMS(Counts counts; F32 q; F32 k; F32 table; uint n_q; uint n_k; uint width; uint n_rot; uint first;
       uint adjacent; uint table_cols;)

void main()
{
    uint head = gl_WorkGroupID.x, token = gl_WorkGroupID.y, half_rot = p.n_rot / 2;
    if (token >= p.counts.v[0])
        return;
    bool key = head >= p.n_q;
    F32 x = key ? p.k : p.q;
    uint begin = key ? (token * p.n_k + head - p.n_q) * p.width : (token * p.n_q + head) * p.width;
    uint apart = p.adjacent != 0 ? 1 : half_rot, step = p.adjacent != 0 ? 2 : 1;
    for (uint i = gl_LocalInvocationIndex; i < half_rot; i += LOCAL) {
        uint at = begin + p.first + i * step;
        float c = p.table.v[token * p.table_cols + i],
              s = p.table.v[token * p.table_cols + p.table_cols / 2 + i];
        float a = x.v[at], b = x.v[at + apart];
        x.v[at] = a * c - b * s;
        x.v[at + apart] = a * s + b * c;
    }
}
