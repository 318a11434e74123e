// match.comp: a workgroup per stream of width columns of a row: y = x made as long as model's is.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "sums.glsl"

PARAMS(Counts counts; F32 x; F32 model; F32 y; uint rows_kind; uint cols; uint model_cols; uint width;)

const float SMALLEST_SQUARE = 1e-5; // as the processor has it

float mean_square(uint64_t x, uint at)
{
    float squares = 0;
    for (uint i = gl_LocalInvocationIndex; i < p.width; i += LOCAL)
        squares += F32(x).v[at + i] * F32(x).v[at + i];
    return sum_all(squares) / float(p.width);
}

void main()
{
    uint row = gl_WorkGroupID.y, at = row * p.cols + gl_WorkGroupID.x * p.width;
    if (row >= p.counts.v[p.rows_kind])
        return;
    float wanted = mean_square(uint64_t(p.model), row * p.model_cols);
    float factor = sqrt(wanted / max(mean_square(uint64_t(p.x), at), SMALLEST_SQUARE));
    for (uint i = gl_LocalInvocationIndex; i < p.width; i += LOCAL)
        p.y.v[at + i] = p.x.v[at + i] * factor;
}
