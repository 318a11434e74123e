/* logprobs.c: see logprobs.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/logprobs.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define BLOCK 16 /* logits that are worked on at once */
#define RUN 64   /* blocks that are summed in single precision */

/* exp(x) for x in [-87, 0] by 2^k times a polynomial, in a form that compilers turn into vector
 * code. */
static inline float exp_negative(float x)
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

/* Lane by lane, as a single running maximum would wait for each comparison. */
static float max_of(const float *logits, size_t n)
{
    float lanes[BLOCK], max = -INFINITY;
    size_t i = 0;

    for (int j = 0; j < BLOCK; j++)
        lanes[j] = -INFINITY;
    for (; i + BLOCK <= n; i += BLOCK)
        for (int j = 0; j < BLOCK; j++)
            lanes[j] = logits[i + j] > lanes[j] ? logits[i + j] : lanes[j];
    for (; i < n; i++)
        max = logits[i] > max ? logits[i] : max;
    for (int j = 0; j < BLOCK; j++)
        max = lanes[j] > max ? lanes[j] : max;
    return max;
}

/* Adds exp(logits - max) of one block to lanes. NaN and what is far below max adds as good as
 * nothing. */
static void add_block(float *lanes, const float *logits, float max)
{
    for (int i = 0; i < BLOCK; i++) {
        float x = logits[i] - max;

        x = x > -87.0f ? x : -87.0f;
        x = x < 0.0f ? x : 0.0f;
        lanes[i] += exp_negative(x);
    }
}

static double sum_blocks(const float *logits, size_t n_blocks, float max)
{
    float lanes[BLOCK] = {0};
    double sum = 0;

    for (size_t i = 0; i < n_blocks; i++)
        add_block(lanes, logits + i * BLOCK, max);
    for (int i = 0; i < BLOCK; i++)
        sum += lanes[i];
    return sum;
}

double hr_log_sum_exp(const float *logits, size_t n)
{
    float max = max_of(logits, n), tail[BLOCK];
    double sum = 0;
    size_t i = 0;

    if (max == -INFINITY)
        return -INFINITY;
    max = fminf(max, FLT_MAX);
    for (; i + RUN * BLOCK <= n; i += RUN * BLOCK)
        sum += sum_blocks(logits + i, RUN, max);
    sum += sum_blocks(logits + i, (n - i) / BLOCK, max);
    i = n - n % BLOCK;
    for (size_t j = 0; j < BLOCK; j++)
        tail[j] = i + j < n ? logits[i + j] : -INFINITY;
    return max + log(sum + sum_blocks(tail, 1, max));
}
