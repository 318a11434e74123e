/* lanes-avx512.h: the operations that the kernel templates are written in, with AVX-512,
 * and with VNNI where the compiler's flags allow it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * lanes-avx2.h has the same names. V is LANES dwords, F as many floats. Where a name speaks of
 * bytes it treats a V as 4 LANES bytes.
 */
#pragma once

#include "cpu/groups.h"
#include "cpu/inline.h"
#include "cpu/linear.h"

#include <immintrin.h>
#include <string.h>

#define LANES 16
typedef __m512i V;
typedef __m512 F;
typedef __m128i B;

/* ---- Integers ---- */

HR_INLINE V v_set_8(int value) { return _mm512_set1_epi8((char)value); }
HR_INLINE V v_set_32(int value) { return _mm512_set1_epi32(value); }
HR_INLINE V v_load(const void *p) { return _mm512_loadu_si512(p); }
/* LANES bytes, each as a dword. */
HR_INLINE V v_load_bytes(const uint8_t *p)
{
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
}
HR_INLINE V v_and(V a, V b) { return _mm512_and_si512(a, b); }
HR_INLINE V v_or(V a, V b) { return _mm512_or_si512(a, b); }
HR_INLINE V v_or_masked(V base, V bits, V mask)
{
    return _mm512_ternarylogic_epi32(base, bits, mask, 0xf8);
}
HR_INLINE V v_add_8(V a, V b) { return _mm512_add_epi8(a, b); }
HR_INLINE V v_sub_32(V a, V b) { return _mm512_sub_epi32(a, b); }
HR_INLINE V v_min_32(V a, V b) { return _mm512_min_epi32(a, b); }
HR_INLINE V v_max_32(V a, V b) { return _mm512_max_epi32(a, b); }
HR_INLINE V v_left(V v, int by) { return _mm512_slli_epi32(v, (unsigned)by); }
HR_INLINE V v_right(V v, int by) { return _mm512_srli_epi32(v, (unsigned)by); }
HR_INLINE V v_right_signed(V v, int by) { return _mm512_srai_epi32(v, (unsigned)by); }
HR_INLINE V v_left_each(V v, V by) { return _mm512_sllv_epi32(v, by); }
HR_INLINE B b_load(const int8_t bytes[16])
{
    return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}
HR_INLINE B b_add(B bytes, int by) { return _mm_add_epi8(bytes, _mm_set1_epi8((char)by)); }
HR_INLINE V v_look_up_8(B table, V index)
{
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(table), index);
}
/* Bytes of each 16 by the same pattern. */
HR_INLINE V v_shuffle_8(V v, B pattern)
{
    return _mm512_shuffle_epi8(v, _mm512_broadcast_i32x4(pattern));
}
/* v + add in bytes where bits and mask have a common bit. */
HR_INLINE V v_add_where(V v, V bits, V mask, V add)
{
    return _mm512_mask_add_epi8(v, _mm512_test_epi8_mask(bits, mask), v, add);
}

/* ---- Floats ---- */

HR_INLINE F f_zero(void) { return _mm512_setzero_ps(); }
HR_INLINE F f_set(float value) { return _mm512_set1_ps(value); }
HR_INLINE F f_from_v(V v) { return _mm512_cvtepi32_ps(v); }
HR_INLINE F f_from_bits(V v) { return _mm512_castsi512_ps(v); }
HR_INLINE F f_add(F a, F b) { return _mm512_add_ps(a, b); }
HR_INLINE F f_sub(F a, F b) { return _mm512_sub_ps(a, b); }
HR_INLINE F f_mul(F a, F b) { return _mm512_mul_ps(a, b); }
HR_INLINE F f_add_product(F sum, F a, F b) { return _mm512_fmadd_ps(a, b, sum); }
HR_INLINE F f_sub_product(F sum, F a, F b) { return _mm512_fnmadd_ps(a, b, sum); }
/* The lower 16 bits of each lane, as halves. */
HR_INLINE F f_from_low_halves(V v) { return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(v)); }
HR_INLINE F f_load_halves(const uint8_t *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
}
/* The first n lanes, at most LANES; others are zero or untouched. */
HR_INLINE F f_load(const float *p, size_t n)
{
    return _mm512_maskz_loadu_ps((__mmask16)(0xffffu >> (16 - n)), p);
}
HR_INLINE void f_store(float *p, size_t n, F v)
{
    _mm512_mask_storeu_ps(p, (__mmask16)(0xffffu >> (16 - n)), v);
}

