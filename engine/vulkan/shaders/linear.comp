// linear.comp: y = W x * scale + bias, times factor, capped, plus a residual: for few columns.
//
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A workgroup computes ROWS rows of W for COLUMNS columns: its lanes share out a row eight weights
// at a time, so that neighbours read neighbours, and add up at the end. Several matrices with the
// same input are parts of one dispatch. NORM: x is normalised on the way: the factors are applied
// to x and the length, which is of all of the row, divides the sum.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "blocks.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 64;
layout(constant_id = 2) const uint ROWS = 2;
layout(constant_id = 3) const uint COLUMNS = 1;
layout(constant_id = 4) const bool NORM = false;
layout(constant_id = 5) const bool RAGGED = false; // rows that are no multiple of eight long

#include "product.glsl"

const uint N = ROWS * COLUMNS, SUMS = NORM ? N + COLUMNS : N;
shared float of_subgroups[SUMS * (LOCAL / 4)];

// Leaves what the lanes of each subgroup add up to.
void add_up(float sums[SUMS])
{
    [[unroll]] for (uint i = 0; i < SUMS; i++) {
        float sum = subgroupAdd(sums[i]);
        if (subgroupElect())
            of_subgroups[i * gl_NumSubgroups + gl_SubgroupID] = sum;
    }
    barrier();
}

float total(uint i)
{
    float sum = 0;
    for (uint s = 0; s < gl_NumSubgroups; s++)
        sum += of_subgroups[i * gl_NumSubgroups + s];
    return sum;
}

void main()
{
    uint part = find_part(gl_WorkGroupID.x), lane = gl_LocalInvocationIndex;
    uint first_row = (gl_WorkGroupID.x - p.parts[part].first_group) * ROWS;
    uint first_column = gl_WorkGroupID.y * COLUMNS, n_columns = p.counts.v[p.rows_kind];
    uint n_out = p.parts[part].n_out;
    if (first_column >= n_columns)
        return;

    float sums[SUMS];
    [[unroll]] for (uint i = 0; i < SUMS; i++)
        sums[i] = 0;
    for (uint octet = lane; octet < (p.n_in + 7) / 8; octet += LOCAL) {
        float x[COLUMNS * 8];
        [[unroll]] for (uint c = 0; c < COLUMNS; c++) {
            uint at = min(first_column + c, n_columns - 1) * p.n_in;
            [[unroll]] for (uint i = 0; i < 8; i++) {
                float value = x_at(at, octet * 8 + i);
                if (NORM) {
                    sums[N + c] += value * value;
                    value *= RAGGED && octet * 8 + i >= p.n_in ? 0 : p.norm.v[octet * 8 + i];
                }
                x[c * 8 + i] = value;
            }
        }
        [[unroll]] for (uint r = 0; r < ROWS; r++) {
            float w[8];
            uint64_t row = min(first_row + r, n_out - 1);
            read_weights(p.parts[part].weight + row * p.parts[part].row_bytes, octet, p.n_in, w);
            [[unroll]] for (uint c = 0; c < COLUMNS; c++)
                [[unroll]] for (uint i = 0; i < 8; i++)
                    sums[r * COLUMNS + c] += w[i] * x[c * 8 + i];
        }
    }
    add_up(sums);
    for (uint i = lane; i < N; i += LOCAL) {
        uint row = first_row + i / COLUMNS, c = i % COLUMNS;
        if (row < n_out && first_column + c < n_columns)
            finish(part, row, first_column + c, NORM ? total(i) / sqrt(total(N + c) / float(p.n_in) + p.eps) : total(i));
    }
}
