/* op-linear.c: products with weights: preparing rows, sharing out panels of weights, bias and
 * residual.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/execute.h"

/* Weights that a thread claims at once while few columns are computed: helpings for each thread so
 * that they end together, none so large that a thread that lost its core holds up the others. */
#define CLAIM_HELPINGS 6
#define CLAIM_BYTES (256 * 1024)

typedef struct {
    const char *rows; /* prepared */
    size_t stride;
    HrForm form;
} Prepared;

/* One product: linear of the rows of src, to dst rows. */
typedef struct {
    const HrLinear *linear;
    float *dst;
    size_t dst_stride;
    float factor;
    float cap; /* of the results, 0: none */
    const float *add; /* residual, laid out as dst; or NULL */
    Prepared prepared;
    HrLaidWeight at;
    uint32_t part; /* of the operation */
    bool adapted;
} Product;

static uint32_t panels_of(const HrLinear *linear)
{
    return (uint32_t)((linear->weight.n_out + HR_PANEL_ROWS - 1) / HR_PANEL_ROWS);
}

/* A few rows are prepared by every thread for itself: cheaper than a barrier. */
static Prepared prepare_own(HrTask *task, HrForm form, uint32_t n_rows, size_t n_in, size_t *used)
{
    const HrLinearKernels *kernels = task->e->linear;
    Prepared prepared = {task->scratch + *used, kernels->prepared_bytes(form, n_in), form};
    for (uint32_t i = 0; i < n_rows; i++)
        kernels->prepare(form, hr_task_row(task, task->op->src, i), n_in,
                         task->scratch + *used + i * prepared.stride);
    *used += n_rows * prepared.stride;
    return prepared;
}

static Prepared prepare_shared(HrTask *task, HrForm form, uint32_t n_rows, size_t n_in)
{
    const HrLinearKernels *kernels = task->e->linear;
    char *base = (char *)task->e->prepared.base + task->e->prepared_offset[form];
    Prepared prepared = {base, kernels->prepared_bytes(form, n_in), form};
    for (uint32_t i = task->thread->index; i < n_rows; i += task->thread->n_threads)
        kernels->prepare(form, hr_task_row(task, task->op->src, i), n_in,
                         base + i * prepared.stride);
    return prepared;
}

/* Fills each product's prepared rows; rows of the same form are prepared once. True if adapters
 * take part. */
static bool prepare(HrTask *task, Product *products, uint32_t n_products, uint32_t n_rows)
{
    const HrLinearKernels *kernels = task->e->linear;
    Prepared of_form[HR_FORM_N] = {{0}};
    size_t n_in = products[0].linear->weight.n_in, used = 0, total = 0;
    for (uint32_t f = 0; f < HR_FORM_N; f++)
        total += n_rows * kernels->prepared_bytes((HrForm)f, n_in);
    bool adapted = hr_lora_counts(task),
         own = !adapted && n_rows <= 2 && total <= HR_OWN_ROWS_BYTES;
    for (uint32_t p = 0; p < n_products; p++) {
        HrForm form = kernels->form(products[p].linear->weight.type, products[p].linear->fine);
        if (!of_form[form].rows)
            of_form[form] = own ? prepare_own(task, form, n_rows, n_in, &used)
                                : prepare_shared(task, form, n_rows, n_in);
        products[p].prepared = of_form[form];
    }
    if (adapted)
        hr_lora_project(task, n_rows);
    if (!own)
        hr_pool_barrier(task->thread);
    return adapted;
}

/* cap tanh (y / cap) */
static void cap_rows(const HrTask *task, float *y, float cap, size_t n)
{
    task->e->vector->scale(y, 1 / cap, n);
    task->e->vector->activate(HR_TANH, y, NULL, n, y);
    task->e->vector->scale(y, cap, n);
}

