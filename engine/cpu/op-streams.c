/* op-streams.c: residual streams side by side, mixed by what each token says, and curves of rows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/execute.h"

#include <math.h>
#include <string.h>

/* A stream whose mean square is less than that is not made longer. */
#define SMALLEST_SQUARE 1e-5

/* Streams of rows that are added up, each with a factor of its own. */
static void mix_row(const HrTask *task, uint32_t row)
{
    const HrOp *op = task->op;
    uint32_t width = op->columns.width, n_in = hr_task_cols(task, op->src) / width,
             n_out = hr_task_cols(task, op->dst) / width;
    const float *x = hr_task_row(task, op->src, row);
    const float *factors = op->k == HR_NO_BUF ? NULL : hr_task_row(task, op->k, row);
    float *y = hr_task_row(task, op->dst, row);

    memcpy(y, hr_task_row(task, op->add, row), (size_t)n_out * width * sizeof *y);
    for (uint32_t out = op->columns.first; out < n_out; out++)
        for (uint32_t in = 0; in < n_in; in++)
            task->e->vector->add_scaled(
                y + (size_t)out * width, x + (size_t)in * width,
                op->factor + (factors ? factors[(size_t)out * n_in + in] : 0), width);
}

void hr_execute_mix(HrTask *task)
{
    uint32_t n = hr_task_rows(task, task->op->src);
    for (uint32_t begin, end; hr_task_claim(task, n, hr_task_grain(task, n), &begin, &end);)
        for (uint32_t i = begin; i < end; i++)
            mix_row(task, i);
}

static float mean_square(const HrTask *task, const float *x, uint32_t n)
{
    return task->e->vector->dot(x, x, n) / (float)n;
}

void hr_execute_match(HrTask *task)
{
    const HrOp *op = task->op;
    uint32_t n = hr_task_rows(task, op->src), cols = hr_task_cols(task, op->src),
             width = op->columns.width;
    for (uint32_t begin, end; hr_task_claim(task, n, hr_task_grain(task, n), &begin, &end);)
        for (uint32_t i = begin; i < end; i++) {
            float wanted = mean_square(task, hr_task_row(task, op->k, i), width);
            float *y = hr_task_row(task, op->dst, i);
            memcpy(y, hr_task_row(task, op->src, i), cols * sizeof *y);
            for (uint32_t c = 0; c < cols; c += width) {
                float is = fmaxf(mean_square(task, y + c, width), (float)SMALLEST_SQUARE);
                task->e->vector->scale(y + c, sqrtf(wanted / is), width);
            }
        }
}

/* The sums are of one order, whatever kernels there are: what is cut off must not depend on them.
 */
static void beyond_row(const float *x, uint32_t n, float deviations, float *y)
{
    double sum = 0, squares = 0;
    for (uint32_t c = 0; c < n; c++)
        sum += x[c];
    double mean = sum / n;
    for (uint32_t c = 0; c < n; c++)
        squares += (x[c] - mean) * (x[c] - mean);
    float cut = (float)(mean + deviations * sqrt(squares / n));
    for (uint32_t c = 0; c < n; c++)
        y[c] = x[c] > cut ? x[c] - cut : 0;
}

void hr_execute_beyond(HrTask *task)
{
    const HrOp *op = task->op;
    uint32_t n = hr_task_rows(task, op->src), cols = hr_task_cols(task, op->src);
    for (uint32_t begin, end; hr_task_claim(task, n, hr_task_grain(task, n), &begin, &end);)
        for (uint32_t i = begin; i < end; i++)
            beyond_row(hr_task_row(task, op->src, i), cols, op->factor,
                       hr_task_row(task, op->dst, i));
}

static float xielu(const HrXielu *curve, float x)
{
    return curve->beta * x + (x > 0 ? curve->alpha_p * x * x
                                    : curve->alpha_n * (expm1f(fminf(x, curve->eps)) - x));
}

void hr_execute_xielu(HrTask *task)
{
    const HrOp *op = task->op;
    uint32_t n = hr_task_rows(task, op->src), cols = hr_task_cols(task, op->src);
    for (uint32_t begin, end; hr_task_claim(task, n, hr_task_grain(task, n), &begin, &end);)
        for (uint32_t i = begin; i < end; i++) {
            const float *x = hr_task_row(task, op->src, i);
            float *y = hr_task_row(task, op->dst, i);
            for (uint32_t c = 0; c < cols; c++)
                y[c] = xielu(&op->xielu, x[c]);
        }
}
