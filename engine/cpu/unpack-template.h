/* unpack-template.h: blocks of LANES weight rows to a panel, for any vector width.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Owns the reading of every quantised type for the integer kernels; dequantize.c says the same in plain C. Include
 * it once, after one of the lanes headers. Where rows lie as in the file, bytes of all rows are loaded 16 at a time
 * and transposed in dwords, so that lane r holds row r; in panels (panels.h) they lie like that. From there on all
 * rows are decoded at once. Nothing outside the blocks is read: they may end where the mapped file ends.
 */
#pragma once

#include "cpu/blocks.h"
#include "cpu/panels.h"

/* How weights of a type lie in a panel. */
typedef struct {
    uint16_t group;    /* columns that share a scale: 16 or 32 */
    bool has_min;      /* w = scale * q - min; otherwise w = scale * (q - raised) */
    uint16_t raised;
    uint16_t block, block_bytes;
    /* n blocks of each of LANES rows to q (lane r: 4 columns of row r), scale and min (one per group). Rows that lie as
     * in the file are stride bytes apart. */
    void (*unpack)(const uint8_t *blocks, size_t stride, size_t n, V *q, F *scale, F *min);
    /* The same of the lanes from lane on of a panel. */
    void (*unpack_panel)(const uint8_t *tiles, size_t lane, size_t n, V *q, F *scale, F *min);
} Unpacker;

/* ---- A block of each of LANES rows, whichever way they lie ---- */

/* in_panel and odd are constants of the code. */
typedef struct {
    bool in_panel;
    HrOdd odd;            /* bytes of a block that are no dwords */
    const uint8_t *p;     /* the first row's block; in a panel the first lane's first dword */
    size_t stride;        /* between rows */
    const uint8_t *p_odd; /* in a panel: the first lane's odd bytes */
} Blocks;

/* The lanes from lane on of a tile. */
HR_INLINE Blocks tile_blocks(const uint8_t *tile, size_t lane, HrOdd odd, size_t block_bytes)
{
    return (Blocks){.in_panel = true,
                    .odd = odd,
                    .p = tile + lane * 4,
                    .p_odd = tile + (block_bytes - odd.bytes) * HR_PANEL_ROWS + lane * odd.bytes};
}

HR_INLINE const uint8_t *dwords_at(Blocks b, size_t offset)
{
    const size_t first = b.odd.first ? b.odd.bytes : 0;
    return b.p + (offset - first) * HR_PANEL_ROWS;
}

/* The dword at offset of each block. */
HR_INLINE V load_4(Blocks b, size_t offset)
{
    return b.in_panel ? v_load(dwords_at(b, offset)) : load_dwords(b.p + offset, b.stride);
}

/* The 16 bytes at offset: t[i] are their i-th dwords. */
HR_INLINE void load_16(Blocks b, size_t offset, V t[4])
{
    if (!b.in_panel) {
        load_16_bytes(b.p + offset, b.stride, t);
        return;
    }
    HR_UNROLL(4)
    for (size_t i = 0; i < 4; i++)
        t[i] = v_load(dwords_at(b, offset + 4 * i));
}

/* The half of each block that is no part of a dword: its first or its last two bytes, at offset. */
HR_INLINE F load_half(Blocks b, size_t offset)
{
    if (b.in_panel)
        return f_load_halves(b.p_odd);
    return f_from_low_halves(offset == 0 ? load_dwords(b.p, b.stride) : v_right(load_dwords(b.p + offset - 2, b.stride), 16));
}

/* Likewise a first byte. */
HR_INLINE V load_byte(Blocks b)
{
    return b.in_panel ? v_load_bytes(b.p_odd) : v_and(load_dwords(b.p, b.stride), v_set_32(255));
}

/* ---- Small pieces ---- */

HR_INLINE V low_nibbles(V v)
{
    return v_and(v, v_set_8(15));
}

HR_INLINE V high_nibbles(V v)
{
    return low_nibbles(v_right(v, 4));
}

/* v << by, where a negative by shifts to the right. */
HR_INLINE V shifted(V v, int by)
{
    return by >= 0 ? v_left(v, by) : v_right(v, -by);
}

/* base | (v << by & mask) for bytes. */
HR_INLINE V or_bits(V base, V v, int by, int mask)
{
    return v_or_masked(base, shifted(v, by), v_set_8(mask));
}

HR_INLINE V raised(V v, int by)
{
    return by == 0 ? v : v_add_8(v, v_set_8(by));
}

HR_INLINE F f_from_high_halves(V v)
{
    return f_from_low_halves(v_right(v, 16));
}

