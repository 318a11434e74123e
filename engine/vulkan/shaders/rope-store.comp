// rope-store.comp: a workgroup per head of a token: queries are turned in place, keys turned and put
// into the cache with their values.
//
// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "cache.glsl"
#include "turn.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 64;
layout(constant_id = 2) const bool TURNS_KEYS = false; // coarse caches do, see cpu/recode.c
layout(constant_id = 3) const bool TURNS_VALUES = false;
layout(constant_id = 4) const uint WIDTH = 64; // of the wider of both
layout(constant_id = 5) const bool LATENT = false; // values are the first numbers of keys
layout(constant_id = 6) const bool TURNS_REST = false; // of these keys

PARAMS(Counts counts; F32 q; F32 k; F32 v; F32 table; U32 positions; U32 slots; Pool pool;
       uint n_head; uint n_head_kv; uint n_rot; uint first; uint adjacent; uint turned; uint table_cols;)

shared float x[WIDTH];

void rotate(uint token)
{
    uint half_rot = p.n_rot / 2, apart = p.adjacent != 0 ? 1 : half_rot;
    for (uint i = gl_LocalInvocationIndex; i < half_rot; i += LOCAL) {
        uint at = p.first + i * (p.adjacent != 0 ? 2 : 1);
        float c = p.table.v[token * p.table_cols + i],
              s = p.table.v[token * p.table_cols + p.table_cols / 2 + i];
        float a = x[at], b = x[at + apart];
        x[at] = a * c - b * s;
        x[at + apart] = a * s + b * c;
    }
    barrier();
}

void store_byte(uint64_t at, int value)
{
    U8(at).v[0] = uint8_t(value & 255);
}

// A group of 32 from x[g] on: numbers to the bytes at + i * stride; returns the scale.
float round8(uint g, uint64_t at, uint stride)
{
    float most = 0;
    for (uint i = 0; i < 32; i++)
        most = max(most, abs(x[g + i]));
    float d = min(most / 127, 65504.0), inverse = d > 0 ? 1 / d : 0;
    for (uint i = 0; i < 32; i++)
        store_byte(at + i * stride, int(roundEven(clamp(x[g + i] * inverse, -127, 127))));
    return d;
}

int nibble(float value, float inverse)
{
    return int(clamp(value * inverse + 8.5, 0.0, 15.5));
}

// As hr_kv_round4: of a few steps the one that leaves the least squared error.
float round4(uint g, uint64_t at, uint stride)
{
    const float stretches[7] = { 8, 8.7, 7.3, 9.4, 10.2, 11, 12 };
    float most = 0, best_step = 0, best_gain = 0, inverse = 0;
    for (uint i = 0; i < 32; i++)
        most = abs(x[g + i]) > abs(most) ? x[g + i] : most;
    for (uint t = 0; most != 0 && t < 7; t++) {
        float products = 0, squares = 0, tried = -stretches[t] / most;
        for (uint i = 0; i < 32; i++) {
            float q = float(nibble(x[g + i], tried) - 8);
            products += x[g + i] * q;
            squares += q * q;
        }
        float gain = squares > 0 ? products * products / squares : 0;
        if (gain > best_gain) {
            best_gain = gain;
            best_step = products / squares;
            inverse = tried;
        }
    }
    for (uint i = 0; i < 16; i++)
        store_byte(at + i * stride, nibble(x[g + i], inverse) | nibble(x[g + i + 16], inverse) << 4);
    return best_step;
}

// x[0..n) to a block: number i lies at first + i * stride, the scale of its group at
// scales + (first_scale + group * scale_stride).
void store(uint64_t block, uint n, uint first, uint stride, uint first_scale, uint scale_stride)
{
    if (KV_TYPE == KV_F32 || KV_TYPE == KV_F16) {
        for (uint i = gl_LocalInvocationIndex; i < n; i += LOCAL) {
            if (KV_TYPE == KV_F32)
                F32(block).v[first + i * stride] = x[i];
            else
                U16(block).v[first + i * stride] = uint16_t(float_to_half(x[i]));
        }
        return;
    }
    bool eight = KV_TYPE == KV_Q8_0;
    uint64_t scales = block + (eight ? n : n / 2) * PAGE;
    for (uint g = gl_LocalInvocationIndex; g < n / 32; g += LOCAL) {
        uint64_t at = block + first + g * (eight ? 32 : 16) * stride;
        float d = eight ? round8(g * 32, at, stride) : round4(g * 32, at, stride);
        U16(scales).v[first_scale + g * scale_stride] = uint16_t(float_to_half(d));
    }
}

void load(uint64_t from, uint at, uint n)
{
    for (uint i = gl_LocalInvocationIndex; i < n; i += LOCAL)
        x[i] = F32(from).v[at + i];
    barrier();
}

void main()
{
    uint head = gl_WorkGroupID.x, token = gl_WorkGroupID.y, dk = p.pool.dk, dv = p.pool.dv;
    if (token >= p.counts.v[0])
        return;
    bool query = head < p.n_head;
    head -= query ? 0 : p.n_head;
    uint at = (token * (query ? p.n_head : p.n_head_kv) + head) * dk;
    load(uint64_t(query ? p.q : p.k), at, dk);
    if (p.turned != 0)
        rotate(token);
    if (LATENT) {
        if (TURNS_VALUES)
            TURN(x, 0, dv)
        if (TURNS_REST)
            TURN(x, dv, dk - dv)
    } else if (TURNS_KEYS)
        TURN(x, 0, dk)
    if (query) {
        for (uint i = gl_LocalInvocationIndex; i < dk; i += LOCAL)
            p.q.v[at + i] = x[i];
        return;
    }
    uint position = p.positions.v[token], j = position % PAGE;
    uint64_t page = page_at(p.pool, p.slots.v[token], position);
    store(key_block(p.pool, page, head), dk, j, PAGE, j, PAGE);
    if (LATENT)
        return;
    barrier();
    load(uint64_t(p.v), (token * p.n_head_kv + head) * dv, dv);
    if (TURNS_VALUES)
        TURN(x, 0, dv)
    store(value_block(p.pool, page, head), dv, j * (KV_TYPE == KV_Q4_0 ? dv / 2 : dv), 1, j * (dv / 32), 1);
}
