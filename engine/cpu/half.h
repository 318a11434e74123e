/* half.h: exact conversions between float and the 16-bit and 8-bit float formats, in plain C.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Infinities, NaNs (kept quiet), signed zeros and denormals are carried over; narrowing rounds to
 * nearest, ties to even. Thread-safety: Safe.
 */
#pragma once

#include <stdint.h>
#include <string.h>

static inline float hr_float_from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t hr_float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* IEEE 754 binary16. */
static inline float hr_half_to_float(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    const uint32_t magnitude = half & 0x7fffu;

    if (magnitude >=
        0x7c00u) { /* infinity, or a NaN made quiet as the hardware's conversion does */
        const uint32_t quiet = magnitude > 0x7c00u ? 0x400000u : 0;
        return hr_float_from_bits(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13 | quiet);
    }
    if (magnitude < 0x0400u) { /* zero and denormals: a multiple of 2^-24, exact in a float */
        const float value = (float)magnitude * 0x1p-24f;
        return hr_float_from_bits(sign | hr_float_bits(value));
    }
    return hr_float_from_bits(sign | ((magnitude << 13) + ((127 - 15) << 23)));
}

static inline uint16_t hr_float_to_half(float value)
{
    const uint32_t bits = hr_float_bits(value);
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000u);
    const uint32_t magnitude = bits & 0x7fffffffu;

    if (magnitude > 0x7f800000u)
        return sign | 0x7e00u | (uint16_t)(magnitude >> 13 & 0x3ffu);
    if (magnitude >= 0x477ff000u) /* rounds to 65536 or more */
        return sign | 0x7c00u;
    if (magnitude < 0x38800000u) /* below 2^-14: adding 1/2 leaves the rounded multiple of 2^-24 in
                                    the low bits */
        return sign | (uint16_t)(hr_float_bits(hr_float_from_bits(magnitude) + 0.5f) - 0x3f000000u);
    return sign |
           (uint16_t)((magnitude - ((127 - 15) << 23) + 0xfffu + (magnitude >> 13 & 1)) >> 13);
}

/* bfloat16: the upper half of a float. */
static inline float hr_bfloat_to_float(uint16_t value)
{
    return hr_float_from_bits((uint32_t)value << 16);
}

static inline uint16_t hr_float_to_bfloat(float value)
{
    const uint32_t bits = hr_float_bits(value);

    if ((bits & 0x7fffffffu) > 0x7f800000u)
        return (uint16_t)(bits >> 16 | 0x40u);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}

/* Half of the power of two that an E8M0 byte stands for: 2^(e - 128). The halving pays for element
 * tables that hold twice the value. The first two are denormal floats. */
static inline float hr_e8m0_half_to_float(uint8_t e)
{
    return hr_float_from_bits(e < 2 ? 0x00200000u << e : (uint32_t)(e - 1) << 23);
}