/* Byte i of each dword, as a float. */
HR_INLINE F unsigned_byte(V v, int i)
{
    return f_from_v(v_and(v_right(v, 8 * i), v_set_32(255)));
}

HR_INLINE F signed_byte(V v, int i)
{
    return f_from_v(v_right_signed(v_left(v, 24 - 8 * i), 24));
}

/* ---- Blocks of 32 ---- */

HR_INLINE void unpack_nibbles(Blocks b, size_t qs, V q[8])
{
    V t[4];

    load_16(b, qs, t);
    HR_UNROLL(4)
    for (int i = 0; i < 4; i++) {
        q[i] = low_nibbles(t[i]);
        q[i + 4] = high_nibbles(t[i]);
    }
}

/* The same of 32 bytes. */
HR_INLINE void unpack_nibble_pair(Blocks b, size_t qs, V q[16])
{
    V t[8];

    load_16(b, qs, t);
    load_16(b, qs + 16, t + 4);
    HR_UNROLL(8)
    for (int i = 0; i < 8; i++) {
        q[i] = low_nibbles(t[i]);
        q[i + 8] = high_nibbles(t[i]);
    }
}

/* Each type has two functions: scales_T: b to scale and min, one per group. quants_T: one part of b to q, 4 columns per vector.
 * A part is as much as registers hold. */

HR_INLINE void scales_q4_0(Blocks b, F *scale, F *min)
{
    scale[0] = load_half(b, 0);
}

HR_INLINE void quants_q4_0(Blocks b, int part, V *q)
{
    V nibbles[8];

    unpack_nibbles(b, offsetof(HrBlockQ4_0, qs), nibbles);
    HR_UNROLL(8)
    for (int i = 0; i < 8; i++)
        q[i] = raised(nibbles[i], RAISED_32 - 8);
}

HR_INLINE void scales_q4_1(Blocks b, F *scale, F *min)
{
    const V d_m = load_4(b, 0);
    scale[0] = f_from_low_halves(d_m);
    min[0] = f_sub(f_zero(), f_from_high_halves(d_m));
}

HR_INLINE void quants_q4_1(Blocks b, int part, V *q)
{
    unpack_nibbles(b, offsetof(HrBlockQ4_1, qs), q);
}

/* Adds 16 to the elements whose bit of qh, a dword per row, is set. */
HR_INLINE void add_fifth_bits(V qh, V q[8])
{
    static const int8_t dwords[16] = {0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12};
    const V bits_low = v_set_32(0x08040201), bits_high = v_set_32((int)0x80402010);

    HR_UNROLL(4)
    for (int i = 0; i < 4; i++) { /* byte i of qh, spread over the dword, has the bits of q[2 i] and q[2 i + 1] */
        const V spread = v_shuffle_8(qh, b_add(b_load(dwords), i));
        q[2 * i] = v_add_where(q[2 * i], spread, bits_low, v_set_8(16));
        q[2 * i + 1] = v_add_where(q[2 * i + 1], spread, bits_high, v_set_8(16));
    }
}

HR_INLINE void quants_q5_0(Blocks b, int part, V *q)
{
    V fives[8];

    unpack_nibbles(b, offsetof(HrBlockQ5_0, qs), fives);
    add_fifth_bits(load_4(b, offsetof(HrBlockQ5_0, qh)), fives);
    HR_UNROLL(8)
    for (int i = 0; i < 8; i++)
        q[i] = raised(fives[i], RAISED_32 - 16);
}

HR_INLINE void quants_q5_1(Blocks b, int part, V *q)
{
    unpack_nibbles(b, offsetof(HrBlockQ5_1, qs), q);
    add_fifth_bits(load_4(b, offsetof(HrBlockQ5_1, qh)), q);
}

HR_INLINE void quants_q8_0(Blocks b, int part, V *q)
{
    load_16(b, offsetof(HrBlockQ8_0, qs), q);
    load_16(b, offsetof(HrBlockQ8_0, qs) + 16, q + 4);
    HR_UNROLL(8)
    for (int i = 0; i < 8; i++)
        q[i] = raised(q[i], RAISED_WIDE);
}

static const int8_t iq4_values[16] = {HR_IQ4_VALUES}, mxfp4_values[16] = {HR_MXFP4_VALUES};

/* Nibbles that index a table of signed bytes, raised. */
HR_INLINE void unpack_table(Blocks b, size_t qs, const int8_t values[16], int by, V *q)
{
    const B table = b_add(b_load(values), by);
    V nibbles[8];

    unpack_nibbles(b, qs, nibbles);
    HR_UNROLL(8)
    for (int i = 0; i < 8; i++)
        q[i] = v_look_up_8(table, nibbles[i]);
}

