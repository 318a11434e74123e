/* op-columns.c: sums and factors of rows, and columns picked out of them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/execute.h"

#include <string.h>

void hr_execute_combine(HrTask *task)
{
    const HrOp *op = task->op;
    uint32_t n = hr_task_rows(task, op->src), cols = hr_task_cols(task, op->src);
    for (uint32_t begin, end; hr_task_claim(task, n, hr_task_grain(task, n), &begin, &end);)
        for (uint32_t i = begin; i < end; i++) {
            float *y = hr_task_row(task, op->dst, i);
            memcpy(y, hr_task_row(task, op->src, i), cols * sizeof(float));
            if (op->factor != 1)
                task->e->vector->scale(y, op->factor, cols);
            if (op->k != HR_NO_BUF)
                task->e->vector->add(y, hr_task_row(task, op->k, i), cols);
        }
}

void hr_execute_factors(HrTask *task)
{
    const HrOp *op = task->op;
    const float *factors = op->weight->data;
    uint32_t n = hr_task_rows(task, op->src), cols = hr_task_cols(task, op->src);
    uint32_t n_factors = (uint32_t)(op->weight->n_in * op->weight->n_out), width = cols / n_factors;
    for (uint32_t begin, end; hr_task_claim(task, n, hr_task_grain(task, n), &begin, &end);)
        for (uint32_t i = begin; i < end; i++) {
            float *y = hr_task_row(task, op->dst, i);
            memcpy(y, hr_task_row(task, op->src, i), cols * sizeof(float));
            for (uint32_t f = 0; width == 1 && f < n_factors; f++)
                y[f] = op->divides ? y[f] / factors[f] : y[f] * factors[f];
            for (uint32_t f = 0; width > 1 && f < n_factors; f++)
                task->e->vector->scale(y + (size_t)f * width,
                                       op->divides ? 1 / factors[f] : factors[f], width);
            if (op->k != HR_NO_BUF)
                task->e->vector->add(y, hr_task_row(task, op->k, i), cols);
        }
}

void hr_execute_pick(HrTask *task)
{
    const HrOp *op = task->op;
    const HrColumns *c = &op->columns;
    uint32_t n = hr_task_rows(task, op->src), n_groups = hr_task_cols(task, op->src) / c->stride;
    for (uint32_t begin, end; hr_task_claim(task, n, hr_task_grain(task, n), &begin, &end);)
        for (uint32_t i = begin; i < end; i++)
            for (uint32_t g = 0; g < n_groups; g++)
                memcpy(hr_task_row(task, op->dst, i) + c->at + (size_t)g * c->width,
                       hr_task_row(task, op->src, i) + (size_t)g * c->stride + c->first,
                       c->width * sizeof(float));
}
