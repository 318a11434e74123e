// experts-sum.comp: y = what the experts of a row answer, each times its weight, plus add where
// there is one, in the order of the experts' numbers.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "routes.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const bool ADDS = false;
layout(constant_id = 2) const bool WEIGHED = false; // before

PARAMS(Counts counts; Routes routes; F32 answers; F32 add; F32 y; uint rows_kind; uint cols; uint n_used;)

void main()
{
    uint n = p.counts.v[p.rows_kind] * p.cols, stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
    for (uint i = gl_GlobalInvocationID.x; i < n; i += stride) {
        uint row = i / p.cols, c = i % p.cols;
        float y = ADDS ? p.add.v[i] : 0;
        for (uint k = row * p.n_used; k < (row + 1) * p.n_used; k++)
            y += p.answers.v[p.routes.place_of.v[k] * p.cols + c] * (WEIGHED ? 1 : p.routes.weights.v[k]);
        p.y.v[i] = y;
    }
}
