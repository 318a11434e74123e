/* lanes-neon.h: the operations that the kernel templates are written in, with NEON, which every
 * 64-bit Arm processor has, and with its byte products (dotprod) where the compiler's flags allow
 * them.
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

#include <arm_neon.h>
#include <string.h>

#define LANES 4
typedef int32x4_t V;
typedef float32x4_t F;
typedef int8x16_t B;

/* ---- Integers ---- */

HR_INLINE V v_set_8(int value) { return vreinterpretq_s32_s8(vdupq_n_s8((int8_t)value)); }
HR_INLINE V v_set_32(int value) { return vdupq_n_s32(value); }
HR_INLINE V v_load(const void *p) { return vreinterpretq_s32_u8(vld1q_u8(p)); }
/* LANES bytes, each as a dword. */
HR_INLINE V v_load_bytes(const uint8_t *p)
{
    uint32_t four;
    memcpy(&four, p, sizeof four);
    const uint8x8_t bytes = vreinterpret_u8_u32(vdup_n_u32(four));
    return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(bytes))));
}
HR_INLINE V v_and(V a, V b) { return vandq_s32(a, b); }
HR_INLINE V v_or(V a, V b) { return vorrq_s32(a, b); }
HR_INLINE V v_or_masked(V base, V bits, V mask) { return v_or(base, v_and(bits, mask)); }
HR_INLINE V v_add_8(V a, V b)
{
    return vreinterpretq_s32_s8(vaddq_s8(vreinterpretq_s8_s32(a), vreinterpretq_s8_s32(b)));
}
HR_INLINE V v_sub_32(V a, V b) { return vsubq_s32(a, b); }
HR_INLINE V v_min_32(V a, V b) { return vminq_s32(a, b); }
HR_INLINE V v_max_32(V a, V b) { return vmaxq_s32(a, b); }
/* By a constant: operators rather than intrinsics, which take nothing but literals. */
HR_INLINE V v_left(V v, int by) { return (V)((uint32x4_t)v << (uint32_t)by); }
HR_INLINE V v_right(V v, int by) { return (V)((uint32x4_t)v >> (uint32_t)by); }
HR_INLINE V v_right_signed(V v, int by) { return v >> by; }
HR_INLINE V v_left_each(V v, V by) { return vshlq_s32(v, by); }
HR_INLINE B b_load(const int8_t bytes[16]) { return vld1q_s8(bytes); }
HR_INLINE B b_add(B bytes, int by) { return vaddq_s8(bytes, vdupq_n_s8((int8_t)by)); }
HR_INLINE V v_look_up_8(B table, V index)
{
    return vreinterpretq_s32_s8(vqtbl1q_s8(table, vreinterpretq_u8_s32(index)));
}
/* Bytes of each 16 by the same pattern. */
HR_INLINE V v_shuffle_8(V v, B pattern)
{
    return vreinterpretq_s32_s8(vqtbl1q_s8(vreinterpretq_s8_s32(v), vreinterpretq_u8_s8(pattern)));
}
/* v + add in bytes where bits and mask have a common bit. */
HR_INLINE V v_add_where(V v, V bits, V mask, V add)
{
    const uint8x16_t common = vtstq_u8(vreinterpretq_u8_s32(bits), vreinterpretq_u8_s32(mask));
    return v_add_8(v, v_and(vreinterpretq_s32_u8(common), add));
}

/* ---- Floats ---- */

HR_INLINE F f_zero(void) { return vdupq_n_f32(0); }
HR_INLINE F f_set(float value) { return vdupq_n_f32(value); }
HR_INLINE F f_from_v(V v) { return vcvtq_f32_s32(v); }
HR_INLINE F f_from_bits(V v) { return vreinterpretq_f32_s32(v); }
HR_INLINE F f_add(F a, F b) { return vaddq_f32(a, b); }
HR_INLINE F f_sub(F a, F b) { return vsubq_f32(a, b); }
HR_INLINE F f_mul(F a, F b) { return vmulq_f32(a, b); }
HR_INLINE F f_add_product(F sum, F a, F b) { return vfmaq_f32(sum, a, b); }
HR_INLINE F f_sub_product(F sum, F a, F b) { return vfmsq_f32(sum, a, b); }

HR_INLINE F f_from_halves(uint16x4_t halves)
{
    return vcvt_f32_f16(vreinterpret_f16_u16(halves));
}
HR_INLINE F f_load_halves(const uint8_t *p)
{
    return f_from_halves(vreinterpret_u16_u8(vld1_u8(p)));
}
/* The lower 16 bits of each lane, as halves. */
HR_INLINE F f_from_low_halves(V v) { return f_from_halves(vmovn_u32(vreinterpretq_u32_s32(v))); }

/* The first n lanes, at most LANES; others are zero or untouched. */
HR_INLINE F f_load(const float *p, size_t n)
{
    if (n == LANES)
        return vld1q_f32(p);
    float lanes[LANES] = {0};
    memcpy(lanes, p, n * sizeof *lanes);
    return vld1q_f32(lanes);
}

