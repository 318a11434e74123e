/* lanes-avx2.h: the operations that the kernel templates are written in, with AVX2, FMA and F16C,
 * and with AVX-VNNI where the compiler's flags allow it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * lanes-avx512.h has the same names. V is LANES dwords, F as many floats. Where a name speaks of
 * bytes it treats a V as 4 LANES bytes.
 */
#pragma once

#include "cpu/groups.h"
#include "cpu/inline.h"
#include "cpu/linear.h"

#include <immintrin.h>
#include <string.h>

#define LANES 8
typedef __m256i V;
typedef __m256 F;
typedef __m128i B;

/* ---- Integers ---- */

HR_INLINE V v_set_8(int value) { return _mm256_set1_epi8((char)value); }
HR_INLINE V v_set_32(int value) { return _mm256_set1_epi32(value); }
HR_INLINE V v_load(const void *p) { return _mm256_loadu_si256(p); }
/* LANES bytes, each as a dword. */
HR_INLINE V v_load_bytes(const uint8_t *p)
{
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p));
}
HR_INLINE V v_and(V a, V b) { return _mm256_and_si256(a, b); }
HR_INLINE V v_or(V a, V b) { return _mm256_or_si256(a, b); }
HR_INLINE V v_or_masked(V base, V bits, V mask) { return v_or(base, v_and(bits, mask)); }
HR_INLINE V v_add_8(V a, V b) { return _mm256_add_epi8(a, b); }
HR_INLINE V v_sub_32(V a, V b) { return _mm256_sub_epi32(a, b); }
HR_INLINE V v_min_32(V a, V b) { return _mm256_min_epi32(a, b); }
HR_INLINE V v_max_32(V a, V b) { return _mm256_max_epi32(a, b); }
HR_INLINE V v_left(V v, int by) { return _mm256_slli_epi32(v, by); }
HR_INLINE V v_right(V v, int by) { return _mm256_srli_epi32(v, by); }
HR_INLINE V v_right_signed(V v, int by) { return _mm256_srai_epi32(v, by); }
HR_INLINE V v_left_each(V v, V by) { return _mm256_sllv_epi32(v, by); }
HR_INLINE B b_load(const int8_t bytes[16])
{
    return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}
HR_INLINE B b_add(B bytes, int by) { return _mm_add_epi8(bytes, _mm_set1_epi8((char)by)); }
HR_INLINE V v_look_up_8(B table, V index)
{
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), index);
}
/* Bytes of each 16 by the same pattern. */
HR_INLINE V v_shuffle_8(V v, B pattern)
{
    return _mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(pattern));
}
/* v + add in bytes where bits and mask, a single bit, have a common bit. */
HR_INLINE V v_add_where(V v, V bits, V mask, V add)
{
    return v_add_8(v, v_and(_mm256_cmpeq_epi8(v_and(bits, mask), mask), add));
}

/* ---- Floats ---- */

HR_INLINE F f_zero(void) { return _mm256_setzero_ps(); }
HR_INLINE F f_set(float value) { return _mm256_set1_ps(value); }
HR_INLINE F f_from_v(V v) { return _mm256_cvtepi32_ps(v); }
HR_INLINE F f_from_bits(V v) { return _mm256_castsi256_ps(v); }
HR_INLINE F f_add(F a, F b) { return _mm256_add_ps(a, b); }
HR_INLINE F f_sub(F a, F b) { return _mm256_sub_ps(a, b); }
HR_INLINE F f_mul(F a, F b) { return _mm256_mul_ps(a, b); }
HR_INLINE F f_add_product(F sum, F a, F b) { return _mm256_fmadd_ps(a, b, sum); }
HR_INLINE F f_sub_product(F sum, F a, F b) { return _mm256_fnmadd_ps(a, b, sum); }

HR_INLINE F f_load_halves(const uint8_t *p)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)p));
}

/* The lower 16 bits of each lane, as halves. */
HR_INLINE F f_from_low_halves(V v)
{
    const V low = v_and(v, v_set_32(0xffff));
    const V packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, low), 0x08);
    return _mm256_cvtph_ps(_mm256_castsi256_si128(packed));
}