/* The sums of the lanes of four vectors, each by the same tree. */
HR_INLINE void f_sums(const F v[4], float to[4])
{
    const F sum_01 = _mm512_add_ps(_mm512_unpacklo_ps(v[0], v[1]), _mm512_unpackhi_ps(v[0], v[1]));
    const F sum_23 = _mm512_add_ps(_mm512_unpacklo_ps(v[2], v[3]), _mm512_unpackhi_ps(v[2], v[3]));
    const F sums = _mm512_add_ps(_mm512_shuffle_ps(sum_01, sum_23, 0x44),
                                 _mm512_shuffle_ps(sum_01, sum_23, 0xee));
    const __m256 by_2 =
        _mm256_add_ps(_mm512_castps512_ps256(sums), _mm512_extractf32x8_ps(sums, 1));
    _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(by_2), _mm256_extractf128_ps(by_2, 1)));
}

/* Weights i .. i + n of a row of floats, halves or bfloats, n at most LANES; the others are zero.
 * Reads nothing behind them. */
HR_INLINE F f_load_weights(HrType type, const uint8_t *row, size_t i, size_t n)
{
    if (type == HR_TYPE_F32)
        return f_load((const float *)(const void *)(row + 4 * i), n);
    const __m256i half = _mm256_maskz_loadu_epi16((__mmask16)(0xffffu >> (16 - n)), row + 2 * i);
    if (type == HR_TYPE_F16)
        return _mm512_cvtph_ps(half);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

/* ---- Transposed loads ---- */

/* 16 bytes of LANES rows: lane r of t[i] is dword i of row r. */
HR_INLINE void load_16_bytes(const uint8_t *p, size_t stride, V t[4])
{
    V a[4];

    HR_UNROLL(4)
    for (int i = 0; i < 4; i++) { /* rows i, i + 4, i + 8, i + 12 */
        const uint8_t *row = p + (size_t)i * stride;
        a[i] = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(const void *)row));
        a[i] =
            _mm512_inserti32x4(a[i],
                               _mm_loadu_si128((const __m128i *)(const void *)(row + 4 * stride)),
                               1);
        a[i] =
            _mm512_inserti32x4(a[i],
                               _mm_loadu_si128((const __m128i *)(const void *)(row + 8 * stride)),
                               2);
        a[i] =
            _mm512_inserti32x4(a[i],
                               _mm_loadu_si128((const __m128i *)(const void *)(row + 12 * stride)),
                               3);
    }
    const V low_01 = _mm512_unpacklo_epi32(a[0], a[1]), high_01 = _mm512_unpackhi_epi32(a[0], a[1]);
    const V low_23 = _mm512_unpacklo_epi32(a[2], a[3]), high_23 = _mm512_unpackhi_epi32(a[2], a[3]);
    t[0] = _mm512_unpacklo_epi64(low_01, low_23);
    t[1] = _mm512_unpackhi_epi64(low_01, low_23);
    t[2] = _mm512_unpacklo_epi64(high_01, high_23);
    t[3] = _mm512_unpackhi_epi64(high_01, high_23);
}

HR_INLINE __m128i load_4_dwords(const uint8_t *p, size_t stride)
{
    int32_t dword[4];

    HR_UNROLL(4)
    for (int r = 0; r < 4; r++)
        memcpy(&dword[r], p + (size_t)r * stride, sizeof dword[r]);
    return _mm_setr_epi32(dword[0], dword[1], dword[2], dword[3]);
}

/* The dword at p of LANES rows. Not a gather: that is no faster here, and slow on some processors.
 */
HR_INLINE V load_dwords(const uint8_t *p, size_t stride)
{
    V v = _mm512_castsi128_si512(load_4_dwords(p, stride));

    v = _mm512_inserti32x4(v, load_4_dwords(p + 4 * stride, stride), 1);
    v = _mm512_inserti32x4(v, load_4_dwords(p + 8 * stride, stride), 2);
    return _mm512_inserti32x4(v, load_4_dwords(p + 12 * stride, stride), 3);
}

/* ---- Byte products ---- */

/* How far signed weights of a kind are raised in panels. START: what integer sums start from, the bits
 * of 1.5 * 2^23. A sum s below 2^22 in magnitude then has the bits of the float 1.5 * 2^23 + s,
 * without a conversion. */
