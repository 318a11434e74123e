/* op-latent.c: what multi-head latent attention (DeepSeek-V2, section 2.1) does to queries, keys
 * and values besides attending.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/execute.h"

#include <string.h>

/* Panels of a piece. */
#define CHUNK_PANELS 4
#define CHUNK_ROWS (CHUNK_PANELS * HR_PANEL_ROWS)
/* Rows up to which each thread prepares all for itself: cheaper than a barrier. */
#define FEW_ROWS 2

/* ---- A linear for each head ---- */

typedef struct {
    const HrLinearStack *stack;
    HrLaidWeight at;
    uint32_t n_rows, n_heads, width, out_width; /* of a head of src and dst */
    HrForm form;
    const char *prepared; /* [n_heads, n_rows] */
    size_t step;
} Heads;

size_t hr_head_linear_prepared_bytes(const HrOp *op, uint32_t n_rows, uint32_t n_cols,
                                     const HrLinearKernels *kernels, HrForm *ret_form)
{
    *ret_form = kernels->form(op->stack->weight.type, true);
    return (size_t)n_rows * (n_cols / op->columns.stride) *
           kernels->prepared_bytes(*ret_form, op->stack->weight.n_in);
}

static void prepare(HrTask *task, Heads *h)
{
    const HrLinearKernels *kernels = task->e->linear;
    uint32_t n = h->n_rows * h->n_heads;
    bool own = h->n_rows <= FEW_ROWS && n * h->step <= HR_OWN_ROWS_BYTES;
    char *base =
        own ? task->scratch : (char *)task->e->prepared.base + task->e->prepared_offset[h->form];
    for (uint32_t i = own ? 0 : task->thread->index; i < n; i += own ? 1 : task->thread->n_threads)
        kernels->prepare(h->form,
                         hr_task_row(task, task->op->src, i % h->n_rows) +
                             (size_t)(i / h->n_rows) * h->width,
                         h->stack->weight.n_in, base + i * h->step);
    h->prepared = base;
    if (!own)
        hr_pool_barrier(task->thread);
}

/* What a head's input has beyond the linear's follows its result. */
static void copy_rest(const HrTask *task, const Heads *h, uint32_t head)
{
    size_t n_in = h->stack->weight.n_in, n_out = h->stack->weight.n_out;
    for (uint32_t i = 0; i < h->n_rows; i++)
        memcpy(hr_task_row(task, task->op->dst, i) + (size_t)head * h->out_width + n_out,
               hr_task_row(task, task->op->src, i) + (size_t)head * h->width + n_in,
               (h->width - n_in) * sizeof(float));
}

static void multiply_piece(const HrTask *task, const Heads *h, uint32_t head, size_t begin)
{
    const HrLinearKernels *kernels = task->e->linear;
    const HrWeight *w = &h->stack->weight;
    size_t end = MIN(begin + CHUNK_ROWS, w->n_out);
    const char *rows =
        (const char *)hr_stack_weights(h->stack, h->at.data, head) + begin * w->row_bytes;
    (h->at.in_panels
         ? kernels->panel_rows
         : kernels->rows)(h->form, w->type, rows, w->row_bytes, w->n_in, 0, end - begin,
                          h->prepared + (size_t)head * h->n_rows * h->step, h->step, h->n_rows,
                          hr_task_row(task, task->op->dst, 0) + (size_t)head * h->out_width + begin,
                          hr_task_cols(task, task->op->dst), task->scratch + HR_OWN_ROWS_BYTES);
    if (begin == 0)
        copy_rest(task, h, head);
}

void hr_execute_head_linear(HrTask *task)
{
    const HrLinearStack *stack = task->op->stack;
    uint32_t width = task->op->columns.stride;
    Heads h = {.stack = stack,
               .at = hr_laid_find(&task->e->laid, &stack->all),
               .n_rows = hr_task_rows(task, task->op->src),
               .n_heads = hr_task_cols(task, task->op->src) / width,
               .width = width};
    h.out_width = hr_task_cols(task, task->op->dst) / h.n_heads;
    h.form = task->e->linear->form(stack->weight.type, true);
    h.step = task->e->linear->prepared_bytes(h.form, stack->weight.n_in);
    prepare(task, &h);
    uint32_t n_chunks = (uint32_t)((stack->weight.n_out + CHUNK_ROWS - 1) / CHUNK_ROWS), piece, end;
    while (hr_task_claim(task, h.n_heads * n_chunks, 1, &piece, &end))
        multiply_piece(task, &h, piece / n_chunks, (size_t)(piece % n_chunks) * CHUNK_ROWS);
}

/* ---- Keys of all heads, from what each has and what they share ---- */

static void join_row(const HrTask *task, uint32_t row)
{
    const HrColumns *c = &task->op->columns;
    const float *own = hr_task_row(task, task->op->src, row),
                *shared = hr_task_row(task, task->op->k, row) + c->at;
    uint32_t n_shared = hr_task_cols(task, task->op->k) - c->at,
             n_heads = hr_task_cols(task, task->op->src) / c->stride;
    float *y = hr_task_row(task, task->op->dst, row);
    for (uint32_t h = 0; h < n_heads; h++, y += c->width + n_shared) {
        memcpy(y, own + (size_t)h * c->stride + c->first, c->width * sizeof *y);
        memcpy(y + c->width, shared, n_shared * sizeof *y);
    }
}

void hr_execute_join_heads(HrTask *task)
{
    uint32_t n = hr_task_rows(task, task->op->src);
    for (uint32_t begin, end; hr_task_claim(task, n, hr_task_grain(task, n), &begin, &end);)
        for (uint32_t i = begin; i < end; i++)
            join_row(task, i);
}
