// attention.comp: y = softmax(q . K^T * scale) V over the pages of a slot, with a running softmax
// (Milakov and Gimelshein 2018).
//
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A workgroup has 64 lanes and does Q_ROWS query heads that share a key head, of one token: keys
// and values are read once for all of them. Scores: a lane per position of the page, as the cache
// lies dimension by dimension. Values: a lane per column.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "cache.glsl"
#include "turn.glsl"
layout(local_size_x = 64) in;
layout(constant_id = 2) const uint Q_ROWS = 1;
layout(constant_id = 3) const uint DK = 64;
layout(constant_id = 4) const uint DV = 64;
layout(constant_id = 5) const bool TURNS_VALUES = false;
layout(constant_id = 6) const uint V_LANES = 1; // columns of a lane: DV / 64, rounded up
layout(constant_id = 7) const uint WIDTH = 64;  // of the wider of both
layout(constant_id = 8) const bool LATENT = false; // values are the first DV numbers of keys

const uint LOCAL = 64;
const float LOWEST = -1e30; // for scores: nothing was seen yet

PARAMS(Counts counts; F32 q; F32 y; uint64_t sinks; U32 positions; U32 seen; U32 slots;
       Pool pool; uint64_t tempers; uint n_head; uint group; uint pieces; uint window; uint chunked;
       float scale; float cap; uint alibi_heads; float alibi_step;)

shared float rows[Q_ROWS * WIDTH]; // queries, in the end results
shared float weights[Q_ROWS * PAGE];
shared float of_subgroups[Q_ROWS * 16];

float key_at(uint64_t block, uint d, uint j)
{
    if (KV_TYPE == KV_F32)
        return F32(block).v[d * PAGE + j];
    if (KV_TYPE == KV_F16)
        return half_to_float(uint(U16(block).v[d * PAGE + j]));
    if (KV_TYPE == KV_Q8_0)
        return half_to_float(uint(U16(block + DK * PAGE).v[d / 32 * PAGE + j])) *
               float(int(uint(U8(block).v[d * PAGE + j]) << 24) >> 24);
    uint pair = uint(U8(block).v[(d / 32 * 16 + d % 16) * PAGE + j]);
    return half_to_float(uint(U16(block + DK / 2 * PAGE).v[d / 32 * PAGE + j])) *
           float(int(d % 32 < 16 ? pair & 15u : pair >> 4) - 8);
}

float value_at(uint64_t block, uint j, uint d)
{
    if (LATENT)
        return key_at(block, d, j);
    if (KV_TYPE == KV_F32)
        return F32(block).v[j * DV + d];
    if (KV_TYPE == KV_F16)
        return half_to_float(uint(U16(block).v[j * DV + d]));
    if (KV_TYPE == KV_Q8_0)
        return half_to_float(uint(U16(block + DV * PAGE).v[j * (DV / 32) + d / 32])) *
               float(int(uint(U8(block).v[j * DV + d]) << 24) >> 24);
    uint pair = uint(U8(block).v[j * (DV / 2) + d / 32 * 16 + d % 16]);
    return half_to_float(uint(U16(block + DV / 2 * PAGE).v[j * (DV / 32) + d / 32])) *
           float(int(d % 32 < 16 ? pair & 15u : pair >> 4) - 8);
}

// most[r] = the largest of all lanes' scores[r].
void find_most(float scores[Q_ROWS], out float most[Q_ROWS])
{
    [[unroll]] for (uint r = 0; r < Q_ROWS; r++) {
        float m = subgroupMax(scores[r]);
        if (subgroupElect())
            of_subgroups[r * 16 + gl_SubgroupID] = m;
    }
    barrier();
    [[unroll]] for (uint r = 0; r < Q_ROWS; r++) {
        most[r] = of_subgroups[r * 16];
        for (uint i = 1; i < gl_NumSubgroups; i++)
            most[r] = max(most[r], of_subgroups[r * 16 + i]);
    }
}

// The sum of all lanes' numbers.
float sum_lanes(float x)
{
    x = subgroupAdd(x);
    barrier();
    if (subgroupElect())
        of_subgroups[gl_SubgroupID] = x;
    barrier();
    float sum = 0;
    for (uint i = 0; i < gl_NumSubgroups; i++)
        sum += of_subgroups[i];
    return sum;
}

