/* logprobs.c: see logprobs.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/logprobs.h"

#include "run/exp.h"

#include <float.h>
#include <math.h>

#define BLOCK 16 /* logits that are worked on at once */
#define RUN 64   /* blocks that are summed in single precision */

/* Lane by lane, as a single running maximum would wait for each comparison. */
float hr_max_logit(const float *logits, size_t n)
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

        x = x > HR_EXP_LEAST ? x : HR_EXP_LEAST;
        x = x < 0.0f ? x : 0.0f;
        lanes[i] += hr_exp_negative(x);
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
    float max = hr_max_logit(logits, n), tail[BLOCK];
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
