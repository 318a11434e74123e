/* kv-codec.h: one position of a head into a block of the cache; shared by the plain and the wide
 * kernels.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Layouts are in kv/layout.h. A key's values lie stride 64 apart, a value's side by side; the
 * group's scale and nibble arithmetic is that of the Q8_0 and Q4_0 block types.
 */
#pragma once

#include "cpu/half.h"
#include "kv/layout.h"

#include <math.h>
#ifdef __F16C__
#include <immintrin.h>
#endif

#define P HR_PAGE_POSITIONS

/* The same rounding as hr_float_to_half, by the hardware where it can. */
static inline uint16_t hr_kv_half(float x)
{
#if defined(__F16C__)
    return (uint16_t)_cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT);
#elif defined(__aarch64__)
    const __fp16 half = (__fp16)x;
    uint16_t bits;
    memcpy(&bits, &half, sizeof bits);
    return bits;
#else
    return hr_float_to_half(x);
#endif
}

/* A cache value beyond the range of f16 would be infinite, and 0 x infinity poisons every later
 * row. */
static inline float hr_kv_clamp(float x)
{
    return x > 65504.0f ? 65504.0f : x < -65504.0f ? -65504.0f : x;
}

/* q[i * stride] = round(x[i] / d); returns d as f16. */
static inline uint16_t hr_kv_round8(const float *x, int8_t *q, uint32_t stride)
{
    float max = 0;
    for (uint32_t i = 0; i < HR_KV_GROUP; i++)
        max = fmaxf(max, fabsf(x[i]));
    float d = hr_kv_clamp(max / 127), inverse = d > 0 ? 1 / d : 0;
    for (uint32_t i = 0; i < HR_KV_GROUP; i++)
        q[i * stride] = (int8_t)lrintf(fminf(fmaxf(x[i] * inverse, -127), 127));
    return hr_kv_half(d);
}

/* How well x[i] is met by multiples of a step, -8 to 7 times: the squared error that the best step
 * leaves is sum x^2 - gain. */
typedef struct {
    float step, gain;
} HrKvFit;

/* The whole multiple of a step that x is nearest to, plus 8. */
static inline int hr_kv_nibble(float x, float inverse)
{
    float v = x * inverse + 8.5f;
    v = v > 0 ? v : 0;
    return (int)(v < 15.5f ? v : 15.5f);
}

static inline HrKvFit hr_kv_fit4(const float *x, float inverse)
{
    float xq[8] = {0}, sum = 0;
    int qq[8] = {0}, squares = 0;
    for (uint32_t i = 0; i < HR_KV_GROUP; i += 8)
        for (uint32_t l = 0; l < 8; l++) {
            int q = hr_kv_nibble(x[i + l], inverse) - 8;
            xq[l] += x[i + l] * (float)q;
            qq[l] += q * q;
        }
    for (uint32_t l = 0; l < 8; l++) {
        sum += xq[l];
        squares += qq[l];
    }
    return squares > 0 ? (HrKvFit){sum / (float)squares, sum * sum / (float)squares}
                       : (HrKvFit){0, 0};
}

/* Two values a byte: i in the low nibble, i + 16 in the high one. The step that takes the largest
 * value to -8 is rarely the best for the other 31: steps down to two thirds of it are tried, which
 * clip that value, and the one that leaves the least squared error is taken. */
static inline uint16_t hr_kv_round4(const float *x, uint8_t *q, uint32_t stride)
{
    static const float stretches[] = {8, 8.7f, 7.3f, 9.4f, 10.2f, 11, 12};
    HrKvFit best = {0, 0};
    float max = 0, inverse = 0;
    for (uint32_t i = 0; i < HR_KV_GROUP; i++)
        if (fabsf(x[i]) > fabsf(max))
            max = x[i];
    for (uint32_t i = 0; max != 0 && i < G_N_ELEMENTS(stretches); i++) {
        HrKvFit fit = hr_kv_fit4(x, -stretches[i] / max);
        if (fit.gain > best.gain) {
            best = fit;
            inverse = -stretches[i] / max;
        }
    }
    for (uint32_t i = 0; i < HR_KV_GROUP / 2; i++)
        q[i * stride] =
            (uint8_t)(hr_kv_nibble(x[i], inverse) | hr_kv_nibble(x[i + 16], inverse) << 4);
    return hr_kv_half(hr_kv_clamp(best.step));
}

