/* unpack-avx512.c: blocks of 16 weight rows to a panel, with AVX-512.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Owns the reading of every quantised type for the AVX-512 set; dequantize.c says the same in plain C. Bytes of 16 rows are loaded 16
 * at a time and transposed in dwords, so that lane r holds row r; from there on all rows are decoded at once. Nothing outside
 * the blocks is read: they may end where the mapped file ends.
 */
#include "cpu/avx512.h"
#include "cpu/blocks.h"

#include <stddef.h>

/* ---- Transposed loads ---- */

/* 16 bytes of 16 rows: lane r of t[i] is dword i of row r. */
HR_INLINE void load_16_bytes(const uint8_t *p, size_t stride, __m512i t[4])
{
    __m512i a[4];

#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) { /* rows i, i + 4, i + 8, i + 12 */
        const uint8_t *row = p + i * stride;
        a[i] = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)row));
        a[i] = _mm512_inserti32x4(a[i], _mm_loadu_si128((const __m128i *)(row + 4 * stride)), 1);
        a[i] = _mm512_inserti32x4(a[i], _mm_loadu_si128((const __m128i *)(row + 8 * stride)), 2);
        a[i] = _mm512_inserti32x4(a[i], _mm_loadu_si128((const __m128i *)(row + 12 * stride)), 3);
    }
    const __m512i low_01 = _mm512_unpacklo_epi32(a[0], a[1]), high_01 = _mm512_unpackhi_epi32(a[0], a[1]);
    const __m512i low_23 = _mm512_unpacklo_epi32(a[2], a[3]), high_23 = _mm512_unpackhi_epi32(a[2], a[3]);
    t[0] = _mm512_unpacklo_epi64(low_01, low_23);
    t[1] = _mm512_unpackhi_epi64(low_01, low_23);
    t[2] = _mm512_unpacklo_epi64(high_01, high_23);
    t[3] = _mm512_unpackhi_epi64(high_01, high_23);
}

/* The dword at p of 16 rows. */
HR_INLINE __m512i load_dwords(const uint8_t *p, size_t stride)
{
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm512_i32gather_epi32(_mm512_mullo_epi32(lanes, _mm512_set1_epi32((int)stride)), p, 1);
}

/* ---- Small pieces ---- */

HR_INLINE __m512i low_nibbles(__m512i v)
{
    return _mm512_and_si512(v, _mm512_set1_epi8(15));
}

HR_INLINE __m512i high_nibbles(__m512i v)
{
    return low_nibbles(_mm512_srli_epi16(v, 4));
}

/* v << by, where a negative by shifts to the right. */
HR_INLINE __m512i shifted(__m512i v, int by)
{
    return by >= 0 ? _mm512_slli_epi32(v, by) : _mm512_srli_epi32(v, -by);
}

/* base | (v << by & mask) for bytes. */
HR_INLINE __m512i or_bits(__m512i base, __m512i v, int by, int mask)
{
    return _mm512_ternarylogic_epi32(base, shifted(v, by), _mm512_set1_epi8((char)mask), 0xf8);
}

HR_INLINE __m512i raised(__m512i v, int by)
{
    return _mm512_add_epi8(v, _mm512_set1_epi8((char)by));
}

HR_INLINE __m512 low_halves(__m512i v)
{
    return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(v));
}

HR_INLINE __m512 high_halves(__m512i v)
{
    return low_halves(_mm512_srli_epi32(v, 16));
}

/* Byte i of each dword, as a float. */
HR_INLINE __m512 unsigned_byte(__m512i v, int i)
{
    return _mm512_cvtepi32_ps(_mm512_and_si512(_mm512_srli_epi32(v, 8 * i), _mm512_set1_epi32(255)));
}

HR_INLINE __m512 signed_byte(__m512i v, int i)
{
    return _mm512_cvtepi32_ps(_mm512_srai_epi32(_mm512_slli_epi32(v, 24 - 8 * i), 24));
}

/* ---- Blocks of 32 ---- */