HR_INLINE void quants_iq4_nl(Blocks b, int part, V *q)
{
    unpack_table(b, offsetof(HrBlockIQ4_NL, qs), iq4_values, RAISED_WIDE, q);
}

HR_INLINE void scales_mxfp4(Blocks b, F *scale, F *min)
{
    const V e = load_byte(b);
    const V normal = v_left(v_sub_32(e, v_set_32(1)), 23); /* negative or 0 where e < 2 */
    const V at_most_2 = v_left_each(v_set_32(0x00200000), v_min_32(e, v_set_32(2)));

    scale[0] = f_from_bits(v_max_32(normal, at_most_2));
}

HR_INLINE void quants_mxfp4(Blocks b, int part, V *q)
{
    unpack_table(b, offsetof(HrBlockMXFP4, qs), mxfp4_values, RAISED_32, q);
}

/* ---- Super-blocks of 256 ---- */

/* Two bits of each of four 32-groups: q[8 group + i] of dword i of the half's 32 bytes. */
HR_INLINE void unpack_pairs(Blocks b, size_t qs, int half, V *q)
{
    V t[8];

    load_16(b, qs + (size_t)half * 32, t);
    load_16(b, qs + (size_t)half * 32 + 16, t + 4);
    HR_UNROLL(8)
    for (int i = 0; i < 8; i++)
        HR_UNROLL(4)
        for (int group = 0; group < 4; group++)
            q[8 * group + i] = v_and(shifted(t[i], -2 * group), v_set_8(3));
}

HR_INLINE void scales_q2_k(Blocks b, F *scale, F *min)
{
    const V d_dmin = load_4(b, offsetof(HrBlockQ2_K, d));
    const F d = f_from_low_halves(d_dmin), dmin = f_from_high_halves(d_dmin);
    V scales[4];

    load_16(b, offsetof(HrBlockQ2_K, scales), scales);
    HR_UNROLL(16)
    for (int g = 0; g < 16; g++) {
        scale[g] = f_mul(d, unsigned_byte(low_nibbles(scales[g / 4]), g % 4));
        min[g] = f_mul(dmin, unsigned_byte(high_nibbles(scales[g / 4]), g % 4));
    }
}

HR_INLINE void quants_q2_k(Blocks b, int half, V *q)
{
    unpack_pairs(b, offsetof(HrBlockQ2_K, qs), half, q);
}

/* 12 bytes that end 2 before the end of the block, with d behind them. */
HR_INLINE void scales_q3_k(Blocks b, F *scale, F *min)
{
    V t[4], bytes[3], scales[4];

    if (b.in_panel) {
        HR_UNROLL(3)
        for (int i = 0; i < 3; i++)
            bytes[i] = load_4(b, offsetof(HrBlockQ3_K, scales) + 4 * (size_t)i);
    } else { /* dearer one by one: two bytes of quants, 12 of scales, d */
        load_16_bytes(b.p + sizeof(HrBlockQ3_K) - 16, b.stride, t);
        HR_UNROLL(3)
        for (int i = 0; i < 3; i++)
            bytes[i] = v_or(v_right(t[i], 16), v_left(t[i + 1], 16));
    }
    scales[0] = or_bits(low_nibbles(bytes[0]), bytes[2], 4, 0x30);
    scales[1] = or_bits(low_nibbles(bytes[1]), bytes[2], 2, 0x30);
    scales[2] = or_bits(high_nibbles(bytes[0]), bytes[2], 0, 0x30);
    scales[3] = or_bits(high_nibbles(bytes[1]), bytes[2], -2, 0x30);

    const F d = b.in_panel ? load_half(b, offsetof(HrBlockQ3_K, d)) : f_from_high_halves(t[3]);
    HR_UNROLL(16)
    for (int g = 0; g < 16; g++)
        scale[g] = f_mul(d, signed_byte(raised(scales[g / 4], -32), g % 4));
}

HR_INLINE void quants_q3_k(Blocks b, int half, V *q)
{
    V high[8];

    load_16(b, offsetof(HrBlockQ3_K, hmask), high);
    load_16(b, offsetof(HrBlockQ3_K, hmask) + 16, high + 4);
    unpack_pairs(b, offsetof(HrBlockQ3_K, qs), half, q);
    HR_UNROLL(4)
    for (int group = 0; group < 4; group++)
        HR_UNROLL(8)
        for (int i = 0; i < 8; i++)
            q[8 * group + i] = raised(or_bits(q[8 * group + i], high[i], 2 - group - 4 * half, 4), RAISED_16 - 4);
}

