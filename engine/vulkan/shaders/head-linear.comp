// head-linear.comp: for each width columns of x, a head, what the head's matrix makes of the first
// n_in; then what x has beyond them.
//
// SPDX-License-Identifier: GPL-3.0-or-later
//
// As linear.comp: a workgroup computes ROWS rows of a head's W for COLUMNS rows of x.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "blocks.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 64;
layout(constant_id = 2) const uint ROWS = 2;
layout(constant_id = 3) const uint COLUMNS = 1;
layout(constant_id = 4) const bool RAGGED = false; // rows that are no multiple of eight long

PARAMS(Counts counts; F32 x; uint64_t weight; uint64_t stride; F32 y; uint rows_kind; uint n_in;
       uint n_out; uint row_bytes; uint x_cols; uint y_cols; uint width; uint groups;)

const uint N = ROWS * COLUMNS;
shared float of_subgroups[N * (LOCAL / 4)];

void copy_rest(uint head, uint first_column, uint n_columns)
{
    uint rest = p.width - p.n_in, out_width = p.n_out + rest, n = min(n_columns - first_column, COLUMNS);
    for (uint i = gl_LocalInvocationIndex; i < rest * n; i += LOCAL) {
        uint row = first_column + i / rest, c = i % rest;
        p.y.v[row * p.y_cols + head * out_width + p.n_out + c] =
            p.x.v[row * p.x_cols + head * p.width + p.n_in + c];
    }
}

void main()
{
    uint head = gl_WorkGroupID.x / p.groups, first_row = gl_WorkGroupID.x % p.groups * ROWS,
         lane = gl_LocalInvocationIndex;
    uint first_column = gl_WorkGroupID.y * COLUMNS, n_columns = p.counts.v[p.rows_kind];
    if (first_column >= n_columns)
        return;
    if (first_row == 0)
        copy_rest(head, first_column, n_columns);
    uint64_t matrix = p.weight + p.stride * head;
    float sums[N];
    [[unroll]] for (uint i = 0; i < N; i++)
        sums[i] = 0;
    for (uint octet = lane; octet < (p.n_in + 7) / 8; octet += LOCAL) {
        float x[COLUMNS * 8];
        [[unroll]] for (uint c = 0; c < COLUMNS; c++) {
            uint at = min(first_column + c, n_columns - 1) * p.x_cols + head * p.width + octet * 8;
            [[unroll]] for (uint i = 0; i < 8; i++)
                x[c * 8 + i] = RAGGED && octet * 8 + i >= p.n_in ? 0 : p.x.v[at + i];
        }
        [[unroll]] for (uint r = 0; r < ROWS; r++) {
            float w[8];
            uint64_t row = min(first_row + r, p.n_out - 1);
            read_weights(matrix + row * p.row_bytes, octet, p.n_in, w);
            [[unroll]] for (uint c = 0; c < COLUMNS; c++)
                [[unroll]] for (uint i = 0; i < 8; i++)
                    sums[r * COLUMNS + c] += w[i] * x[c * 8 + i];
        }
    }
    [[unroll]] for (uint i = 0; i < N; i++) {
        float sum = subgroupAdd(sums[i]);
        if (subgroupElect())
            of_subgroups[i * gl_NumSubgroups + gl_SubgroupID] = sum;
    }
    barrier();
    for (uint i = lane; i < N; i += LOCAL) {
        uint row = first_row + i / COLUMNS, c = i % COLUMNS;
        float y = 0;
        for (uint s = 0; s < gl_NumSubgroups; s++)
            y += of_subgroups[i * gl_NumSubgroups + s];
        if (row < p.n_out && first_column + c < n_columns)
            p.y.v[(first_column + c) * p.y_cols + head * (p.n_out + p.width - p.n_in) + row] = y;
    }
}
