/* logprobs.c: see logprobs.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/logprobs.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define BLOCK 16

/* exp(x) for x in [-87, 0] by 2^k times a polynomial, in a form that compilers turn into vector code. */
static inline float exp_negative(float x)
{
    const float shift = 0x1.8p23f; /* adding it rounds to an integer, which then stands in the low bits */
    float scaled = x * 1.44269504f + shift;
    float k = scaled - shift;
    float r = x - k * 0.693359375f + k * 2.12194440e-4f; /* ln 2 in two parts */
    float p = 1 + r * (1 + r * (0.5f + r * (1.66666667e-1f + r * (4.16666667e-2f + r * (8.33333333e-3f + r * 1.38888889e-3f)))));
    uint32_t bits;
    float power;

    memcpy(&bits, &scaled, sizeof bits);
    bits = (bits + 127) << 23;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

static float clean(float logit)
{
    return logit > -FLT_MAX ? (logit < FLT_MAX ? logit : FLT_MAX) : -FLT_MAX; /* NaN becomes the least */
}

static float max_of(const float *logits, size_t n)
{
    float max = -INFINITY;

    for (size_t i = 0; i < n; i++)
        if (logits[i] > max)
            max = logits[i];
    return max;
}

/* Sum of exp(logits - max) over one block. */
static float sum_block(const float *logits, float max)
{
    float terms[BLOCK], sum = 0;

    for (int i = 0; i < BLOCK; i++) {
        float x = clean(logits[i]) - max;

        x = x > -87.0f ? x : -87.0f; /* e^-87 is nothing beside the e^0 that is there */
        terms[i] = exp_negative(x);
    }
    for (int i = 0; i < BLOCK; i++)
        sum += terms[i];
    return sum;
}

double hr_log_sum_exp(const float *logits, size_t n)
{
    float max = max_of(logits, n), tail[BLOCK];
    double sum = 0;
    size_t i = 0;

    if (max == -INFINITY)
        return -INFINITY;
    max = clean(max);
    for (; i + BLOCK <= n; i += BLOCK)
        sum += sum_block(logits + i, max);
    for (size_t j = 0; j < BLOCK; j++)
        tail[j] = i + j < n ? logits[i + j] : -INFINITY;
    sum += sum_block(tail, max);
    return max + log(sum);
}