/* d, dmin and the 6-bit scales and minima: the first 16 bytes of the block. */
HR_INLINE void scales_q4_k(Blocks b, F *scale, F *min)
{
    const V six = v_set_8(63);
    V t[4];

    load_16(b, 0, t);
    const F d = f_from_low_halves(t[0]), dmin = f_from_high_halves(t[0]);
    const V scales[2] = {v_and(t[1], six), or_bits(low_nibbles(t[3]), t[1], -2, 0x30)};
    const V mins[2] = {v_and(t[2], six), or_bits(high_nibbles(t[3]), t[2], -2, 0x30)};
    HR_UNROLL(8)
    for (int g = 0; g < 8; g++) {
        scale[g] = f_mul(d, unsigned_byte(scales[g / 4], g % 4));
        min[g] = f_mul(dmin, unsigned_byte(mins[g / 4], g % 4));
    }
}

/* Groups 2 pair and 2 pair + 1, as nibbles of the same 32 bytes. */
HR_INLINE void quants_q4_k(Blocks b, int pair, V *q)
{
    unpack_nibble_pair(b, offsetof(HrBlockQ4_K, qs) + 32 * (size_t)pair, q);
}

HR_INLINE void quants_q5_k(Blocks b, int pair, V *q)
{
    V high[8];

    unpack_nibble_pair(b, offsetof(HrBlockQ5_K, qs) + 32 * (size_t)pair, q);
    load_16(b, offsetof(HrBlockQ5_K, qh), high);
    load_16(b, offsetof(HrBlockQ5_K, qh) + 16, high + 4);
    HR_UNROLL(8)
    for (int i = 0; i < 8; i++) {
        q[i] = or_bits(q[i], high[i], 4 - 2 * pair, 16);
        q[i + 8] = or_bits(q[i + 8], high[i], 3 - 2 * pair, 16);
    }
}

HR_INLINE void scales_q6_k(Blocks b, F *scale, F *min)
{
    const F d = load_half(b, offsetof(HrBlockQ6_K, d));
    V scales[4];

    load_16(b, offsetof(HrBlockQ6_K, scales), scales);
    HR_UNROLL(16)
    for (int g = 0; g < 16; g++)
        scale[g] = f_mul(d, signed_byte(scales[g / 4], g % 4));
}

HR_INLINE void quants_q6_k(Blocks b, int half, V *q)
{
    HR_UNROLL(2)
    for (size_t i = 0; i < 2; i++) { /* elements l = 16 i .. + 15 of each 32-group */
        const size_t ql = offsetof(HrBlockQ6_K, ql) + 64 * (size_t)half + 16 * i;
        V low[4], low_32[4], high[4];
        load_16(b, ql, low);
        load_16(b, ql + 32, low_32);
        load_16(b, offsetof(HrBlockQ6_K, qh) + 32 * (size_t)half + 16 * i, high);
        HR_UNROLL(4)
        for (int j = 0; j < 4; j++) {
            V *out = q + 4 * i + j;
            out[0] = raised(or_bits(low_nibbles(low[j]), high[j], 4, 0x30), RAISED_16 - 32);
            out[8] = raised(or_bits(low_nibbles(low_32[j]), high[j], 2, 0x30), RAISED_16 - 32);
            out[16] = raised(or_bits(high_nibbles(low[j]), high[j], 0, 0x30), RAISED_16 - 32);
            out[24] = raised(or_bits(high_nibbles(low_32[j]), high[j], -2, 0x30), RAISED_16 - 32);
        }
    }
}

HR_INLINE void scales_iq4_xs(Blocks b, F *scale, F *min)
{
    const V d_high = load_4(b, 0), low = load_4(b, offsetof(HrBlockIQ4_XS, scales_l));
    const F d = f_from_low_halves(d_high);
    const V high = v_right(d_high, 16);

    HR_UNROLL(8)
    for (int g = 0; g < 8; g++) {
        const V low_4 = v_and(v_right(low, 4 * g), v_set_32(15));
        const V six = v_or_masked(low_4, shifted(high, 4 - 2 * g), v_set_32(0x30));
        scale[g] = f_mul(d, f_from_v(v_sub_32(six, v_set_32(32))));
    }
}

HR_INLINE void quants_iq4_xs(Blocks b, int group, V *q)
{
    unpack_table(b, offsetof(HrBlockIQ4_XS, qs) + 16 * (size_t)group, iq4_values, RAISED_WIDE, q);
}

/* ---- By type ---- */

/* How far ahead of its unpacking memory is asked for: enough for it to be under way all the time. */
#define PREFETCH_BYTES 4096

