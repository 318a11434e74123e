/* op-recurrent.c: layers whose past is a matrix per head: state spaces and the gated delta rule.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A head's state is [n_state, head_dim], so that values are the lanes and nothing is summed across
 * them. Positions follow each other strictly, whatever the step: results do not depend on how a
 * prompt was cut. A task is one head (or block of channels) of one run.
 */
#include "cpu/activate.h"
#include "cpu/execute.h"

#include <math.h>
#include <string.h>

#define BLOCK 64 /* channels of a selective scan's task */

static float softplus(float x)
{
    return hr_activate_one(HR_SOFTPLUS, x);
}

static float sigmoid(float x)
{
    return hr_activate_one(HR_SIGMOID, x);
}

static float number(const HrWeight *weight, uint32_t i)
{
    return ((const float *)weight->data)[i];
}

/* The part of the slot's next state at offset floats behind the convolution's, [n], beginning as it
 * was before the run. */
static float *begin_state(const HrTask *task, const HrRun *run, size_t offset, size_t n)
{
    const HrExecutor *e = task->e;
    uint32_t layer = task->op->layer, slot = e->step->slots[run->first];
    size_t at = e->kv->layout.layers[layer].conv_bytes / sizeof(float) +
                task->op->recurrence.state + offset;
    const float *before = hr_kv_state(e->kv, layer, slot);
    float *state = hr_kv_next_state(e->kv, layer, slot) + at;
    if (before)
        memcpy(state, before + at, n * sizeof(float));
    else
        memset(state, 0, n * sizeof(float));
    return state;
}

static const HrRun *next_piece(HrTask *task, uint32_t n_pieces, uint32_t *ret_piece)
{
    uint32_t begin, end;
    if (!hr_task_claim(task, task->e->n_runs * n_pieces, 1, &begin, &end))
        return NULL;
    *ret_piece = begin % n_pieces;
    return &task->e->runs[begin / n_pieces];
}

/* ---- Mamba 2 (Dao and Gu 2024): one decay per head and position ---- */

static void scan_head(const HrTask *task, const HrRun *run, uint32_t head)
{
    const HrOp *op = task->op;
    const HrRecurrence *r = &op->recurrence;
    uint32_t width = r->head_dim, group = head / (r->n_head / r->n_group),
             n_inner = r->n_head * width;
    float a = number(r->a, head), d = number(r->d, head),
          bias = r->dt_bias ? number(r->dt_bias, head) : 0, *u = (float *)task->scratch;
    float *state =
        begin_state(task, run, (size_t)head * r->n_state * width, (size_t)r->n_state * width);
    for (uint32_t t = run->first; t < run->first + run->n; t++) {
        const float *row = hr_task_row(task, op->src, t), *x = row + (size_t)head * width;
        const float *bs = op->v == HR_NO_BUF ? row + n_inner : hr_task_row(task, op->v, t),
                    *b = bs + (size_t)group * r->n_state;
        const float *cs = op->add == HR_NO_BUF ? bs + (size_t)r->n_group * r->n_state
                                               : hr_task_row(task, op->add, t);
        const float *c = cs + (size_t)group * r->n_state;
        float *y = hr_task_row(task, op->dst, t) + (size_t)head * width;
        float dt = softplus(hr_task_row(task, op->k, t)[head] + bias), decay = expf(dt * a);
        for (uint32_t i = 0; i < width; i++) {
            u[i] = x[i] * dt;
            y[i] = x[i] * d;
        }
        for (uint32_t n = 0; n < r->n_state; n++)
            task->e->vector->recur(state + (size_t)n * width, decay, u, b[n], c[n], width, y);
    }
}

void hr_execute_ssm(HrTask *task)
{
    uint32_t head;
    for (const HrRun *run; (run = next_piece(task, task->op->recurrence.n_head, &head));)
        scan_head(task, run, head);
}

/* ---- Mamba (Gu and Dao 2023): a decay per channel and row of the state ---- */

static void scan_channels(const HrTask *task, const HrRun *run, uint32_t first, uint32_t width)
{
    const HrOp *op = task->op;
    const HrRecurrence *r = &op->recurrence;
    const float *a = r->a->data, *d = r->d->data;
    float *state = begin_state(task, run, (size_t)first * r->n_state, (size_t)width * r->n_state);
    float *u = (float *)task->scratch, *dt = u + BLOCK, *rates = dt + BLOCK;
    for (uint32_t n = 0; n < r->n_state; n++)
        for (uint32_t i = 0; i < width; i++)
            rates[n * width + i] = a[(size_t)(first + i) * r->n_state + n];
    for (uint32_t t = run->first; t < run->first + run->n; t++) {
        const float *x = hr_task_row(task, op->src, t) + first,
                    *step = hr_task_row(task, op->k, t) + first;
        const float *b = hr_task_row(task, op->v, t), *c = hr_task_row(task, op->add, t);
        float *y = hr_task_row(task, op->dst, t) + first;
        for (uint32_t i = 0; i < width; i++) {
            dt[i] = softplus(step[i]);
            u[i] = x[i] * dt[i];
            y[i] = x[i] * d[first + i];
        }
        for (uint32_t n = 0; n < r->n_state; n++) {
            task->e->vector->decay(state + n * width, rates + n * width, dt, width);
            task->e->vector->recur(state + n * width, 1, u, b[n], c[n], width, y);
        }
    }
}

