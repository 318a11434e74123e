// pick.comp: of each stride columns of x the width that begin at first, side by side in y from column at
// on; behind each, where there are some, the columns of shared from shared_first on, which all have.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
layout(local_size_x_id = 0) in;

PARAMS(Counts counts; F32 x; F32 shared_row; F32 y; uint rows_kind; uint x_cols; uint y_cols; uint at;
       uint stride; uint first; uint width; uint shared_cols; uint shared_first;)

void main()
{
    uint n_shared = p.shared_cols - p.shared_first, out_width = p.width + n_shared;
    uint per_row = p.x_cols / p.stride * out_width, n = p.counts.v[p.rows_kind] * per_row;
    for (uint i = gl_GlobalInvocationID.x; i < n; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        uint row = i / per_row, c = i % per_row, group = c / out_width, k = c % out_width;
        p.y.v[row * p.y_cols + p.at + c] =
            k < p.width ? p.x.v[row * p.x_cols + group * p.stride + p.first + k]
                        : p.shared_row.v[row * p.shared_cols + p.shared_first + k - p.width];
    }
}