/* In small helpings: asked for all at once, requests would wait for each other. */
HR_INLINE void prefetch_ahead_of(const uint8_t *p, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 64)
        __builtin_prefetch(p + PREFETCH_BYTES + i, 0, 2);
}

/* type, its functions, elements of a block, a part and a group, minima, raise */
#define COMMON_TYPES(X)                                                   \
    X(Q4_0, scales_q4_0, quants_q4_0, HR_QK, 32, 32, false, RAISED_32)    \
    X(Q8_0, scales_q4_0, quants_q8_0, HR_QK, 32, 32, false, RAISED_WIDE)  \
    X(MXFP4, scales_mxfp4, quants_mxfp4, HR_QK, 32, 32, false, RAISED_32) \
    X(Q4_K, scales_q4_k, quants_q4_k, HR_QKK, 64, 32, true, 0)            \
    X(Q5_K, scales_q4_k, quants_q5_k, HR_QKK, 64, 32, true, 0)            \
    X(Q6_K, scales_q6_k, quants_q6_k, HR_QKK, 128, 16, false, RAISED_16)

#define RARER_TYPES(X)                                                       \
    X(Q4_1, scales_q4_1, quants_q4_1, HR_QK, 32, 32, true, 0)                \
    X(Q5_0, scales_q4_0, quants_q5_0, HR_QK, 32, 32, false, RAISED_32)       \
    X(Q5_1, scales_q4_1, quants_q5_1, HR_QK, 32, 32, true, 0)                \
    X(IQ4_NL, scales_q4_0, quants_iq4_nl, HR_QK, 32, 32, false, RAISED_WIDE) \
    X(Q2_K, scales_q2_k, quants_q2_k, HR_QKK, 128, 16, true, 0)              \
    X(Q3_K, scales_q3_k, quants_q3_k, HR_QKK, 128, 16, false, RAISED_16)     \
    X(IQ4_XS, scales_iq4_xs, quants_iq4_xs, HR_QKK, 32, 32, false, RAISED_WIDE)

#define UNPACKED_TYPES(X) COMMON_TYPES(X) RARER_TYPES(X)

#define UNPACK_BLOCKS(type, scales, quants, block_, part, group_, has_min_, raised_)                                      \
    HR_INLINE void unpack_##type(Blocks b, V *q, F *scale, F *min)                                                        \
    {                                                                                                                     \
        scales(b, scale, min);                                                                                            \
        HR_UNROLL(8)                                                                                                      \
        for (int i = 0; i < block_ / part; i++)                                                                           \
            quants(b, i, q + i * (part / 4));                                                                             \
    }                                                                                                                     \
    static void unpack_file_##type(const uint8_t *p, size_t stride, size_t n, V *q, F *scale, F *min)                     \
    {                                                                                                                     \
        for (; n > 0; n--, p += sizeof(HrBlock##type), q += block_ / 4, scale += block_ / group_, min += block_ / group_) \
            unpack_##type((Blocks){.odd = hr_odd_of(HR_TYPE_##type), .p = p, .stride = stride}, q, scale, min);           \
    }                                                                                                                     \
    static void unpack_panel_##type(const uint8_t *p, size_t lane, size_t n, V *q, F *scale, F *min)                      \
    {                                                                                                                     \
        const size_t tile = sizeof(HrBlock##type) * HR_PANEL_ROWS;                                                        \
        for (; n > 0; n--, p += tile, q += block_ / 4, scale += block_ / group_, min += block_ / group_) {                \
            prefetch_ahead_of(p, tile);                                                                                       \
            unpack_##type(tile_blocks(p, lane, hr_odd_of(HR_TYPE_##type), sizeof(HrBlock##type)), q, scale, min);         \
        }                                                                                                                 \
    }
UNPACKED_TYPES(UNPACK_BLOCKS)

#define UNPACKER(type, scales, quants, block_, part, group_, has_min_, raised_)                         \
    [HR_TYPE_##type] = {.group = group_,                                                                \
                        .has_min = has_min_,                                                            \
                        .raised = raised_,                                                              \
                        .block = block_,                                                                \
                        .block_bytes = sizeof(HrBlock##type),                                           \
                        .unpack = unpack_file_##type,                                                   \
                        .unpack_panel = unpack_panel_##type},
static const Unpacker unpackers[HR_TYPE_N] = {UNPACKED_TYPES(UNPACKER)};

#undef UNPACKER
#undef UNPACK_BLOCKS

/* NULL for types whose weights are floats. */
static inline const Unpacker *unpacker_of(HrType type)
{
    return (unsigned)type < HR_TYPE_N && unpackers[type].unpack != NULL ? &unpackers[type] : NULL;
}