void hr_execute_selective(HrTask *task)
{
    uint32_t channels = hr_task_cols(task, task->op->src), block;
    for (const HrRun *run; (run = next_piece(task, (channels + BLOCK - 1) / BLOCK, &block));)
        scan_channels(task, run, block * BLOCK, MIN(BLOCK, channels - block * BLOCK));
}

/* ---- The gated delta rule (Yang et al. 2024): what the state already says of a key is taken off
 * its value --- */

/* x / |x| * scale. */
static void to_unit(const float *x, uint32_t n, float eps, float scale, float *y)
{
    double squares = 0;
    for (uint32_t i = 0; i < n; i++)
        squares += (double)x[i] * x[i];
    float factor = scale / fmaxf(sqrtf((float)squares), eps);
    for (uint32_t i = 0; i < n; i++)
        y[i] = x[i] * factor;
}

/* How much is kept for a time: without a bound as little as time and a say; or down to a bound. */
static float decay_of(float time, float a, float bound)
{
    return expf(bound < 0 ? bound * sigmoid(time * a) : softplus(time) * a);
}

/* How much of each row of a head's state is kept: of all of them the same, or in Kimi's form (Kimi
 * Team 2025) of each its own. */
static void find_decays(const HrTask *task, uint32_t token, uint32_t head, float *decays)
{
    const HrRecurrence *r = &task->op->recurrence;
    uint32_t n = hr_task_cols(task, task->op->k) / r->n_head;
    const float *times = hr_task_row(task, task->op->k, token) + (size_t)head * n;
    float a = number(r->a, head);
    for (uint32_t i = 0; i < n; i++)
        decays[i] = decay_of(times[i] + number(r->dt_bias, head * n + i), a, r->bound);
    for (uint32_t i = n; i < r->n_state; i++)
        decays[i] = decays[0];
}

static void learn_head(const HrTask *task, const HrRun *run, uint32_t head)
{
    const HrOp *op = task->op;
    const HrRecurrence *r = &op->recurrence;
    const HrVectorKernels *vector = task->e->vector;
    uint32_t width = r->head_dim, n_key = r->n_group * r->n_state;
    uint32_t group = r->tiled ? head % r->n_group : head / (r->n_head / r->n_group);
    float eps = task->e->program->hparams->norm_eps, scale = 1 / sqrtf((float)r->n_state);
    float *state =
        begin_state(task, run, (size_t)head * r->n_state * width, (size_t)r->n_state * width);
    float *q = (float *)task->scratch, *k = q + r->n_state, *decays = k + r->n_state,
          *error = decays + r->n_state;
    for (uint32_t t = run->first; t < run->first + run->n; t++) {
        const float *row = hr_task_row(task, op->src, t),
                    *v = row + 2 * n_key + (size_t)head * width;
        float *y = hr_task_row(task, op->dst, t) + (size_t)head * width;
        float rate = sigmoid(hr_task_row(task, op->v, t)[head]);
        find_decays(task, t, head, decays);
        to_unit(row + (size_t)group * r->n_state, r->n_state, eps, scale, q);
        to_unit(row + n_key + (size_t)group * r->n_state, r->n_state, eps, 1, k);
        memset(error, 0, width * sizeof(float));
        memset(y, 0, width * sizeof(float));
        for (uint32_t n = 0; n < r->n_state; n++)
            vector->recur(state + (size_t)n * width, decays[n], error, 0, k[n], width, error);
        for (uint32_t i = 0; i < width; i++)
            error[i] = (v[i] - error[i]) * rate;
        for (uint32_t n = 0; n < r->n_state; n++)
            vector->recur(state + (size_t)n * width, 1, error, k[n], q[n], width, y);
    }
}

void hr_execute_delta_rule(HrTask *task)
{
    uint32_t head;
    for (const HrRun *run; (run = next_piece(task, task->op->recurrence.n_head, &head));)
        learn_head(task, run, head);
}

/* ---- Lightning attention (Qin et al. 2024): every head forgets at a rate of its own ---- */

static void retain_head(const HrTask *task, const HrRun *run, uint32_t head)
{
    const HrOp *op = task->op;
    const HrRecurrence *r = &op->recurrence;
    uint32_t width = r->head_dim;
    float decay = expf(-r->fading * exp2f(-8 * (float)(head + 1) / (float)r->n_head));
    float *state =
        begin_state(task, run, (size_t)head * r->n_state * width, (size_t)r->n_state * width);
    for (uint32_t t = run->first; t < run->first + run->n; t++) {
        const float *q = hr_task_row(task, op->src, t) + (size_t)head * (2 * r->n_state + width);
        const float *k = q + r->n_state, *v = k + r->n_state;
        float *y = hr_task_row(task, op->dst, t) + (size_t)head * width;
        memset(y, 0, width * sizeof(float));
        for (uint32_t n = 0; n < r->n_state; n++)
            task->e->vector->recur(state + (size_t)n * width, decay, v, k[n], q[n], width, y);
    }
}

void hr_execute_retain(HrTask *task)
{
    uint32_t head;
    for (const HrRun *run; (run = next_piece(task, task->op->recurrence.n_head, &head));)
        retain_head(task, run, head);
}