HR_INLINE void unpack_nibbles(const uint8_t *qs, size_t stride, __m512i q[8])
{
    __m512i t[4];

    load_16_bytes(qs, stride, t);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        q[i] = low_nibbles(t[i]);
        q[i + 4] = high_nibbles(t[i]);
    }
}

static void unpack_q4_0(const uint8_t *b, size_t stride, __m512i *q, __m512 *scale, __m512 *min)
{
    __m512i nibbles[8];

    unpack_nibbles(b + offsetof(HrBlockQ4_0, qs), stride, nibbles);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        q[i] = raised(nibbles[i], HR_RAISED - 8);
    scale[0] = low_halves(load_dwords(b, stride));
}

static void unpack_q4_1(const uint8_t *b, size_t stride, __m512i *q, __m512 *scale, __m512 *min)
{
    const __m512i d_m = load_dwords(b, stride);
    __m512i nibbles[8];

    unpack_nibbles(b + offsetof(HrBlockQ4_1, qs), stride, nibbles);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        q[i] = nibbles[i];
    scale[0] = low_halves(d_m);
    min[0] = _mm512_sub_ps(_mm512_setzero_ps(), high_halves(d_m));
}

/* Adds 16 to the elements whose bit of qh, a dword per row, is set. */
HR_INLINE void add_fifth_bits(__m512i qh, __m512i q[8])
{
    const __m512i bits_low = _mm512_set1_epi32(0x08040201), bits_high = _mm512_set1_epi32((int)0x80402010);

#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) { /* byte i of qh, spread over the dword, has the bits of q[2 i] and q[2 i + 1] */
        const __m512i pattern = _mm512_broadcast_i32x4(_mm_add_epi8(_mm_set1_epi8((char)i),
            _mm_setr_epi8(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12)));
        const __m512i spread = _mm512_shuffle_epi8(qh, pattern);
        q[2 * i] = _mm512_mask_add_epi8(q[2 * i], _mm512_test_epi8_mask(spread, bits_low), q[2 * i],
                                        _mm512_set1_epi8(16));
        q[2 * i + 1] = _mm512_mask_add_epi8(q[2 * i + 1], _mm512_test_epi8_mask(spread, bits_high), q[2 * i + 1],
                                            _mm512_set1_epi8(16));
    }
}

static void unpack_q5_0(const uint8_t *b, size_t stride, __m512i *q, __m512 *scale, __m512 *min)
{
    __m512i fives[8];

    unpack_nibbles(b + offsetof(HrBlockQ5_0, qs), stride, fives);
    add_fifth_bits(load_dwords(b + offsetof(HrBlockQ5_0, qh), stride), fives);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        q[i] = raised(fives[i], HR_RAISED - 16);
    scale[0] = low_halves(load_dwords(b, stride));
}

static void unpack_q5_1(const uint8_t *b, size_t stride, __m512i *q, __m512 *scale, __m512 *min)
{
    const __m512i d_m = load_dwords(b, stride);
    __m512i fives[8];

    unpack_nibbles(b + offsetof(HrBlockQ5_1, qs), stride, fives);
    add_fifth_bits(load_dwords(b + offsetof(HrBlockQ5_1, qh), stride), fives);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        q[i] = fives[i];
    scale[0] = low_halves(d_m);
    min[0] = _mm512_sub_ps(_mm512_setzero_ps(), high_halves(d_m));
}

static void unpack_q8_0(const uint8_t *b, size_t stride, __m512i *q, __m512 *scale, __m512 *min)
{
    __m512i t[8];

    load_16_bytes(b + offsetof(HrBlockQ8_0, qs), stride, t);
    load_16_bytes(b + offsetof(HrBlockQ8_0, qs) + 16, stride, t + 4);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        q[i] = raised(t[i], HR_RAISED);
    scale[0] = low_halves(load_dwords(b, stride));
}

/* Nibbles that index a table of signed bytes. */
HR_INLINE void unpack_table(const uint8_t *qs, size_t stride, __m128i values, __m512i *q)
{
    const __m512i table = _mm512_broadcast_i32x4(_mm_add_epi8(values, _mm_set1_epi8((char)HR_RAISED)));
    __m512i nibbles[8];

    unpack_nibbles(qs, stride, nibbles);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        q[i] = _mm512_shuffle_epi8(table, nibbles[i]);
}

