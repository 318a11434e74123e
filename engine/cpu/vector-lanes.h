/* vector-lanes.h: what vector-wide.c asks of an instruction set: a register of floats, and how
 * halves, bytes and nibbles get into one.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Everything else is the compiler's vector extension. Loads of LANES elements; they need no
 * alignment beyond an element's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
#define LANES 16
#define TILE_COLS 4 /* vectors of a tile of attention's sums: see vector-wide.c */
#elif defined(__AVX2__)
#define LANES 8
#define TILE_COLS 2
#elif defined(__aarch64__)
#define LANES 4
#define TILE_COLS 4
#endif

#ifdef __aarch64__
#include <arm_neon.h>
#else
#include <immintrin.h>
#endif

typedef float V __attribute__((vector_size(LANES * 4)));
typedef int32_t VI __attribute__((vector_size(LANES * 4)));
typedef float VU __attribute__((vector_size(LANES * 4), aligned(4)));

#ifdef __aarch64__

static inline V splat(float x)
{
    return (V)vdupq_n_f32(x);
}

static inline V load_half(const uint16_t *x)
{
    return (V)vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(x)));
}

/* The first LANES of eight signed bytes. */
static inline V widen(int8x8_t bytes)
{
    return (V)vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(bytes))));
}

static inline int8x8_t load_bytes(const void *x)
{
    int32_t four;
    memcpy(&four, x, sizeof four);
    return vreinterpret_s8_s32(vdup_n_s32(four));
}

static inline V load_int8(const int8_t *x)
{
    return widen(load_bytes(x));
}

static inline V load_nibbles(const uint8_t *x, bool high)
{
    const uint8x8_t bytes = vreinterpret_u8_s8(load_bytes(x));
    const uint8x8_t nibbles = high ? vshr_n_u8(bytes, 4) : vand_u8(bytes, vdup_n_u8(15));
    return widen(vsub_s8(vreinterpret_s8_u8(nibbles), vdup_n_s8(8)));
}

#else

static inline V splat(float x)
{
#if defined(__AVX512F__)
    return (V)_mm512_set1_ps(x);
#else
    return (V)_mm256_set1_ps(x);
#endif
}

static inline V load_half(const uint16_t *x)
{
#if defined(__AVX512F__)
    return (V)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)x));
#else
    return (V)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)x));
#endif
}

/* The first bytes as floats; written out because compilers take the plain conversion lane by lane.
 */
static inline V widen(__m128i bytes)
{
#if defined(__AVX512F__)
    return (V)_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
#else
    return (V)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
#endif
}

static inline __m128i load_bytes(const void *x)
{
#if LANES == 16
    return _mm_loadu_si128(x);
#else
    return _mm_loadl_epi64(x);
#endif
}

static inline V load_int8(const int8_t *x)
{
    return widen(load_bytes(x));
}

static inline V load_nibbles(const uint8_t *x, bool high)
{
    __m128i bytes = load_bytes(x);
    bytes = _mm_and_si128(high ? _mm_srli_epi16(bytes, 4) : bytes, _mm_set1_epi8(15));
    return widen(_mm_sub_epi8(bytes, _mm_set1_epi8(8)));
}

#endif