HR_INLINE void f_store(float *p, size_t n, F v)
{
    if (n == LANES) {
        vst1q_f32(p, v);
        return;
    }
    float lanes[LANES];
    vst1q_f32(lanes, v);
    memcpy(p, lanes, n * sizeof *lanes);
}

/* The sums of the lanes of four vectors, each by the same tree. */
HR_INLINE void f_sums(const F v[4], float to[4])
{
    vst1q_f32(to, vpaddq_f32(vpaddq_f32(v[0], v[1]), vpaddq_f32(v[2], v[3])));
}

/* Weights i .. i + n of a row of floats, halves or bfloats, n at most LANES; the others are zero.
 * Reads nothing behind them. */
HR_INLINE F f_load_weights(HrType type, const uint8_t *row, size_t i, size_t n)
{
    if (type == HR_TYPE_F32)
        return f_load((const float *)(const void *)(row + 4 * i), n);
    uint8_t bytes[2 * LANES] = {0};
    memcpy(bytes, row + 2 * i, 2 * n);
    const uint16x4_t halves = vreinterpret_u16_u8(vld1_u8(bytes));
    if (type == HR_TYPE_F16)
        return f_from_halves(halves);
    return vreinterpretq_f32_u32(vshll_n_u16(halves, 16));
}

/* ---- Transposed loads ---- */

/* 16 bytes of LANES rows: lane r of t[i] is dword i of row r. */
HR_INLINE void load_16_bytes(const uint8_t *p, size_t stride, V t[4])
{
    const V row[4] = {v_load(p), v_load(p + stride), v_load(p + 2 * stride),
                      v_load(p + 3 * stride)};
    const int64x2_t even_01 = vreinterpretq_s64_s32(vtrn1q_s32(row[0], row[1])),
                    odd_01 = vreinterpretq_s64_s32(vtrn2q_s32(row[0], row[1])),
                    even_23 = vreinterpretq_s64_s32(vtrn1q_s32(row[2], row[3])),
                    odd_23 = vreinterpretq_s64_s32(vtrn2q_s32(row[2], row[3]));

    t[0] = vreinterpretq_s32_s64(vtrn1q_s64(even_01, even_23));
    t[1] = vreinterpretq_s32_s64(vtrn1q_s64(odd_01, odd_23));
    t[2] = vreinterpretq_s32_s64(vtrn2q_s64(even_01, even_23));
    t[3] = vreinterpretq_s32_s64(vtrn2q_s64(odd_01, odd_23));
}

/* The dword at p of LANES rows. */
HR_INLINE V load_dwords(const uint8_t *p, size_t stride)
{
    int32_t dword[LANES];

    HR_UNROLL(4)
    for (int r = 0; r < LANES; r++)
        memcpy(&dword[r], p + (size_t)r * stride, sizeof dword[r]);
    return (V){dword[0], dword[1], dword[2], dword[3]};
}

/* ---- Byte products ---- */

/* How far signed weights of a kind are raised in panels. dotprod multiplies signed bytes. Without
 * it products are summed in 16 bits, in which a whole group's have room unless the weights are
 * wide: RAISED_WIDE is what tells those apart. */
#ifdef __ARM_FEATURE_DOTPROD
#define RAISED_32 0
#define RAISED_16 0
#else
#define RAISED_32 16  /* of at most 5 bits, in groups of 32 */
#define RAISED_16 32  /* of at most 6 bits, in groups of 16 */
#endif
#define RAISED_WIDE 0 /* of 8 bits */
#define START 0       /* what integer sums start from */

/* Widest tiles of columns with one panel and with two: sums, integer sums, weights and columns fit
 * in the 32 registers. */
#define COLUMNS_1 8
#define COLUMNS_2 4
/* Tile of rows and columns of float weights: their sums, the rows' weights and a column fit in the
 * registers. */
#define FLOAT_ROWS 4
#define FLOAT_COLUMNS 6

/* dot[p][c] += n_steps dwords of panel p, of n_panels that are panel_step apart, times those of
 * column c, of n_cols, from byte first of its group on. raised: how far these weights are; with
 * minima: RAISED_32, as they have at most 5 bits. */
#ifdef __ARM_FEATURE_DOTPROD
/* sum + the bytes of each lane of w times those of one lane of x, which the instruction names. */
HR_INLINE V add_dots(V sum, V w, int8x16_t x, int lane)
{
    const int8x16_t bytes = vreinterpretq_s8_s32(w);

    switch (lane) {
    case 0: return vdotq_laneq_s32(sum, bytes, x, 0);
    case 1: return vdotq_laneq_s32(sum, bytes, x, 1);
    case 2: return vdotq_laneq_s32(sum, bytes, x, 2);
    default: return vdotq_laneq_s32(sum, bytes, x, 3);
    }
}

