/* op-norm.c: layer norms, and rows added to rows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/execute.h"

#include <string.h>

static const float *vector_of(const HrWeight *weight)
{
    return weight ? weight->data : NULL;
}

void hr_execute_layer_norm(HrTask *task)
{
    const HrOp *op = task->op;
    uint32_t n = hr_task_rows(task, op->src), cols = hr_task_cols(task, op->src);
    for (uint32_t begin, end; hr_task_claim(task, n, hr_task_grain(task, n), &begin, &end);)
        for (uint32_t i = begin; i < end; i++)
            task->e->vector->layer_norm(hr_task_row(task, op->src, i), vector_of(op->weight),
                                        vector_of(op->bias), task->e->program->hparams->norm_eps,
                                        cols, hr_task_row(task, op->dst, i));
}

/* Groups of a row, each to its own length. */
void hr_execute_group_norm(HrTask *task)
{
    const HrOp *op = task->op;
    uint32_t n = hr_task_rows(task, op->src), cols = hr_task_cols(task, op->src),
             width = op->recurrence.width;
    uint64_t n_weights = op->weight ? op->weight->n_in * op->weight->n_out : 1;
    const float *weights = op->weight ? op->weight->data : NULL;
    for (uint32_t begin, end; hr_task_claim(task, n, hr_task_grain(task, n), &begin, &end);)
        for (uint32_t i = begin; i < end; i++)
            for (uint32_t c = 0; c < cols; c += width)
                task->e->vector->rms_norm(hr_task_row(task, op->src, i) + c,
                                          weights ? weights + c % n_weights : NULL,
                                          task->e->program->hparams->norm_eps, width,
                                          hr_task_row(task, op->dst, i) + c);
}

/* Learned positions, and the type of the text that every token of it has. */
void hr_execute_add_row(HrTask *task)
{
    const HrStep *step = task->e->step;
    const HrOp *op = task->op;
    const HrWeight *w = op->weight;
    for (uint32_t begin, end;
         hr_task_claim(task, step->n_tokens, hr_task_grain(task, step->n_tokens), &begin, &end);)
        for (uint32_t i = begin; i < end; i++) {
            uint64_t row = op->by_position ? step->positions[i] : 0;
            float *y = hr_task_row(task, op->dst, i);
            hr_dequantize(w->type, (const char *)w->data + row * w->row_bytes, y, w->n_in);
            task->e->vector->add(y, hr_task_row(task, op->src, i), w->n_in);
        }
}

void hr_execute_clamp(HrTask *task)
{
    const HrOp *op = task->op;
    uint32_t n = hr_task_rows(task, op->src), cols = hr_task_cols(task, op->src);
    for (uint32_t begin, end; hr_task_claim(task, n, hr_task_grain(task, n), &begin, &end);)
        for (uint32_t i = begin; i < end; i++) {
            float *x = hr_task_row(task, op->src, i);
            for (uint32_t c = 0; c < cols; c++)
                x[c] = CLAMP(x[c], -op->factor, op->factor);
        }
}

void hr_execute_add(HrTask *task)
{
    const HrOp *op = task->op;
    uint32_t n = hr_task_rows(task, op->src), cols = hr_task_cols(task, op->src);
    for (uint32_t begin, end; hr_task_claim(task, n, hr_task_grain(task, n), &begin, &end);)
        for (uint32_t i = begin; i < end; i++) {
            float *y = hr_task_row(task, op->dst, i);
            memcpy(y, hr_task_row(task, op->src, i), cols * sizeof *y);
            task->e->vector->add(y, hr_task_row(task, op->k, i), cols);
        }
}
