// linear-tile.comp: as linear.comp, for many columns: a workgroup of 16 x 16 lanes computes 64 rows of W
// for 16 * COLUMNS columns.
//
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Sixteen numbers of each row and column at a time are unpacked into shared memory, where every lane
// finds those of its four rows and COLUMNS columns. A sum is one lane's, in the order of the row.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "blocks.glsl"
layout(local_size_x = 256) in;
layout(constant_id = 2) const uint COLUMNS = 4; // of a lane
layout(constant_id = 3) const bool RAGGED = false;
#include "product.glsl"

const uint M = 64, K = 16, N = 16 * COLUMNS, R = 4; // rows, depth, columns; rows of a lane
shared float weights[K * M], inputs[K * N];

void load_weights(uint part, uint first_row, uint first_octet, uint lane)
{
    uint r = lane % M, o = lane / M, octet = first_octet + o;
    float w[8];
    [[unroll]] for (uint i = 0; i < 8; i++)
        w[i] = 0;
    if (octet * 8 < p.n_in) {
        uint64_t row = min(first_row + r, p.parts[part].n_out - 1);
        read_weights(p.parts[part].weight + row * p.parts[part].row_bytes, octet, p.n_in, w);
    }
    [[unroll]] for (uint i = 0; i < 8; i++)
        weights[(o * 8 + i) * M + r] = w[i];
}

void load_inputs(uint first_column, uint n_columns, uint first_octet, uint lane)
{
    for (uint j = lane; j < 2 * N; j += 128) {
        uint c = j % N, o = j / N, octet = first_octet + o, at = min(first_column + c, n_columns - 1) * p.n_in;
        [[unroll]] for (uint i = 0; i < 8; i++)
            inputs[(o * 8 + i) * N + c] = octet * 8 < p.n_in ? x_at(at, octet * 8 + i) : 0;
    }
}

void main()
{
    uint part = find_part(gl_WorkGroupID.x), lane = gl_LocalInvocationIndex;
    uint first_row = (gl_WorkGroupID.x - p.parts[part].first_group) * M;
    uint first_column = gl_WorkGroupID.y * N, n_columns = p.counts.v[p.rows_kind];
    if (first_column >= n_columns)
        return;
    uint row = lane / 16 * R, column = lane % 16 * COLUMNS;
    float sums[R * COLUMNS];
    [[unroll]] for (uint i = 0; i < R * COLUMNS; i++)
        sums[i] = 0;
    for (uint octet = 0; octet * 8 < p.n_in; octet += K / 8) {
        if (lane < 128)
            load_weights(part, first_row, octet, lane);
        else
            load_inputs(first_column, n_columns, octet, lane - 128);
        barrier();
        for (uint k = 0; k < K; k++)
            [[unroll]] for (uint r = 0; r < R; r++)
                [[unroll]] for (uint c = 0; c < COLUMNS; c++)
                    sums[r * COLUMNS + c] += weights[k * M + row + r] * inputs[k * N + column + c];
        barrier();
    }
    [[unroll]] for (uint r = 0; r < R; r++)
        [[unroll]] for (uint c = 0; c < COLUMNS; c++)
            if (first_row + row + r < p.parts[part].n_out && first_column + column + c < n_columns)
                finish(part, first_row + row + r, first_column + column + c, sums[r * COLUMNS + c]);
}
