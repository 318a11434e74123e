// output-rows.comp: y[i] = x[rows[i]].
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
layout(local_size_x_id = 0) in;

PARAMS(Counts counts; U32 rows; F32 x; F32 y; uint cols;)

void main()
{
    uint column = gl_GlobalInvocationID.x, row = gl_WorkGroupID.y;
    if (column < p.cols && row < p.counts.v[1])
        p.y.v[row * p.cols + column] = p.x.v[p.rows.v[row] * p.cols + column];
}
