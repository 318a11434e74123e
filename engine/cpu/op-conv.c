/* op-conv.c: short convolutions: each channel's own weighted sum of its last few inputs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The inputs before a run are in the layer's state, oldest first, [width - 1, channels]. Sums are
 * taken in the order of positions, so results do not depend on how a prompt was cut into steps.
 */
#include "cpu/execute.h"

#include <string.h>

#define BLOCK 64 /* channels of a task: whole vectors, whatever the number of channels */

typedef struct {
    uint32_t first, n; /* channels */
    float kernel[HR_MAX_CONV][BLOCK];
    float past[HR_MAX_CONV]
              [BLOCK]; /* input of position t at (t + width - 1) % width; before the run: t < 0 */
} Block;

static void load_kernel(const HrOp *op, Block *b)
{
    const float *w = op->weight->data;
    uint32_t width = op->recurrence.width;
    for (uint32_t k = 0; k < width; k++)
        for (uint32_t c = 0; c < b->n; c++)
            b->kernel[k][c] = w[(size_t)(b->first + c) * width + k];
}

static void load_past(const HrTask *task, Block *b, uint32_t slot)
{
    const float *state = hr_kv_state(task->e->kv, task->op->layer, slot);
    uint32_t channels = hr_task_cols(task, task->op->src);
    for (uint32_t j = 0; j + 1 < task->op->recurrence.width; j++) {
        if (state)
            memcpy(b->past[j], state + task->op->recurrence.state + (size_t)j * channels + b->first,
                   b->n * sizeof(float));
        else
            memset(b->past[j], 0, b->n * sizeof(float));
    }
}

static void store_past(const HrTask *task, const Block *b, const HrRun *run)
{
    float *state = hr_kv_next_state(task->e->kv, task->op->layer, task->e->step->slots[run->first]);
    uint32_t channels = hr_task_cols(task, task->op->src), width = task->op->recurrence.width;
    for (uint32_t j = 0; j + 1 < width; j++)
        memcpy(state + task->op->recurrence.state + (size_t)j * channels + b->first,
               b->past[(run->n + j) % width], b->n * sizeof(float));
}

static void load_input(const HrTask *task, const Block *b, uint32_t row, float *x)
{
    memcpy(x, hr_task_row(task, task->op->src, row) + b->first, b->n * sizeof(float));
    if (task->op->k == HR_NO_BUF)
        return;
    const float *gate = hr_task_row(task, task->op->k, row) + b->first;
    for (uint32_t c = 0; c < b->n; c++)
        x[c] *= gate[c];
}

static void finish_output(const HrTask *task, const Block *b, uint32_t row, float *y)
{
    const float *gate =
        task->op->v == HR_NO_BUF ? NULL : hr_task_row(task, task->op->v, row) + b->first;
    if (task->op->recurrence.silu)
        task->e->vector->activate(HR_SILU, y, gate, b->n, y);
    else
        for (uint32_t c = 0; gate && c < b->n; c++)
            y[c] *= gate[c];
}

static void convolve(const HrTask *task, Block *b, const HrRun *run)
{
    const HrOp *op = task->op;
    const float *bias = op->bias ? op->bias->data : NULL;
    uint32_t width = op->recurrence.width;
    for (uint32_t t = 0; t < run->n; t++) {
        float *y = hr_task_row(task, op->dst, run->first + t) + b->first;
        load_input(task, b, run->first + t, b->past[(t + width - 1) % width]);
        for (uint32_t c = 0; c < b->n; c++)
            y[c] = bias ? bias[b->first + c] : 0;
        for (uint32_t k = 0; k < width; k++) {
            const float *x = b->past[(t + k) % width], *w = b->kernel[k];
            for (uint32_t c = 0; c < b->n; c++)
                y[c] += w[c] * x[c];
        }
        finish_output(task, b, run->first + t, y);
    }
}

void hr_execute_short_conv(HrTask *task)
{
    const HrExecutor *e = task->e;
    uint32_t channels = hr_task_cols(task, task->op->src),
             n_blocks = (channels + BLOCK - 1) / BLOCK, begin, end;
    while (hr_task_claim(task, e->n_runs * n_blocks, 1, &begin, &end)) {
        const HrRun *run = &e->runs[begin / n_blocks];
        Block block = {.first = begin % n_blocks * BLOCK};
        block.n = MIN(BLOCK, channels - block.first);
        load_kernel(task->op, &block);
        load_past(task, &block, e->step->slots[run->first]);
        convolve(task, &block, run);
        store_past(task, &block, run);
    }
}
