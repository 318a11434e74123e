/* op-text.c: texts that are computed whole: attention among the tokens of a step, and what makes
 * one vector of their rows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A text is a run of the step. Its keys and values are read from the arena and laid out page by
 * page, as the cache's pages are, in each thread's scratch; that is a small part of the work of a
 * tile of queries, and no second copy of all of them is needed.
 */
#include "cpu/execute.h"

#include <math.h>
#include <string.h>

#define P HR_PAGE_POSITIONS

/* ---- Rotations ---- */

static void turn_heads(const HrTask *task, HrBuf buf, uint32_t token, uint32_t width)
{
    const HrExecutor *e = task->e;
    const HrRope *rope = hr_hparams_rope(e->program->hparams, task->op->layer);
    const float *table =
        hr_task_row(task, hr_program_rope_table(e->program, task->op->layer), token);
    float *row = hr_task_row(task, buf, token);
    for (uint32_t c = 0; c < hr_task_cols(task, buf); c += width)
        e->vector->rope(rope->kind, rope->n_rot, table, row + c + rope->first);
}

void hr_execute_rope(HrTask *task)
{
    uint32_t n = task->e->step->n_tokens,
             width = task->e->program->hparams->layers[task->op->layer].head_dim_k;
    for (uint32_t begin, end; hr_task_claim(task, n, hr_task_grain(task, n), &begin, &end);)
        for (uint32_t i = begin; i < end; i++) {
            turn_heads(task, task->op->src, i, width);
            turn_heads(task, task->op->k, i, width);
        }
}

/* ---- Attention: a task is a tile of tokens of one text, for one query head ---- */

typedef struct {
    const HrRun *run;
    uint32_t begin, n; /* tokens of the run */
    uint32_t head, kv_head;
} Tile;

static uint32_t tiles_of(const HrRun *run)
{
    return (run->n + HR_ATTEND_ROWS - 1) / HR_ATTEND_ROWS;
}

static Tile find_tile(const HrExecutor *e, const HrLayerShape *shape, uint32_t task)
{
    uint32_t head = task % shape->n_head, index = task / shape->n_head, run = 0;
    while (index >= tiles_of(&e->runs[run]))
        index -= tiles_of(&e->runs[run++]);
    Tile tile = {.run = &e->runs[run], .begin = index * HR_ATTEND_ROWS, .head = head,
                 .kv_head = head / (shape->n_head / shape->n_head_kv)};
    tile.n = MIN(HR_ATTEND_ROWS, tile.run->n - tile.begin);
    return tile;
}

static void load_queries(const HrTask *task, const Tile *tile, HrAttend *a)
{
    const HrHparams *hp = task->e->program->hparams;
    float slope =
        hr_alibi_slope(hp->max_alibi_bias, hp->layers[task->op->layer].n_head, tile->head);
    a->n_rows = tile->n;
    for (uint32_t r = 0; r < tile->n; r++) {
        const float *q = hr_task_row(task, task->op->src, tile->run->first + tile->begin + r) +
                         (size_t)tile->head * a->dk;
        for (uint32_t d = 0; d < a->dk; d++)
            a->q[(size_t)r * a->dk + d] = q[d] * hp->attention_scale;
        a->max[r] = -INFINITY;
        a->sum[r] = 0;
        a->slope[r] = slope;
    }
    memset(a->acc, 0, (size_t)tile->n * a->dv_padded * sizeof(float));
}

/* Which positions of the page that begins at start each query sees. */
static void set_valid(const HrTask *task, const Tile *tile, HrAttend *a, uint32_t start)
{
    int64_t reach = task->op->window > 0 ? task->op->window / 2 : tile->run->n,
            n = MIN(tile->run->n - start, P);
    for (uint32_t r = 0; r < tile->n; r++) {
        int64_t at = (int64_t)tile->begin + r - start;
        a->at[r] = (int32_t)at;
        a->first_valid[r] = (uint32_t)CLAMP(at - reach, 0, n);
        a->n_valid[r] = (uint32_t)CLAMP(at + reach + 1, 0, n);
    }
}

