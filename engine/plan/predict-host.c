/* predict-host.c: how long a step takes on a processor whose kernels were measured.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The program is walked as the executor would walk it. A product with weights takes as long as the
 * slower of reading the matrix and multiplying it, and a part of the other (TOGETHER); attention
 * one after the other, because a page is first unpacked and then multiplied; what works on rows
 * takes its time for each number; and after every operation the threads meet. All of that was
 * measured on matrices and rows that belong to no model.
 */
#include "plan/predict.h"

#include "cpu/execute.h"
#include "cpu/linear.h"
#include "cpu/vector.h"

#include <math.h>

/* Reading ahead hides the shorter of two times but for a part: the norm of this order of both.
 * Products of single columns with matrices beyond the caches (tests/cpu/bench-linear) lie within a
 * tenth of it for every type. */
#define TOGETHER 1.4
/* Of HrKernelRates.read. */
#define SMALLEST_READ (32.0 * 1024 * 1024)
/* Rows up to which every thread prepares them for itself. */
#define FEW_ROWS 2

typedef struct {
    const HrPlan *plan;
    const HrStepShape *shape;
    const HrKernelRates *rates;
    double byte_seconds; /* of weights, as the file has them; see scale */
    double scale;        /* of their bytes, where settings say what they take */
    double threads;
} Host;

static double together(double memory, double kernels)
{
    return pow(pow(memory, TOGETHER) + pow(kernels, TOGETHER), 1 / TOGETHER);
}

/* How much longer n equal pieces take because threads that are done wait for the last one. */
static double unevenness(const Host *h, double n)
{
    return n > 0 ? ceil(n / h->threads) * h->threads / n : 1;
}

/* A byte of what a step reads, which the next step reads again. */
static double byte_seconds(const HrKernelRates *rates, double bytes)
{
    double at = CLAMP(log2(MAX(bytes, 1) / SMALLEST_READ), 0, HR_RATED_SIZES - 1);
    size_t i = MIN((size_t)at, HR_RATED_SIZES - 2);
    return rates->read[i] + (rates->read[i + 1] - rates->read[i]) * (at - (double)i);
}

static double rows_of(const Host *h, const HrOp *op)
{
    HrBuf buf = op->src == HR_NO_BUF ? op->dst : op->src;
    bool tokens = op->kind != HR_OP_LOGITS && op->kind != HR_OP_OUTPUT_ROWS &&
                  hr_program_buffer(h->plan->program, buf)->rows == HR_ROWS_TOKENS;
    return tokens ? h->shape->n_tokens : h->shape->n_outputs;
}

static double cols_of(const Host *h, HrBuf buf)
{
    return buf == HR_NO_BUF ? 0 : hr_program_buffer(h->plan->program, buf)->cols;
}

/* ---- Products ---- */

/* Of a matrix with columns, or of so many such matrices; what weights_bytes says of the whole scales
 * what is read. */
static double product(const Host *h, const HrWeight *w, double n_matrices, double columns,
                      bool fine)
{
    const HrTypeTraits *traits = hr_type_traits(w->type);
    double elements = (double)w->n_in * (double)w->n_out * n_matrices;
    double bytes = elements / traits->block * traits->block_bytes;
    double first = h->rates->first[w->type], more = h->rates->more[w->type];
    double seconds = first + more * (columns - 1);
    if (fine)
        seconds += more * columns * (h->rates->fine - 1);
    if (columns >= HR_MANY_COLUMNS)
        seconds += h->rates->finish * columns * (1.0 / (double)w->n_in - 1.0 / HR_RATED_COLUMNS);
    return together(bytes * h->scale * h->byte_seconds, elements * seconds);
}

static double columns_ready(const Host *h, double n_in, double rows)
{
    return n_in * rows * h->rates->prepare * (rows <= FEW_ROWS ? h->threads : 1);
}

/* Many columns: threads claim the panels of all parts in equal pieces. */
static double claims_unevenness(const Host *h, const HrOp *op, double rows)
{
    double panels = 0;
    for (uint32_t p = 0; p < op->n_parts; p++)
        panels += ceil((double)op->parts[p].linear->weight.n_out / HR_PANEL_ROWS);
    return rows < HR_MANY_COLUMNS ? 1 : unevenness(h, ceil(panels / HR_CLAIM_PANELS));
}

static double linear_seconds(const Host *h, const HrOp *op)
{
    double rows = rows_of(h, op), seconds = 0, ready = 0;
    if (rows == 0)
        return 0;
    for (uint32_t p = 0; p < op->n_parts; p++) {
        const HrWeight *w = &op->parts[p].linear->weight;
        bool fine = op->parts[p].linear->fine;
        seconds += product(h, w, 1, rows, fine);
        if (op->add != HR_NO_BUF)
            seconds += (double)w->n_out * rows * h->rates->norm;
        if (p == 0)
            ready = columns_ready(h, (double)w->n_in, rows);
    }
    return seconds * claims_unevenness(h, op, rows) + ready +
           (rows > FEW_ROWS ? h->rates->meet : 0);
}

static double head_linear_seconds(const Host *h, const HrOp *op)
{
    const HrWeight *w = &op->stack->weight;
    double heads = cols_of(h, op->src) / MAX(op->columns.stride, 1);
    return product(h, w, heads, rows_of(h, op), false);
}

