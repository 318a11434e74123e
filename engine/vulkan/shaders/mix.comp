// mix.comp: width columns are a stream: each of y = that of add and, from stream first on, the sum of x's
// streams, each times factor plus a number of factors [streams of y][streams of x], where there are such.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const bool FACTORS = false;

PARAMS(Counts counts; F32 x; F32 factors; F32 add; F32 y; uint rows_kind; uint width; uint n_in;
       uint n_out; uint first; uint add_cols; float factor;)

void main()
{
    uint cols = p.n_out * p.width, n = p.counts.v[p.rows_kind] * cols;
    for (uint i = gl_GlobalInvocationID.x; i < n; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        uint row = i / cols, stream = i % cols / p.width, c = i % p.width;
        float y = p.add.v[row * p.add_cols + i % cols];
        for (uint s = 0; s < p.n_in && stream >= p.first; s++)
            y += p.x.v[(row * p.n_in + s) * p.width + c] *
                 (p.factor + (FACTORS ? p.factors.v[(row * p.n_out + stream) * p.n_in + s] : 0));
        p.y.v[i] = y;
    }
}