/* A mask of the first n lanes. */
HR_INLINE V first_lanes(size_t n)
{
    return _mm256_cmpgt_epi32(v_set_32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* The first n lanes, at most LANES; others are zero or untouched. */
HR_INLINE F f_load(const float *p, size_t n)
{
    return n == LANES ? _mm256_loadu_ps(p) : _mm256_maskload_ps(p, first_lanes(n));
}

HR_INLINE void f_store(float *p, size_t n, F v)
{
    if (n == LANES)
        _mm256_storeu_ps(p, v);
    else
        _mm256_maskstore_ps(p, first_lanes(n), v);
}

/* The sums of the lanes of four vectors, each by the same tree. */
HR_INLINE void f_sums(const F v[4], float to[4])
{
    const F sum_01 = _mm256_add_ps(_mm256_unpacklo_ps(v[0], v[1]), _mm256_unpackhi_ps(v[0], v[1]));
    const F sum_23 = _mm256_add_ps(_mm256_unpacklo_ps(v[2], v[3]), _mm256_unpackhi_ps(v[2], v[3]));
    const F sums = _mm256_add_ps(_mm256_shuffle_ps(sum_01, sum_23, 0x44),
                                 _mm256_shuffle_ps(sum_01, sum_23, 0xee));
    _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1)));
}

/* Weights i .. i + n of a row of floats, halves or bfloats, n at most LANES; the others are zero.
 * Reads nothing behind them. */
HR_INLINE F f_load_weights(HrType type, const uint8_t *row, size_t i, size_t n)
{
    if (type == HR_TYPE_F32)
        return f_load((const float *)(const void *)(row + 4 * i), n);
    __m128i half = _mm_setzero_si128();
    if (n == LANES)
        half = _mm_loadu_si128((const __m128i *)(const void *)(row + 2 * i));
    else
        memcpy(&half, row + 2 * i, 2 * n);
    if (type == HR_TYPE_F16)
        return _mm256_cvtph_ps(half);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
}

/* ---- Transposed loads ---- */

/* 16 bytes of LANES rows: lane r of t[i] is dword i of row r. */
HR_INLINE void load_16_bytes(const uint8_t *p, size_t stride, V t[4])
{
    V a[4];

    HR_UNROLL(4)
    for (int i = 0; i < 4; i++) { /* rows i and i + 4 */
        const uint8_t *row = p + (size_t)i * stride;
        a[i] = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)row));
        a[i] = _mm256_inserti128_si256(
            a[i], _mm_loadu_si128((const __m128i *)(const void *)(row + 4 * stride)), 1);
    }
    const V low_01 = _mm256_unpacklo_epi32(a[0], a[1]), high_01 = _mm256_unpackhi_epi32(a[0], a[1]);
    const V low_23 = _mm256_unpacklo_epi32(a[2], a[3]), high_23 = _mm256_unpackhi_epi32(a[2], a[3]);
    t[0] = _mm256_unpacklo_epi64(low_01, low_23);
    t[1] = _mm256_unpackhi_epi64(low_01, low_23);
    t[2] = _mm256_unpacklo_epi64(high_01, high_23);
    t[3] = _mm256_unpackhi_epi64(high_01, high_23);
}

/* The dword at p of LANES rows. Not a gather: that is slow on many processors of this set. */
HR_INLINE V load_dwords(const uint8_t *p, size_t stride)
{
    int32_t dword[LANES];

    HR_UNROLL(8)
    for (int r = 0; r < LANES; r++)
        memcpy(&dword[r], p + (size_t)r * stride, sizeof dword[r]);
    return _mm256_setr_epi32(dword[0], dword[1], dword[2], dword[3], dword[4], dword[5], dword[6],
                             dword[7]);
}

/* ---- Byte products ---- */

/* How far signed weights of a kind are raised in panels, and START: see lanes-avx512.h. */
#ifdef __AVXVNNI__
#define RAISED_32 128
#define RAISED_16 128
#define RAISED_WIDE 128
#define START 0x4b400000
#else
#include "cpu/pair-sums.h"
#endif

/* Widest tiles of columns with one panel and with two: sums, integer sums, weights and a column fit
 * in the 16 registers, nearly. */