#ifdef __AVX512VNNI__
#define RAISED_32 128   /* of at most 5 bits, in groups of 32 */
#define RAISED_16 128   /* of at most 6 bits, in groups of 16 */
#define RAISED_WIDE 128 /* of 8 bits */
#define START 0x4b400000
#else
#include "cpu/pair-sums.h"
#endif

/* Widest tiles of columns with one panel and with two: sums, integer sums, weights and a column fit
 * in the 32 registers. */
#define COLUMNS_1 12
#define COLUMNS_2 6
/* Tile of rows and columns of float weights: their sums, the rows' weights and a column fit in the
 * registers. */
#define FLOAT_ROWS 4
#define FLOAT_COLUMNS 6

HR_INLINE V broadcast_4(const int8_t *q)
{
    int32_t four;
    memcpy(&four, q, sizeof four);
    return _mm512_set1_epi32(four);
}

/* dot[p][c] += n_steps dwords of panel p, of n_panels that are panel_step apart, times those of
 * column c, of n_cols, from byte first of its group on. raised: how far these weights are. */
#ifdef __AVX512VNNI__
HR_INLINE void add_products(const V *q, size_t panel_step, int n_panels, const uint8_t *groups,
                            size_t stride, int first, int n_steps, int n_cols, int raised,
                            V dot[][COLUMNS_1])
{
    HR_UNROLL(8)
    for (int i = 0; i < n_steps; i++) {
        HR_UNROLL(16)
        for (int c = 0; c < n_cols; c++) {
            const V x = broadcast_4(hr_group_of(groups, stride, c)->q + first + 4 * i);
            HR_UNROLL(2)
            for (int p = 0; p < n_panels; p++)
                dot[p][c] =
                    _mm512_dpbusd_epi32(dot[p][c], q[(size_t)p * panel_step + (size_t)i], x);
        }
    }
}

#else
/* Sums of two products of bytes, in 16 bits. */
HR_INLINE V pair_products(V w, V x, int raised)
{
    const V negative =
        _mm512_mask_sub_epi8(x, _mm512_movepi8_mask(w), _mm512_setzero_si512(), x);

    return raised == RAISED_WIDE ? _mm512_maddubs_epi16(_mm512_abs_epi8(w), negative)
                                 : _mm512_maddubs_epi16(w, x);
}

HR_INLINE V v_add_16(V a, V b) { return _mm512_add_epi16(a, b); }
HR_INLINE V v_add_pairs_16(V v, V add)
{
    return _mm512_add_epi32(add, _mm512_madd_epi16(v, _mm512_set1_epi16(1)));
}
#include "cpu/pair-sums-template.h"
#endif

/* The sum without its start, times scale; rounded once. scale has at most 20 significant bits, so
 * that its product with the start is exact and cancels exactly. (Scales of 2^104 and more, which
 * only a broken MXFP4 block has, give NaN.) */
HR_INLINE F f_scaled(V sum, F scale)
{
#ifdef __AVX512VNNI__
    const float start = 0x1.8p23f;
    return _mm512_fmadd_ps(_mm512_castsi512_ps(sum), scale,
                           _mm512_mul_ps(scale, _mm512_set1_ps(-start)));
#else
    return _mm512_mul_ps(_mm512_cvtepi32_ps(sum), scale);
#endif
}

/* ---- Rounding of activations ---- */

/* The bits of the largest magnitude of x[32]. As integers a NaN is larger than infinity, infinity
 * larger than any number. */
HR_INLINE uint32_t max_magnitude_bits(const float *x)
{
    const V magnitude = _mm512_set1_epi32(0x7fffffff);
    const V first = _mm512_and_si512(_mm512_loadu_si512(x), magnitude);
    const V last = _mm512_and_si512(_mm512_loadu_si512(x + 16), magnitude);
    return (uint32_t)_mm512_reduce_max_epi32(_mm512_max_epi32(first, last));
}

/* 16 of x times inverse to the nearest integers; returns their sum. */
HR_INLINE int round_16(const float *x, float inverse, int8_t *q)
{
    const V rounded =
        _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x), _mm512_set1_ps(inverse)));
    _mm_storeu_si128((__m128i *)(void *)q, _mm512_cvtepi32_epi8(rounded));
    return _mm512_reduce_add_epi32(rounded);
}