void score(uint64_t block, out float scores[Q_ROWS])
{
    [[unroll]] for (uint r = 0; r < Q_ROWS; r++)
        scores[r] = 0;
    for (uint d = 0; d < DK; d++) {
        float k = key_at(block, d, gl_LocalInvocationIndex);
        [[unroll]] for (uint r = 0; r < Q_ROWS; r++)
            scores[r] += rows[r * WIDTH + d] * k;
    }
    [[unroll]] for (uint r = 0; r < Q_ROWS && p.cap > 0; r++)
        scores[r] = p.cap * (1 - 2 / (exp(2 * scores[r] / p.cap) + 1));
}

// How much a score is lowered for each position between (Press et al. 2021); see hr_alibi_slope.
float slope_of(uint q_head)
{
    uint n = p.alibi_heads;
    return n == 0 ? 0 : exp2(-p.alibi_step * (q_head < n ? float(q_head + 1) : float(q_head - n) + 0.5));
}

void main()
{
    uint lane = gl_LocalInvocationIndex, token = gl_WorkGroupID.y;
    uint head = gl_WorkGroupID.x / p.pieces, piece = gl_WorkGroupID.x % p.pieces;
    if (token >= p.counts.v[0])
        return;
    uint first_q = head * p.group + piece * Q_ROWS, n_rows = min(Q_ROWS, p.group - piece * Q_ROWS);
    uint position = p.positions.v[token], seen = p.seen.v[token], slot = p.slots.v[token];
    uint first = p.window == 0 || position < p.window ? 0
                 : p.chunked != 0                     ? position / p.window * p.window
                                                      : position - p.window + 1;
    float scale = p.tempers != 0 ? p.scale * F32(p.tempers).v[token] : p.scale;
    for (uint i = lane; i < Q_ROWS * DK; i += LOCAL) {
        uint r = i / DK, d = i % DK;
        rows[r * WIDTH + d] = r < n_rows ? p.q.v[(token * p.n_head + first_q + r) * DK + d] * scale : 0;
    }
    float most[Q_ROWS], sums[Q_ROWS], acc[Q_ROWS * V_LANES];
    [[unroll]] for (uint r = 0; r < Q_ROWS; r++) {
        bool sinks = p.sinks != 0 && r < n_rows;
        most[r] = sinks ? F32(p.sinks).v[first_q + r] : LOWEST;
        sums[r] = sinks && lane == 0 ? 1 : 0;
        [[unroll]] for (uint c = 0; c < V_LANES; c++)
            acc[r * V_LANES + c] = 0;
    }
    barrier();

    for (uint start = first / PAGE * PAGE; start < seen; start += PAGE) {
        uint64_t page = page_at(p.pool, slot, start);
        bool valid = start + lane >= first && start + lane < seen;
        float scores[Q_ROWS], highest[Q_ROWS];
        score(key_block(p.pool, page, head), scores);
        [[unroll]] for (uint r = 0; r < Q_ROWS; r++)
            scores[r] = valid ? scores[r] - slope_of(first_q + r) * abs(float(int(position) - int(start + lane)))
                              : LOWEST;
        find_most(scores, highest);
        [[unroll]] for (uint r = 0; r < Q_ROWS; r++) {
            float now = max(most[r], highest[r]), fade = exp(most[r] - now);
            float weight = valid ? exp(scores[r] - now) : 0;
            most[r] = now;
            sums[r] = sums[r] * fade + weight;
            weights[r * PAGE + lane] = weight;
            [[unroll]] for (uint c = 0; c < V_LANES; c++)
                acc[r * V_LANES + c] *= fade;
        }
        barrier();
        uint64_t values = LATENT ? key_block(p.pool, page, head) : value_block(p.pool, page, head);
        uint end = min(seen - start, PAGE);
        for (uint j = first > start ? first - start : 0; j < end; j++)
            [[unroll]] for (uint c = 0; c < V_LANES; c++) {
                uint d = lane + c * LOCAL;
                float v = d < DV ? value_at(values, j, d) : 0;
                [[unroll]] for (uint r = 0; r < Q_ROWS; r++)
                    acc[r * V_LANES + c] += weights[r * PAGE + j] * v;
            }
        barrier();
    }

    [[unroll]] for (uint r = 0; r < Q_ROWS; r++) {
        float sum = sum_lanes(sums[r]);
        [[unroll]] for (uint c = 0; c < V_LANES; c++)
            if (lane + c * LOCAL < DV)
                rows[r * WIDTH + lane + c * LOCAL] = acc[r * V_LANES + c] / sum;
    }
    barrier();
    if (TURNS_VALUES)
        for (uint r = 0; r < Q_ROWS; r++)
            TURN(rows, r * WIDTH, DV)
    for (uint i = lane; i < n_rows * DV; i += LOCAL)
        p.y.v[(token * p.n_head + first_q) * DV + i] = rows[i / DV * WIDTH + i % DV];
}