#define COLUMNS_1 6
#define COLUMNS_2 3
/* Tile of rows and columns of float weights: their sums, the rows' weights and a column fit in the
 * registers. */
#define FLOAT_ROWS 4
#define FLOAT_COLUMNS 3

HR_INLINE V broadcast_4(const int8_t *q)
{
    int32_t four;
    memcpy(&four, q, sizeof four);
    return v_set_32(four);
}

/* dot[p][c] += n_steps dwords of panel p, of n_panels that are panel_step apart, times those of
 * column c, of n_cols, from byte first of its group on. raised: how far these weights are; with
 * minima: RAISED_32, as they have at most 5 bits. */
#ifdef __AVXVNNI__
HR_INLINE void add_products(const V *q, size_t panel_step, int n_panels, const uint8_t *groups,
                            size_t stride, int first, int n_steps, int n_cols, int raised,
                            V dot[][COLUMNS_1])
{
    HR_UNROLL(8)
    for (int i = 0; i < n_steps; i++) {
        HR_UNROLL(8)
        for (int c = 0; c < n_cols; c++) {
            const V x = broadcast_4(hr_group_of(groups, stride, c)->q + first + 4 * i);
            HR_UNROLL(2)
            for (int p = 0; p < n_panels; p++)
                dot[p][c] =
                    _mm256_dpbusd_avx_epi32(dot[p][c], q[(size_t)p * panel_step + (size_t)i], x);
        }
    }
}
#else
/* Sums of two products of bytes, in 16 bits. */
HR_INLINE V pair_products(V w, V x, int raised)
{
    return raised == RAISED_WIDE ? _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w))
                                 : _mm256_maddubs_epi16(w, x);
}

HR_INLINE V v_add_16(V a, V b) { return _mm256_add_epi16(a, b); }
HR_INLINE V v_add_pairs_16(V v, V add)
{
    return _mm256_add_epi32(add, _mm256_madd_epi16(v, _mm256_set1_epi16(1)));
}
#include "cpu/pair-sums-template.h"
#endif

/* The sum without its start, times scale; rounded once. With VNNI see lanes-avx512.h. */
HR_INLINE F f_scaled(V sum, F scale)
{
#ifdef __AVXVNNI__
    const float start = 0x1.8p23f;
    return _mm256_fmadd_ps(_mm256_castsi256_ps(sum), scale,
                           _mm256_mul_ps(scale, _mm256_set1_ps(-start)));
#else
    return _mm256_mul_ps(_mm256_cvtepi32_ps(sum), scale);
#endif
}

/* ---- Rounding of activations ---- */

/* The bits of the largest magnitude of x[32]. As integers a NaN is larger than infinity, infinity
 * larger than any number. */
HR_INLINE uint32_t max_magnitude_bits(const float *x)
{
    V most = _mm256_setzero_si256();

    HR_UNROLL(4)
    for (int i = 0; i < HR_GROUP; i += LANES)
        most = v_max_32(most, v_and(_mm256_loadu_si256((const V *)(const void *)(x + i)),
                                    v_set_32(0x7fffffff)));
    __m128i by_4 = _mm_max_epi32(_mm256_castsi256_si128(most), _mm256_extracti128_si256(most, 1));
    by_4 = _mm_max_epi32(by_4, _mm_shuffle_epi32(by_4, 0x4e));
    by_4 = _mm_max_epi32(by_4, _mm_shuffle_epi32(by_4, 0xb1));
    return (uint32_t)_mm_cvtsi128_si32(by_4);
}

/* 16 of x times inverse to the nearest integers; returns their sum. */
HR_INLINE int round_16(const float *x, float inverse, int8_t *q)
{
    const V low = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x), _mm256_set1_ps(inverse)));
    const V high =
        _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + 8), _mm256_set1_ps(inverse)));
    const V words = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
    const __m128i bytes =
        _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    __m128i sum = _mm_madd_epi16(_mm_add_epi16(_mm256_castsi256_si128(words),
                                               _mm256_extracti128_si256(words, 1)),
                                 _mm_set1_epi16(1));

    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
    _mm_storeu_si128((__m128i *)(void *)q, bytes);
    return _mm_cvtsi128_si32(sum);
}