static void unpack_iq4_nl(const uint8_t *b, size_t stride, __m512i *q, __m512 *scale, __m512 *min)
{
    unpack_table(b + offsetof(HrBlockIQ4_NL, qs), stride, _mm_setr_epi8(HR_IQ4_VALUES), q);
    scale[0] = low_halves(load_dwords(b, stride));
}

static void unpack_mxfp4(const uint8_t *b, size_t stride, __m512i *q, __m512 *scale, __m512 *min)
{
    const __m512i e = _mm512_and_si512(load_dwords(b, stride), _mm512_set1_epi32(255));
    const __m512i normal = _mm512_slli_epi32(_mm512_sub_epi32(e, _mm512_set1_epi32(1)), 23);
    const __m512i denormal = _mm512_sllv_epi32(_mm512_set1_epi32(0x00200000), e);
    const __mmask16 is_denormal = _mm512_cmplt_epu32_mask(e, _mm512_set1_epi32(2));

    unpack_table(b + offsetof(HrBlockMXFP4, qs), stride, _mm_setr_epi8(HR_MXFP4_VALUES), q);
    scale[0] = _mm512_castsi512_ps(_mm512_mask_mov_epi32(normal, is_denormal, denormal));
}

/* ---- Super-blocks of 256 ---- */

/* Two bits of each of four 32-groups: q[32 half + 8 group + i] of dword i of the half's 32 bytes. */
HR_INLINE void unpack_pairs(const uint8_t *qs, size_t stride, int half, __m512i *q)
{
    __m512i t[8];

    load_16_bytes(qs + 32 * half, stride, t);
    load_16_bytes(qs + 32 * half + 16, stride, t + 4);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
#pragma GCC unroll 4
        for (int group = 0; group < 4; group++)
            q[32 * half + 8 * group + i] = _mm512_and_si512(shifted(t[i], -2 * group), _mm512_set1_epi8(3));
}

static void unpack_q2_k(const uint8_t *b, size_t stride, __m512i *q, __m512 *scale, __m512 *min)
{
    const __m512i d_dmin = load_dwords(b + offsetof(HrBlockQ2_K, d), stride);
    const __m512 d = low_halves(d_dmin), dmin = high_halves(d_dmin);
    __m512i scales[4];

    load_16_bytes(b + offsetof(HrBlockQ2_K, scales), stride, scales);
#pragma GCC unroll 16
    for (int g = 0; g < 16; g++) {
        scale[g] = _mm512_mul_ps(d, unsigned_byte(low_nibbles(scales[g / 4]), g % 4));
        min[g] = _mm512_mul_ps(dmin, unsigned_byte(high_nibbles(scales[g / 4]), g % 4));
    }
    for (int half = 0; half < 2; half++)
        unpack_pairs(b + offsetof(HrBlockQ2_K, qs), stride, half, q);
}

/* Scales of Q3_K: 12 bytes that end 2 before the end of the block, with d behind them. */
HR_INLINE void unpack_scales_q3_k(const uint8_t *b, size_t stride, __m512 *scale)
{
    __m512i t[4], bytes[3], scales[4];

    load_16_bytes(b + sizeof(HrBlockQ3_K) - 16, stride, t); /* two bytes of quants, 12 of scales, d */
#pragma GCC unroll 3
    for (int i = 0; i < 3; i++)
        bytes[i] = _mm512_or_si512(_mm512_srli_epi32(t[i], 16), _mm512_slli_epi32(t[i + 1], 16));
    scales[0] = or_bits(low_nibbles(bytes[0]), bytes[2], 4, 0x30);
    scales[1] = or_bits(low_nibbles(bytes[1]), bytes[2], 2, 0x30);
    scales[2] = or_bits(high_nibbles(bytes[0]), bytes[2], 0, 0x30);
    scales[3] = or_bits(high_nibbles(bytes[1]), bytes[2], -2, 0x30);

    const __m512 d = high_halves(t[3]);
#pragma GCC unroll 16
    for (int g = 0; g < 16; g++)
        scale[g] = _mm512_mul_ps(d, signed_byte(raised(scales[g / 4], -32), g % 4));
}

