// mean-rows.comp: y[i] = the mean of the rows of x that are of the text of row rows[i].
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
layout(local_size_x_id = 0) in;

PARAMS(Counts counts; U32 rows; U32 texts; F32 x; F32 y; uint cols;)

void main()
{
    uint column = gl_GlobalInvocationID.x, row = gl_WorkGroupID.y;
    if (column >= p.cols || row >= p.counts.v[1])
        return;
    uint token = p.rows.v[row], text = p.texts.v[2 * token], n = p.texts.v[2 * token + 1];
    float sum = 0;
    for (uint t = text; t < text + n; t++)
        sum += p.x.v[t * p.cols + column];
    p.y.v[row * p.cols + column] = sum / float(n);
}
