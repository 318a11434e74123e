/* exp.h: exponentials of what is at most 0, many at once.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * In plain arithmetic that compilers turn into vector code, the same bits on every machine.
 */
#pragma once

#include <stdint.h>
#include <string.h>

/* exp(x) is nothing beside exp(0) below it. */
#define HR_EXP_LEAST -87.0f

/* exp(x) for x in [HR_EXP_LEAST, 0] by 2^k times a polynomial; the relative error is 1e-6. */
static inline float hr_exp_negative(float x)
{
    const float shift =
        0x1.8p23f; /* adding it rounds to an integer, which then stands in the low bits */
    float scaled = x * 1.44269504f + shift;
    float k = scaled - shift;
    float r = x - k * 0.693359375f + k * 2.12194440e-4f; /* ln 2 in two parts */
    float tail = 1.66666667e-1f + r * (4.16666667e-2f + r * (8.33333333e-3f + r * 1.38888889e-3f));
    float p = 1 + r * (1 + r * (0.5f + r * tail));
    uint32_t bits;
    float power;

    memcpy(&bits, &scaled, sizeof bits);
    bits = (bits + 127) << 23;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}