static void finish_rows(const HrTask *task, const Product *p, uint32_t n_rows, size_t begin,
                        size_t end)
{
    bool scaled_first = p->linear->scale.data && !p->linear->bias_is_scaled;
    for (uint32_t i = 0; scaled_first && i < n_rows; i++)
        task->e->vector->scale(p->dst + i * p->dst_stride + begin,
                               *(const float *)p->linear->scale.data, end - begin);
    if (p->adapted)
        hr_lora_add(task, p->part, p->dst, p->dst_stride, n_rows, begin, end);
    for (uint32_t i = 0; i < n_rows; i++) {
        float *y = p->dst + i * p->dst_stride;
        const float *bias = p->linear->bias.data, *scale = p->linear->scale.data;
        if (bias)
            task->e->vector->add(y + begin, bias + begin, end - begin);
        if (scale && p->linear->bias_is_scaled)
            task->e->vector->scale(y + begin, *scale, end - begin);
        if (p->factor != 1)
            task->e->vector->scale(y + begin, p->factor, end - begin);
        if (p->cap > 0)
            cap_rows(task, y + begin, p->cap, end - begin);
        if (p->add)
            task->e->vector->add(y + begin, p->add + i * p->dst_stride + begin, end - begin);
    }
}

static void multiply(const HrTask *task, const Product *p, uint32_t n_rows, uint32_t panel_begin,
                     uint32_t panel_end)
{
    const HrWeight *w = &p->linear->weight;
    size_t begin = (size_t)panel_begin * HR_PANEL_ROWS,
           end = MIN((size_t)panel_end * HR_PANEL_ROWS, w->n_out);
    (p->at.in_panels ? task->e->linear->panel_rows
                     : task->e->linear->rows)(p->prepared.form, w->type, p->at.data, w->row_bytes,
                                              w->n_in, begin, end, p->prepared.rows,
                                              p->prepared.stride, n_rows, p->dst, p->dst_stride,
                                              task->scratch + HR_OWN_ROWS_BYTES);
    finish_rows(task, p, n_rows, begin, end);
}

/* Of total panels. */
static uint32_t grain_of(const HrTask *task, const HrWeight *weight, uint32_t total,
                         uint32_t n_rows)
{
    uint32_t most = (uint32_t)MAX(1, CLAIM_BYTES / (weight->row_bytes * HR_PANEL_ROWS));
    return n_rows >= HR_MANY_COLUMNS
               ? HR_CLAIM_PANELS
               : CLAMP(total / (task->thread->n_threads * CLAIM_HELPINGS), 1, most);
}

/* Claims run over the panels of all products, one after another. */
static void run(HrTask *task, Product *products, uint32_t n_products, uint32_t n_rows)
{
    uint32_t total = 0, begin, end;
    for (uint32_t p = 0; p < n_products; p++) {
        products[p].at = hr_laid_find(&task->e->laid, &products[p].linear->weight);
        total += panels_of(products[p].linear);
    }
    bool adapted = prepare(task, products, n_products, n_rows);
    for (uint32_t p = 0; p < n_products; p++) {
        products[p].part = p;
        products[p].adapted = adapted;
    }
    while (hr_task_claim(task, total, grain_of(task, &products[0].linear->weight, total, n_rows),
                         &begin, &end)) {
        uint32_t first = 0;
        for (uint32_t p = 0; p < n_products; p++) {
            uint32_t n = panels_of(products[p].linear);
            if (begin < first + n && end > first)
                multiply(task, &products[p], n_rows, MAX(begin, first) - first,
                         MIN(end, first + n) - first);
            first += n;
        }
    }
}

void hr_execute_linear(HrTask *task)
{
    const HrOp *op = task->op;
    Product products[HR_LINEAR_PARTS];
    for (uint32_t p = 0; p < op->n_parts; p++)
        products[p] = (Product){
            .linear = op->parts[p].linear,
            .dst = hr_task_row(task, op->parts[p].dst, 0),
            .dst_stride = op->parts[p].linear->weight.n_out,
            .factor = op->factor,
            .add = op->add == HR_NO_BUF ? NULL : hr_task_row(task, op->add, 0),
        };
    run(task, products, op->n_parts, hr_task_rows(task, op->src));
}

void hr_execute_logits(HrTask *task)
{
    Product product = {.linear = task->op->parts[0].linear,
                       .factor = task->op->factor,
                       .dst = task->e->logits.base,
                       .dst_stride = task->e->program->output_width,
                       .cap = task->e->program->hparams->logit_cap};
    run(task, &product, 1, task->e->step->n_outputs);
}