static void load_page(const HrTask *task, const Tile *tile, HrAttend *a, uint32_t start, uint32_t n)
{
    for (uint32_t j = 0; j < n; j++) {
        uint32_t token = tile->run->first + start + j;
        const float *k = hr_task_row(task, task->op->k, token) + (size_t)tile->kv_head * a->dk;
        const float *v = hr_task_row(task, task->op->v, token) + (size_t)tile->kv_head * a->dv;
        for (uint32_t d = 0; d < a->dk; d++)
            a->keys[(size_t)d * P + j] = k[d];
        memcpy(a->values + (size_t)j * a->dv_padded, v, a->dv * sizeof *v);
    }
}

static void store_results(const HrTask *task, const Tile *tile, const HrAttend *a)
{
    for (uint32_t r = 0; r < tile->n; r++) {
        float *y = hr_task_row(task, task->op->dst, tile->run->first + tile->begin + r) +
                   (size_t)tile->head * a->dv;
        for (uint32_t d = 0; d < a->dv; d++)
            y[d] = a->acc[(size_t)r * a->dv_padded + d] / a->sum[r];
    }
}

static void attend_tile(const HrTask *task, const Tile *tile, HrAttend *a)
{
    uint32_t reach = task->op->window > 0 ? task->op->window / 2 : tile->run->n;
    uint32_t begin = tile->begin > reach ? (tile->begin - reach) / P * P : 0;
    uint32_t end = (uint32_t)MIN((uint64_t)tile->begin + tile->n + reach, tile->run->n);
    load_queries(task, tile, a);
    for (uint32_t start = begin; start < end; start += P) {
        uint32_t n = MIN(tile->run->n - start, P);
        load_page(task, tile, a, start, n);
        set_valid(task, tile, a, start);
        task->e->vector->attend(a, n);
    }
    store_results(task, tile, a);
}

void hr_execute_attend_text(HrTask *task)
{
    const HrExecutor *e = task->e;
    const HrLayerShape *shape = &e->program->hparams->layers[task->op->layer];
    uint32_t n = 0, begin, end;
    HrAttend attend;
    for (uint32_t i = 0; i < e->n_runs; i++)
        n += tiles_of(&e->runs[i]) * shape->n_head;
    hr_attend_init(&attend, HR_KV_F32, shape->head_dim_k, shape->head_dim_v,
                   task->scratch + HR_OWN_ROWS_BYTES);
    memset(attend.values, 0,
           (size_t)P * attend.dv_padded * sizeof(float)); /* also behind a value's last dimension */
    while (hr_task_claim(task, n, 1, &begin, &end)) {
        Tile tile = find_tile(e, shape, begin);
        attend_tile(task, &tile, &attend);
    }
}

/* ---- Pooling ---- */

static const HrRun *run_of(const HrExecutor *e, uint32_t token)
{
    const HrRun *run = e->runs;
    while (token >= run->first + run->n)
        run++;
    return run;
}

void hr_execute_mean_rows(HrTask *task)
{
    const HrStep *step = task->e->step;
    uint32_t cols = hr_task_cols(task, task->op->src);
    for (uint32_t begin, end; hr_task_claim(task, step->n_outputs, 1, &begin, &end);)
        for (uint32_t i = begin; i < end; i++) {
            const HrRun *run = run_of(task->e, step->output_rows[i]);
            float *y = hr_task_row(task, task->op->dst, i);
            memset(y, 0, cols * sizeof *y);
            for (uint32_t t = 0; t < run->n; t++)
                task->e->vector->add(y, hr_task_row(task, task->op->src, run->first + t), cols);
            task->e->vector->scale(y, 1 / (float)run->n, cols);
        }
}

void hr_execute_output(HrTask *task)
{
    const HrStep *step = task->e->step;
    uint32_t cols = hr_task_cols(task, task->op->src);
    for (uint32_t begin, end;
         hr_task_claim(task, step->n_outputs, hr_task_grain(task, step->n_outputs), &begin, &end);)
        for (uint32_t i = begin; i < end; i++)
            memcpy(hr_executor_logits(task->e, i), hr_task_row(task, task->op->src, i),
                   cols * sizeof(float));
}