HR_INLINE void add_products(const V *q, size_t panel_step, int n_panels, const uint8_t *groups,
                            size_t stride, int first, int n_steps, int n_cols, int raised,
                            V dot[][COLUMNS_1])
{
    HR_UNROLL(2)
    for (int i = 0; i < n_steps; i += 4) {
        int8x16_t x[COLUMNS_1];
        HR_UNROLL(8)
        for (int c = 0; c < n_cols; c++)
            x[c] = vld1q_s8(hr_group_of(groups, stride, c)->q + first + 4 * i);
        HR_UNROLL(4)
        for (int j = 0; j < 4; j++) {
            HR_UNROLL(2)
            for (int p = 0; p < n_panels; p++) {
                const V w = q[(size_t)p * panel_step + (size_t)(i + j)];
                HR_UNROLL(8)
                for (int c = 0; c < n_cols; c++)
                    dot[p][c] = add_dots(dot[p][c], w, x[c], j);
            }
        }
    }
}
#else
/* How many products of unsigned weights, below twice raised or 32, times -127 .. 127 stay within 16
 * bits; of wide weights signed ones. */
HR_INLINE int products_at_most(int raised)
{
    return raised == RAISED_16 ? 4 : raised == RAISED_WIDE ? 2 : 8;
}
static_assert(8 * 31 * 127 <= INT16_MAX && 4 * 63 * 127 <= INT16_MAX &&
                  2 * 128 * 127 <= INT16_MAX,
              "sums of byte products must not wrap");

/* Sums in 16 bits: those of rows 0 and 1 in low, of rows 2 and 3 in high, four of each. */
typedef struct {
    int16x8_t low, high;
} Products;

HR_INLINE Products first_products(V w, int8x16_t x)
{
    const int8x16_t bytes = vreinterpretq_s8_s32(w);
    return (Products){vmull_s8(vget_low_s8(bytes), vget_low_s8(x)), vmull_high_s8(bytes, x)};
}

HR_INLINE Products more_products(Products sums, V w, int8x16_t x)
{
    const int8x16_t bytes = vreinterpretq_s8_s32(w);
    return (Products){vmlal_s8(sums.low, vget_low_s8(bytes), vget_low_s8(x)),
                      vmlal_high_s8(sums.high, bytes, x)};
}

HR_INLINE V row_sums(Products sums)
{
    return vpaddq_s32(vpaddlq_s16(sums.low), vpaddlq_s16(sums.high));
}

HR_INLINE void add_products(const V *q, size_t panel_step, int n_panels, const uint8_t *groups,
                            size_t stride, int first, int n_steps, int n_cols, int raised,
                            V dot[][COLUMNS_1])
{
    const int most = products_at_most(raised), at_once = most < n_steps ? most : n_steps;

    HR_UNROLL(8)
    for (int i = 0; i < n_steps; i += at_once) {
        HR_UNROLL(8)
        for (int c = 0; c < n_cols; c++) {
            Products sums[2];
            HR_UNROLL(8)
            for (int j = i; j < i + at_once; j++) {
                int32_t four;
                memcpy(&four, hr_group_of(groups, stride, c)->q + first + 4 * j, sizeof four);
                const int8x16_t x = vreinterpretq_s8_s32(vdupq_n_s32(four));
                HR_UNROLL(2)
                for (int p = 0; p < n_panels; p++) {
                    const V w = q[(size_t)p * panel_step + (size_t)j];
                    sums[p] = j == i ? first_products(w, x) : more_products(sums[p], w, x);
                }
            }
            HR_UNROLL(2)
            for (int p = 0; p < n_panels; p++)
                dot[p][c] = vaddq_s32(dot[p][c], row_sums(sums[p]));
        }
    }
}
#endif

/* The sum times scale; rounded once. */
HR_INLINE F f_scaled(V sum, F scale)
{
    return vmulq_f32(vcvtq_f32_s32(sum), scale);
}

/* ---- Rounding of activations ---- */

/* The bits of the largest magnitude of x[32]. As integers a NaN is larger than infinity, infinity
 * larger than any number. */
HR_INLINE uint32_t max_magnitude_bits(const float *x)
{
    V most = v_set_32(0);

    HR_UNROLL(8)
    for (int i = 0; i < HR_GROUP; i += LANES)
        most = v_max_32(most, v_and(vreinterpretq_s32_f32(vld1q_f32(x + i)),
                                    v_set_32(0x7fffffff)));
    return (uint32_t)vmaxvq_s32(most);
}

/* 8 of x times inverse to the nearest integers. */
HR_INLINE int16x8_t round_8(const float *x, float inverse)
{
    const V low = vcvtnq_s32_f32(vmulq_f32(vld1q_f32(x), f_set(inverse)));
    const V high = vcvtnq_s32_f32(vmulq_f32(vld1q_f32(x + 4), f_set(inverse)));
    return vmovn_high_s32(vmovn_s32(low), high);
}

/* 16 of x times inverse to the nearest integers; returns their sum. */
HR_INLINE int round_16(const float *x, float inverse, int8_t *q)
{
    const int16x8_t low = round_8(x, inverse), high = round_8(x + 8, inverse);

    vst1q_s8(q, vmovn_high_s16(vmovn_s16(low), high));
    return vaddvq_s16(vaddq_s16(low, high));
}