static inline void hr_kv_store_key(HrKvType type, const float *key, uint32_t dk, uint32_t j,
                                   void *block)
{
    if (type == HR_KV_F32) {
        for (uint32_t d = 0; d < dk; d++)
            ((float *)block)[d * P + j] = key[d];
    } else if (type == HR_KV_F16) {
        for (uint32_t d = 0; d < dk; d++)
            ((uint16_t *)block)[d * P + j] = hr_kv_half(hr_kv_clamp(key[d]));
    } else if (type == HR_KV_Q8_0) {
        uint16_t *scales = (uint16_t *)((char *)block + dk * P);
        for (uint32_t g = 0; g < dk / HR_KV_GROUP; g++)
            scales[g * P + j] =
                hr_kv_round8(key + g * HR_KV_GROUP, (int8_t *)block + g * HR_KV_GROUP * P + j, P);
    } else {
        uint16_t *scales = (uint16_t *)((char *)block + dk / 2 * P);
        for (uint32_t g = 0; g < dk / HR_KV_GROUP; g++)
            scales[g * P + j] = hr_kv_round4(key + g * HR_KV_GROUP,
                                             (uint8_t *)block + g * HR_KV_GROUP / 2 * P + j, P);
    }
}

static inline void hr_kv_store_value(HrKvType type, const float *value, uint32_t dv, uint32_t j,
                                     void *block)
{
    if (type == HR_KV_F32) {
        memcpy((float *)block + j * dv, value, dv * sizeof(float));
    } else if (type == HR_KV_F16) {
        for (uint32_t d = 0; d < dv; d++)
            ((uint16_t *)block)[j * dv + d] = hr_kv_half(hr_kv_clamp(value[d]));
    } else if (type == HR_KV_Q8_0) {
        uint16_t *scales = (uint16_t *)((char *)block + dv * P) + j * (dv / HR_KV_GROUP);
        for (uint32_t g = 0; g < dv / HR_KV_GROUP; g++)
            scales[g] = hr_kv_round8(value + g * HR_KV_GROUP,
                                     (int8_t *)block + j * dv + g * HR_KV_GROUP, 1);
    } else {
        uint16_t *scales = (uint16_t *)((char *)block + dv / 2 * P) + j * (dv / HR_KV_GROUP);
        for (uint32_t g = 0; g < dv / HR_KV_GROUP; g++)
            scales[g] = hr_kv_round4(value + g * HR_KV_GROUP,
                                     (uint8_t *)block + j * (dv / 2) + g * HR_KV_GROUP / 2, 1);
    }
}

/* In place; n / block transforms of block values each, block the largest power of two that divides
 * n. */
static inline void hr_kv_rotate(float *x, uint32_t n)
{
    uint32_t block = n & -n;
    float scale = 1 / sqrtf((float)block);
    for (uint32_t half = 1; half < block; half *= 2)
        for (uint32_t i = 0; i < n; i += 2 * half)
            for (uint32_t j = i; j < i + half; j++) {
                float a = x[j], b = x[j + half];
                x[j] = a + b;
                x[j + half] = a - b;
            }
    for (uint32_t i = 0; i < n; i++)
        x[i] *= scale;
}

static inline void hr_rope_head(HrRopeKind kind, uint32_t n_rot, const float *table, float *head)
{
    uint32_t half = n_rot / 2, step = kind == HR_ROPE_NORM ? 2 : 1,
             other = kind == HR_ROPE_NORM ? 1 : half;
    for (uint32_t i = 0; i < half; i++) {
        float a = head[i * step], b = head[i * step + other];
        head[i * step] = a * table[i] - b * table[half + i];
        head[i * step + other] = a * table[half + i] + b * table[i];
    }
}