static void unpack_q3_k(const uint8_t *b, size_t stride, __m512i *q, __m512 *scale, __m512 *min)
{
    __m512i high[8];

    unpack_scales_q3_k(b, stride, scale);
    load_16_bytes(b + offsetof(HrBlockQ3_K, hmask), stride, high);
    load_16_bytes(b + offsetof(HrBlockQ3_K, hmask) + 16, stride, high + 4);
#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
        unpack_pairs(b + offsetof(HrBlockQ3_K, qs), stride, half, q);
#pragma GCC unroll 4
        for (int group = 4 * half; group < 4 * half + 4; group++)
#pragma GCC unroll 8
            for (int i = 0; i < 8; i++)
                q[8 * group + i] = raised(or_bits(q[8 * group + i], high[i], 2 - group, 4), HR_RAISED - 4);
    }
}

/* d, dmin and the 6-bit scales and minima of Q4_K and Q5_K: the first 16 bytes of the block. */
HR_INLINE void unpack_scales_q4_k(const uint8_t *b, size_t stride, __m512 *scale, __m512 *min)
{
    const __m512i six = _mm512_set1_epi8(63);
    __m512i t[4];

    load_16_bytes(b, stride, t);
    const __m512 d = low_halves(t[0]), dmin = high_halves(t[0]);
    const __m512i scales[2] = {_mm512_and_si512(t[1], six), or_bits(low_nibbles(t[3]), t[1], -2, 0x30)};
    const __m512i mins[2] = {_mm512_and_si512(t[2], six), or_bits(high_nibbles(t[3]), t[2], -2, 0x30)};
#pragma GCC unroll 8
    for (int g = 0; g < 8; g++) {
        scale[g] = _mm512_mul_ps(d, unsigned_byte(scales[g / 4], g % 4));
        min[g] = _mm512_mul_ps(dmin, unsigned_byte(mins[g / 4], g % 4));
    }
}

static void unpack_q4_k(const uint8_t *b, size_t stride, __m512i *q, __m512 *scale, __m512 *min)
{
    unpack_scales_q4_k(b, stride, scale, min);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        __m512i t[4];
        load_16_bytes(b + offsetof(HrBlockQ4_K, qs) + 16 * i, stride, t);
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            const int at = 16 * (i / 2) + 4 * (i % 2) + j;
            q[at] = low_nibbles(t[j]);
            q[at + 8] = high_nibbles(t[j]);
        }
    }
}

static void unpack_q5_k(const uint8_t *b, size_t stride, __m512i *q, __m512 *scale, __m512 *min)
{
    __m512i high[8];

    unpack_scales_q4_k(b, stride, scale, min);
    load_16_bytes(b + offsetof(HrBlockQ5_K, qh), stride, high);
    load_16_bytes(b + offsetof(HrBlockQ5_K, qh) + 16, stride, high + 4);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        __m512i t[4];
        load_16_bytes(b + offsetof(HrBlockQ5_K, qs) + 16 * i, stride, t);
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            const int at = 16 * (i / 2) + 4 * (i % 2) + j, group = i / 2 * 2;
            q[at] = or_bits(low_nibbles(t[j]), high[4 * (i % 2) + j], 4 - group, 16);
            q[at + 8] = or_bits(high_nibbles(t[j]), high[4 * (i % 2) + j], 3 - group, 16);
        }
    }
}