/* Of the experts, those that a token is sent to, if they are sent anywhere alike. */
static double experts_seconds(const Host *h, const HrOp *op)
{
    const HrExperts *shape = op->mixture;
    double n = shape->n, rows = h->shape->n_tokens, places = rows * shape->n_used;
    double touched = n * (1 - pow(1 - shape->n_used / n, rows)), seconds = 0;
    const HrLinearStack *stacks[] = {&op->experts->gate, &op->experts->up, &op->experts->down};
    for (size_t i = 0; i < G_N_ELEMENTS(stacks); i++) {
        const HrWeight *w = &stacks[i]->weight;
        if (!w->tensor)
            continue;
        seconds += product(h, w, touched, places / touched, false);
        seconds += columns_ready(h, (double)w->n_in, places);
    }
    double hidden = (double)op->experts->up.weight.n_out * places;
    return seconds + hidden * h->rates->activate + 2 * h->rates->meet;
}

/* ---- Attention ---- */

static double attention_seconds(const Host *h, const HrOp *op)
{
    const HrLayerShape *l = &h->plan->program->hparams->layers[op->layer];
    const HrStepShape *s = h->shape;
    HrKvType type = h->plan->settings.kv_type;
    double slots = MAX(s->n_slots, 1), own = s->n_tokens / slots;
    double group = (double)l->n_head / l->n_head_kv,
           tile = MIN(MAX(floor(HR_ATTEND_ROWS / group), 1), own);
    double seen = s->depth + (own + tile) / 2, held = s->depth + own;
    if (l->window > 0) {
        seen = MIN(seen, l->window + tile);
        held = MIN(held, l->window + own);
    }
    double pages = ceil(seen / HR_PAGE_POSITIONS), rows = tile * group;
    double tiles = slots * ceil(own / tile) * l->n_head_kv;
    double numbers = tiles * pages * HR_PAGE_POSITIONS * ((double)l->head_dim_k + l->head_dim_v);
    double kernels =
        numbers * (h->rates->attend_first[type] + h->rates->attend_more[type] * (rows - 1));
    uint32_t layer = hr_hparams_kv_layer(h->plan->program->hparams, op->layer);
    double bytes = (double)h->plan->token_bytes[layer] * held * slots;
    double read = bytes * h->byte_seconds * h->rates->attend_read[type];
    return (read + kernels) * unevenness(h, tiles);
}

/* ---- Rows ---- */

/* Numbers of all rows, at the rate of one kernel; a lone row is one thread's. */
static double row_seconds(const Host *h, const HrOp *op, double cols, double rate, bool split)
{
    double rows = rows_of(h, op);
    return rows * cols * rate * (split ? 1 : unevenness(h, rows));
}

static double small_seconds(const Host *h, const HrOp *op)
{
    double norm = h->rates->norm, src = cols_of(h, op->src);
    switch (op->kind) {
    case HR_OP_ACTIVATE:
        return row_seconds(h, op, src, h->rates->activate, true);
    case HR_OP_HEAD_NORMS:
        return row_seconds(h, op, src + cols_of(h, op->k), norm, false);
    case HR_OP_ROPE:
        return row_seconds(h, op, src + cols_of(h, op->k), h->rates->rope, true);
    case HR_OP_ROPE_STORE:
        return row_seconds(h, op, src + cols_of(h, op->k), h->rates->rope, true) +
               row_seconds(h, op, cols_of(h, op->k) + cols_of(h, op->v),
                           h->rates->store[h->plan->settings.kv_type], true);
    case HR_OP_SSM:
    case HR_OP_SELECTIVE:
    case HR_OP_DELTA_RULE:
    case HR_OP_RETAIN:
        return row_seconds(h, op, src * MAX(op->recurrence.n_state, 1), norm, true);
    case HR_OP_ROPE_TABLE:
        return 0;
    default:
        return row_seconds(h, op, MAX(src, cols_of(h, op->dst)), norm, false);
    }
}

/* ---- The walk ---- */

static uint32_t device_of(const HrPlan *plan, const HrOp *op)
{
    if (op->layer == HR_NO_LAYER)
        return op->kind == HR_OP_EMBED || op->kind == HR_OP_ROPE_TABLE ? 0 : plan->placement.output;
    return op->kind == HR_OP_EXPERTS ? plan->placement.experts[op->layer]
                                     : plan->placement.layers[op->layer];
}

static double op_seconds(const Host *h, const HrOp *op)
{
    switch (op->kind) {
    case HR_OP_LINEAR:
    case HR_OP_LOGITS:
        return linear_seconds(h, op);
    case HR_OP_HEAD_LINEAR:
        return head_linear_seconds(h, op);
    case HR_OP_EXPERTS:
        return experts_seconds(h, op);
    case HR_OP_ATTENTION:
        return attention_seconds(h, op);
    default:
        return small_seconds(h, op);
    }
}

double hr_predict_host(const HrPlan *plan, const HrStepShape *shape, double bytes)
{
    const HrKernelRates *rates = &plan->devices[0].rates.kernels;
    double dense = (double)plan->model->weights.bytes.layers[0].dense;
    Host h = {plan, shape, rates, byte_seconds(rates, bytes),
              dense > 0 ? (double)plan->weights.layers[0].dense / dense : 1,
              MAX(plan->settings.threads, 1)};
    double seconds = 0;

    for (uint32_t i = 0; i < plan->program->ops->len; i++) {
        const HrOp *op = hr_program_op(plan->program, i);
        if (device_of(plan, op) == 0 && rows_of(&h, op) > 0)
            seconds += op_seconds(&h, op) + rates->meet;
    }
    return seconds;
}
