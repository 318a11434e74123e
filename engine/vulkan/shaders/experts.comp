// experts.comp: y = W x * scale + bias with the matrix of the expert that a tile of places is of.
//
// SPDX-License-Identifier: GPL-3.0-or-later
//
// As linear.comp: a workgroup computes ROWS rows of W for the up to COLUMNS places of a tile.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "blocks.glsl"
#include "routes.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 64;
layout(constant_id = 2) const uint ROWS = 2;
layout(constant_id = 3) const uint COLUMNS = 1;
layout(constant_id = 4) const bool BY_ROW = false; // x has a row per token, not per place
layout(constant_id = 5) const bool WEIGHS = false; // by what places count
layout(constant_id = 6) const bool RAGGED = false; // rows that are no multiple of eight long

struct Part {
    uint64_t weight, stride, bias, scale, y; // of the first expert; bytes to the next one's
    uint n_out, row_bytes, first_group, bias_stride;
};
PARAMS(Routes routes; F32 x; Part parts[2]; uint n_parts; uint n_in; uint sharers;)

const uint N = ROWS * COLUMNS;
shared float of_subgroups[N * (LOCAL / 4)];

float x_at(uint row, uint e)
{
    return RAGGED && e >= p.n_in ? 0 : p.x.v[row * p.n_in + e];
}

void main()
{
    uint part = p.n_parts > 1 && gl_WorkGroupID.x >= p.parts[1].first_group ? 1 : 0, lane = gl_LocalInvocationIndex;
    uint tile = gl_WorkGroupID.y, first_row = (gl_WorkGroupID.x - p.parts[part].first_group) * ROWS;
    uint n_out = p.parts[part].n_out;
    if (tile >= p.routes.tiles.v[0])
        return;
    uint expert = p.routes.tiles.v[1 + 3 * tile] / p.sharers, first = p.routes.tiles.v[2 + 3 * tile],
         n_columns = p.routes.tiles.v[3 + 3 * tile];
    uint64_t matrix = p.parts[part].weight + p.parts[part].stride * expert;
    uint rows[COLUMNS];
    [[unroll]] for (uint c = 0; c < COLUMNS; c++) {
        uint place = first + min(c, n_columns - 1);
        rows[c] = BY_ROW ? p.routes.place_row.v[place] : place;
    }
    float sums[N];
    [[unroll]] for (uint i = 0; i < N; i++)
        sums[i] = 0;
    for (uint octet = lane; octet < (p.n_in + 7) / 8; octet += LOCAL) {
        float x[COLUMNS * 8];
        [[unroll]] for (uint c = 0; c < COLUMNS; c++)
            [[unroll]] for (uint i = 0; i < 8; i++)
                x[c * 8 + i] = x_at(rows[c], octet * 8 + i);
        [[unroll]] for (uint r = 0; r < ROWS; r++) {
            float w[8];
            uint64_t row = min(first_row + r, n_out - 1);
            read_weights(matrix + row * p.parts[part].row_bytes, octet, p.n_in, w);
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
        if (row >= n_out || c >= n_columns)
            continue;
        if (p.parts[part].scale != 0)
            y *= F32(p.parts[part].scale).v[expert];
        if (WEIGHS)
            y *= p.routes.place_weight.v[first + c];
        if (p.parts[part].bias != 0)
            y += F32(p.parts[part].bias).v[expert * p.parts[part].bias_stride + row];
        F32(p.parts[part].y).v[(first + c) * n_out + row] = y;
    }
}