static void unpack_q6_k(const uint8_t *b, size_t stride, __m512i *q, __m512 *scale, __m512 *min)
{
    /* d are the last two bytes */
    const __m512 d = high_halves(load_dwords(b + sizeof(HrBlockQ6_K) - 4, stride));
    __m512i scales[4];

    load_16_bytes(b + offsetof(HrBlockQ6_K, scales), stride, scales);
#pragma GCC unroll 16
    for (int g = 0; g < 16; g++)
        scale[g] = _mm512_mul_ps(d, signed_byte(scales[g / 4], g % 4));
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) { /* elements l = 16 (i % 2) .. + 15 of each 32-group of half i / 2 */
        const uint8_t *ql = b + offsetof(HrBlockQ6_K, ql) + 64 * (i / 2) + 16 * (i % 2);
        __m512i low[4], low_32[4], high[4];
        load_16_bytes(ql, stride, low);
        load_16_bytes(ql + 32, stride, low_32);
        load_16_bytes(b + offsetof(HrBlockQ6_K, qh) + 32 * (i / 2) + 16 * (i % 2), stride, high);
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            __m512i *out = q + 32 * (i / 2) + 4 * (i % 2) + j;
            out[0] = raised(or_bits(low_nibbles(low[j]), high[j], 4, 0x30), HR_RAISED - 32);
            out[8] = raised(or_bits(low_nibbles(low_32[j]), high[j], 2, 0x30), HR_RAISED - 32);
            out[16] = raised(or_bits(high_nibbles(low[j]), high[j], 0, 0x30), HR_RAISED - 32);
            out[24] = raised(or_bits(high_nibbles(low_32[j]), high[j], -2, 0x30), HR_RAISED - 32);
        }
    }
}

static void unpack_iq4_xs(const uint8_t *b, size_t stride, __m512i *q, __m512 *scale, __m512 *min)
{
    __m512i t[4];

    load_16_bytes(b, stride, t); /* d and scales_h, scales_l, 8 bytes of quants */
    const __m512 d = low_halves(t[0]);
    const __m512i high = _mm512_srli_epi32(t[0], 16);
#pragma GCC unroll 8
    for (int g = 0; g < 8; g++) {
        const __m512i low_4 = _mm512_and_si512(_mm512_srli_epi32(t[1], 4 * g), _mm512_set1_epi32(15));
        const __m512i six = _mm512_ternarylogic_epi32(low_4, shifted(high, 4 - 2 * g), _mm512_set1_epi32(0x30), 0xf8);
        scale[g] = _mm512_mul_ps(d, _mm512_cvtepi32_ps(_mm512_sub_epi32(six, _mm512_set1_epi32(32))));
        unpack_table(b + offsetof(HrBlockIQ4_XS, qs) + 16 * g, stride, _mm_setr_epi8(HR_IQ4_VALUES), q + 8 * g);
    }
}

/* ---- By type ---- */

#define UNPACKER(type, group_, has_min_, block_, function) \
    [HR_TYPE_##type] = {.group = group_, .has_min = has_min_, .block = block_, \
                        .block_bytes = sizeof(HrBlock##type), .unpack = function}

static const HrUnpacker unpackers[HR_TYPE_N] = {
    UNPACKER(Q4_0, 32, false, HR_QK, unpack_q4_0),
    UNPACKER(Q4_1, 32, true, HR_QK, unpack_q4_1),
    UNPACKER(Q5_0, 32, false, HR_QK, unpack_q5_0),
    UNPACKER(Q5_1, 32, true, HR_QK, unpack_q5_1),
    UNPACKER(Q8_0, 32, false, HR_QK, unpack_q8_0),
    UNPACKER(IQ4_NL, 32, false, HR_QK, unpack_iq4_nl),
    UNPACKER(MXFP4, 32, false, HR_QK, unpack_mxfp4),
    UNPACKER(Q2_K, 16, true, HR_QKK, unpack_q2_k),
    UNPACKER(Q3_K, 16, false, HR_QKK, unpack_q3_k),
    UNPACKER(Q4_K, 32, true, HR_QKK, unpack_q4_k),
    UNPACKER(Q5_K, 32, true, HR_QKK, unpack_q5_k),
    UNPACKER(Q6_K, 16, false, HR_QKK, unpack_q6_k),
    UNPACKER(IQ4_XS, 32, false, HR_QKK, unpack_iq4_xs),
};

const HrUnpacker *hr_avx512_unpacker(HrType type)
{
    return (unsigned)type < HR_TYPE_N && unpackers[type].unpack != NULL ? &unpackers[type] : NULL;
}
