/* op-attention.c: rotations, the cache, and attention over it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/execute.h"

#include "cpu/recode.h"

#include <math.h>
#include <string.h>

/* The axis whose position turns a pair: pairs come in sections, one for each axis (Wang et al.
 * 2024). */
static uint32_t axis_of(const uint32_t sections[3], uint32_t pair)
{
    uint32_t axis = 0;
    for (uint32_t end = sections[0]; axis < 2 && pair >= end; end += sections[axis])
        axis++;
    return axis;
}

void hr_execute_rope_table(HrTask *task)
{
    HrExecutor *e = task->e;
    const HrTurns *turns = task->op->dst == e->program->rope_table ? &e->turns : &e->local_turns;
    const uint32_t(*axes)[3] = e->step->axes;
    const uint32_t *sections = e->program->hparams->rope.sections;
    uint32_t half = hr_task_cols(task, task->op->dst) / 2, begin, end;
    while (hr_task_claim(task, e->step->n_tokens, 4, &begin, &end))
        for (uint32_t i = begin; i < end; i++) {
            float *row = hr_task_row(task, task->op->dst, i);
            for (uint32_t r = 0; r < half; r++) {
                double angle = (axes ? axes[i][axis_of(sections, r)] : e->step->positions[i]) *
                               turns->inv_freq[r];
                row[r] = (float)cos(angle) * turns->magnitude;
                row[half + r] = (float)sin(angle) * turns->magnitude;
            }
        }
}

/* A query or key. */
static void rotate_key(const HrTask *task, const HrKvLayerLayout *layer, float *x)
{
    hr_recode_turn_key(task->e->vector, task->e->kv->layout.type, layer, x);
}

/* The layer in whose pages the operation's keys and values are. */
static uint32_t kv_layer(const HrTask *task)
{
    return hr_hparams_kv_layer(task->e->program->hparams, task->op->layer);
}

static void store_value(HrTask *task, uint32_t token, uint32_t head, uint32_t page, uint32_t j)
{
    const HrExecutor *e = task->e;
    const HrKvLayout *layout = &e->kv->layout;
    const HrKvLayerLayout *layer = &layout->layers[task->op->layer];
    float *v = hr_task_row(task, task->op->v, token) + (size_t)head * layer->dv;
    hr_recode_turn_value(e->vector, layout->type, layer->dv, v);
    e->vector->store_value(layout->type, v, layer->dv, j,
                           hr_kv_v_block(e->kv, task->op->layer, page, head));
}

/* The queries of a key head's group, of one token. */
static void turn_queries(HrTask *task, uint32_t token, uint32_t head)
{
    HrExecutor *e = task->e;
    const HrOp *op = task->op;
    const HrRope *rope = hr_hparams_rope(e->program->hparams, op->layer);
    const HrKvLayerLayout *layer = &e->kv->layout.layers[kv_layer(task)];
    const HrLayerShape *shape = &e->program->hparams->layers[op->layer];
    const float *table = hr_task_row(task, hr_program_rope_table(e->program, op->layer), token);
    uint32_t group = shape->n_head / shape->n_head_kv;
    float *q = hr_task_row(task, op->src, token) + (size_t)head * group * layer->dk;

    for (uint32_t h = 0; h < group; h++) {
        if (!op->unturned)
            e->vector->rope(rope->kind, rope->n_rot, table, q + h * layer->dk + rope->first);
        rotate_key(task, layer, q + h * layer->dk);
    }
}

/* A key and its value. */
static void store_head(HrTask *task, uint32_t token, uint32_t head)
{
    HrExecutor *e = task->e;
    const HrOp *op = task->op;
    const HrRope *rope = hr_hparams_rope(e->program->hparams, op->layer);
    const HrKvLayout *layout = &e->kv->layout;
    const HrKvLayerLayout *layer = &layout->layers[op->layer];
    uint32_t position = e->step->positions[token];
    uint32_t page = hr_kv_page(e->kv, op->layer, e->step->slots[token], position),
             j = position % HR_PAGE_POSITIONS;
    const float *table = hr_task_row(task, hr_program_rope_table(e->program, op->layer), token);
    float *k = hr_task_row(task, op->k, token) + (size_t)head * layer->dk;

    if (!op->unturned)
        e->vector->rope(rope->kind, rope->n_rot, table, k + rope->first);
    rotate_key(task, layer, k);
    e->vector->store_key(layout->type, k, layer->dk, j,
                         hr_kv_k_block(e->kv, op->layer, page, head));
    if (layer->v_block_bytes > 0)
        store_value(task, token, head, page, j);
}

void hr_execute_rope_store(HrTask *task)
{
    uint32_t n_heads = task->e->program->hparams->layers[task->op->layer].n_head_kv;
    uint32_t n = task->e->step->n_tokens * n_heads, begin, end;
    while (hr_task_claim(task, n, MAX(1, n / (task->thread->n_threads * 4)), &begin, &end))
        for (uint32_t i = begin; i < end; i++) {
            turn_queries(task, i / n_heads, i % n_heads);
            if (task->op->k != HR_NO_BUF)
                store_head(task, i / n_heads, i % n_heads);
        }
}

/* ---- Attention: a task is a tile of tokens of one slot, for one key head ---- */

typedef struct {
    uint32_t first, n_tokens;    /* of the step */
    uint32_t head, first_q, n_q; /* key head; query heads of its group */
} Tile;

static uint32_t tile_tokens(uint32_t group)
{
    return MAX(1, HR_ATTEND_ROWS / group);
}

/* Query heads of a group are cut only where the group alone is more than a tile's rows. */
static uint32_t group_pieces(uint32_t group)
{
    return (group + HR_ATTEND_ROWS - 1) / HR_ATTEND_ROWS;
}

static uint32_t count_tiles(const HrExecutor *e, uint32_t group)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < e->n_runs; i++)
        n += (e->runs[i].n + tile_tokens(group) - 1) / tile_tokens(group);
    return n;
}

/* Tiles from the last one of each run backwards, because later tokens see more. */
static Tile find_tile(const HrExecutor *e, const HrLayerShape *shape, uint32_t task)
{
    uint32_t group = shape->n_head / shape->n_head_kv, pieces = group_pieces(group),
             width = tile_tokens(group);
    uint32_t piece = task % pieces, head = task / pieces % shape->n_head_kv,
             index = task / pieces / shape->n_head_kv;
    Tile tile = {.head = head, .first_q = piece * HR_ATTEND_ROWS};
    tile.n_q = MIN(group - tile.first_q, HR_ATTEND_ROWS);
    for (uint32_t i = 0; i < e->n_runs; i++) {
        uint32_t n = (e->runs[i].n + width - 1) / width;
        if (index < n) {
            uint32_t begin = (n - 1 - index) * width;
            tile.first = e->runs[i].first + begin;
            tile.n_tokens = MIN(width, e->runs[i].n - begin);
            return tile;
        }
        index -= n;
    }
    return tile;
}

/* What a query's scores are multiplied with. */
static float scale_of(const HrTask *task, uint32_t token)
{
    const HrHparams *hp = task->e->program->hparams;
    const HrTemperature *t = &hp->temperature;
    if (t->length == 0 || !hp->layers[task->op->layer].tempered)
        return hp->attention_scale;
    return hp->attention_scale *
           (float)(1 + t->scale * log(1 + floor((task->e->step->positions[token] + t->offset) /
                                                t->length)));
}

static void set_slopes(const HrTask *task, const Tile *tile, HrAttend *a, uint32_t group)
{
    const HrHparams *hp = task->e->program->hparams;
    uint32_t n_head = hp->layers[task->op->layer].n_head,
             first = tile->head * group + tile->first_q;
    for (uint32_t r = 0; hp->max_alibi_bias > 0 && r < a->n_rows; r++)
        a->slope[r] = hr_alibi_slope(hp->max_alibi_bias, n_head, first + r % tile->n_q);
}

static void load_queries(const HrTask *task, const Tile *tile, HrAttend *a, uint32_t group)
{
    a->n_rows = tile->n_tokens * tile->n_q;
    for (uint32_t t = 0; t < tile->n_tokens; t++) {
        float scale = scale_of(task, tile->first + t);
        const float *q = hr_task_row(task, task->op->src, tile->first + t) +
                         (size_t)(tile->head * group + tile->first_q) * a->dk;
        for (uint32_t i = 0; i < tile->n_q * a->dk; i++)
            a->q[(size_t)t * tile->n_q * a->dk + i] = q[i] * scale;
    }
    memset(a->acc, 0, (size_t)a->n_rows * a->dv_padded * sizeof(float));
    const float *sinks = task->op->weight ? task->op->weight->data : NULL;
    for (uint32_t r = 0; r < a->n_rows; r++) {
        a->max[r] = sinks ? sinks[tile->head * group + tile->first_q + r % tile->n_q] : -INFINITY;
        a->sum[r] = sinks ? 1 : 0;
    }
    set_slopes(task, tile, a, group);
}

/* The first position that a token at position sees. */
static uint32_t first_seen(const HrLayerShape *shape, uint32_t position)
{
    if (shape->window == 0 || position < shape->window)
        return 0;
    return shape->chunked ? position / shape->window * shape->window : position - shape->window + 1;
}

/* Positions that a token of the step sees: up to its own, and the rows of an image may see each
 * other. */
static uint32_t n_seen(const HrStep *step, uint32_t token)
{
    return step->seen ? step->seen[token] : step->positions[token] + 1;
}

/* Of those, as many as its layer's window holds. */
static void set_valid(const HrTask *task, const Tile *tile, HrAttend *a, uint32_t page_start)
{
    const HrLayerShape *shape = &task->e->program->hparams->layers[task->op->layer];
    for (uint32_t t = 0; t < tile->n_tokens; t++) {
        uint32_t position = task->e->step->positions[tile->first + t];
        uint32_t seen = n_seen(task->e->step, tile->first + t);
        uint32_t n = seen <= page_start ? 0 : MIN(seen - page_start, HR_PAGE_POSITIONS);
        uint32_t first = first_seen(shape, position);
        for (uint32_t h = 0; h < tile->n_q; h++) {
            a->first_valid[t * tile->n_q + h] =
                first > page_start ? MIN(first - page_start, HR_PAGE_POSITIONS) : 0;
            a->n_valid[t * tile->n_q + h] = n;
            a->at[t * tile->n_q + h] = (int32_t)(position - page_start);
        }
    }
}

static void store_results(const HrTask *task, const Tile *tile, HrAttend *a, uint32_t group)
{
    for (uint32_t r = 0; r < a->n_rows; r++) {
        uint32_t q_head = tile->head * group + tile->first_q + r % tile->n_q;
        float *y =
            hr_task_row(task, task->op->dst, tile->first + r / tile->n_q) + (size_t)q_head * a->dv;
        for (uint32_t d = 0; d < a->dv; d++)
            y[d] = a->acc[(size_t)r * a->dv_padded + d] / a->sum[r];
        hr_recode_turn_value(task->e->vector, a->type, a->dv, y);
    }
}

static const void *value_block(const HrTask *task, uint32_t page, uint32_t head)
{
    bool kept = task->e->kv->layout.layers[kv_layer(task)].v_block_bytes > 0;
    return kept ? hr_kv_v_block(task->e->kv, kv_layer(task), page, head) : NULL;
}

static void attend_tile(HrTask *task, const Tile *tile, HrAttend *a, uint32_t group)
{
    const HrExecutor *e = task->e;
    uint32_t slot = e->step->slots[tile->first];
    uint32_t n_positions = n_seen(e->step, tile->first + tile->n_tokens - 1);
    uint32_t first =
        first_seen(&e->program->hparams->layers[task->op->layer], e->step->positions[tile->first]);
    load_queries(task, tile, a, group);
    for (uint32_t start = first / HR_PAGE_POSITIONS * HR_PAGE_POSITIONS; start < n_positions;
         start += HR_PAGE_POSITIONS) {
        uint32_t page = hr_kv_page(e->kv, kv_layer(task), slot, start);
        set_valid(task, tile, a, start);
        e->vector->attend_page(a, hr_kv_k_block(e->kv, kv_layer(task), page, tile->head),
                               value_block(task, page, tile->head),
                               MIN(n_positions - start, HR_PAGE_POSITIONS));
    }
    store_results(task, tile, a, group);
}

void hr_execute_attention(HrTask *task)
{
    const HrExecutor *e = task->e;
    const HrLayerShape *shape = &e->program->hparams->layers[task->op->layer];
    uint32_t group = shape->n_head / shape->n_head_kv, begin, end;
    uint32_t n = count_tiles(e, group) * shape->n_head_kv * group_pieces(group);
    HrAttend attend;
    hr_attend_init(&attend, e->kv->layout.type, shape->head_dim_k, shape->head_dim_v,
                   task->scratch + HR_OWN_ROWS_BYTES);
    attend.cap = e->program->hparams->score_cap;
    while (hr_task_claim(task, n, 1, &begin, &end)) {
        Tile tile = find_tile(e, shape, begin);
        attend_tile(task, &tile, &attend, group);
    }
}
