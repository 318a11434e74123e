/* op-light.c: the operations of towers that are not products. See encode.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vision/encode.h"

#include <math.h>
#include <string.h>

#define PIECE_ROWS 32

static uint32_t count_rows(const HrEncoder *e, const HrTowerOp *op)
{
    return (hr_encoder_rows_of(e, op->dst) + PIECE_ROWS - 1) / PIECE_ROWS;
}

typedef void (*RowFunc)(const HrEncoderTask *task, uint32_t row);

static void each_row(const HrEncoderTask *task, uint32_t piece, RowFunc func)
{
    uint32_t end = MIN((piece + 1) * PIECE_ROWS, hr_encoder_rows_of(task->e, task->op->dst));
    for (uint32_t row = piece * PIECE_ROWS; row < end; row++)
        func(task, row);
}

#define ROW_OPERATION(name) \
    static void run_##name(const HrEncoderTask *task, uint32_t piece) \
    { \
        each_row(task, piece, name); \
    } \
    const HrEncoderOp hr_encoder_##name = {count_rows, run_##name}

/* ---- Input ---- */

static void patches(const HrEncoderTask *task, uint32_t row)
{
    const HrEncoder *e = task->e;
    const HrTower *t = e->tower;
    const HrVisionParams *p = &e->vision->params;
    const HrView *view = &g_array_index(e->sight->views, HrView, e->view);
    float *dst = hr_encoder_at(e, task->op->dst, row);
    if (row < t->n_class) {
        memset(dst, 0, hr_encoder_cols_of(e, task->op->dst) * sizeof(float));
        return;
    }
    uint32_t patch = t->order[row - t->n_class];
    uint32_t x0 = view->x + patch % t->grid_w * p->patch_size,
             y0 = view->y + patch / t->grid_w * p->patch_size;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < p->patch_size; y++) {
            const uint8_t *src =
                hr_image_get_row(e->sight->canvases[view->canvas], y0 + y) + (size_t)x0 * 3 + c;
            for (uint32_t x = 0; x < p->patch_size; x++)
                *dst++ = ((float)src[x * 3] / 255 - p->mean[c]) / p->deviation[c];
        }
}

/* The class token's place in the table is the first one. */
static void position(const HrEncoderTask *task, uint32_t row)
{
    const HrEncoder *e = task->e;
    const HrWeight *table = task->op->weight;
    uint32_t n_class = e->tower->n_class, n = hr_encoder_cols_of(e, task->op->dst);
    uint32_t place = row < n_class ? row : n_class + e->tower->order[row - n_class];
    float *x = hr_encoder_at(e, task->op->dst, row), *added = (float *)task->scratch;
    if (row < n_class)
        memcpy(x, e->vision->class_embd.data, n * sizeof(float));
    hr_dequantize(table->type, (const char *)table->data + place * table->row_bytes, added, n);
    e->vector->add(x, added, n);
}

/* Two axes share a head's pairs. Qwen2-VL turns the first half of them by the line and the second
 * by the column, at the same frequencies; Pixtral's halves have every other frequency each. */
static void angles(const HrEncoderTask *task, uint32_t row)
{
    const HrEncoder *e = task->e;
    uint32_t half = hr_encoder_cols_of(e, task->op->dst) / 2, patch = e->tower->order[row];
    double place[2] = {patch / e->tower->grid_w, patch % e->tower->grid_w};
    float *dst = hr_encoder_at(e, task->op->dst, row);
    for (uint32_t i = 0; i < half; i++) {
        double angle = place[i / (half / 2)] * e->frequencies[i];
        dst[i] = (float)cos(angle);
        dst[half + i] = (float)sin(angle);
    }
}

/* ---- Rows ---- */

static void norm(const HrEncoderTask *task, uint32_t row)
{
    const HrEncoder *e = task->e;
    const HrTowerOp *op = task->op;
    const float *x = hr_encoder_at(e, op->src, row);
    float *y = hr_encoder_at(e, op->dst, row), eps = e->vision->params.eps;
    uint32_t n = hr_encoder_cols_of(e, op->src);
    if (op->rms)
        e->vector->rms_norm(x, op->weight->data, eps, n, y);
    else
        e->vector->layer_norm(x, op->weight->data, op->bias->data, eps, n, y);
}

/* Pixtral's files have pairs beside each other, Qwen2-VL's a half head apart. */
static void turn(const HrEncoderTask *task, uint32_t row)
{
    const HrEncoder *e = task->e;
    HrRopeKind kind = e->vision->params.kind == HR_VISION_PIXTRAL ? HR_ROPE_NORM : HR_ROPE_NEOX;
    uint32_t width = e->vision->params.n_embd / e->vision->params.n_head;
    const float *table = hr_encoder_at(e, task->op->k, row);
    float *x = hr_encoder_at(e, task->op->dst, row);
    for (uint32_t h = 0; h < e->vision->params.n_head; h++)
        e->vector->rope(kind, width, table, x + (size_t)h * width);
}

static void gate(const HrEncoderTask *task, uint32_t row)
{
    const HrTowerOp *op = task->op;
    task->e->vector->activate(op->activation, hr_encoder_at(task->e, op->src, row),
                              hr_encoder_at(task->e, op->k, row),
                              hr_encoder_cols_of(task->e, op->src),
                              hr_encoder_at(task->e, op->dst, row));
}

static void mean(const HrEncoderTask *task, uint32_t row)
{
    const HrTowerOp *op = task->op;
    uint32_t n = hr_encoder_cols_of(task->e, op->src);
    float *y = hr_encoder_at(task->e, op->dst, row);
    memcpy(y, hr_encoder_at(task->e, op->src, row * op->merge), n * sizeof(float));
    for (uint32_t i = 1; i < op->merge; i++)
        task->e->vector->add(y, hr_encoder_at(task->e, op->src, row * op->merge + i), n);
    task->e->vector->scale(y, 1 / (float)op->merge, n);
}

static void put(const HrEncoderTask *task, uint32_t row)
{
    const HrTowerOp *op = task->op;
    memcpy(hr_encoder_at(task->e, op->dst, row) + op->first_col,
           hr_encoder_at(task->e, op->src, row),
           hr_encoder_cols_of(task->e, op->src) * sizeof(float));
}

ROW_OPERATION(patches);
ROW_OPERATION(position);
ROW_OPERATION(angles);
ROW_OPERATION(norm);
ROW_OPERATION(turn);
ROW_OPERATION(gate);
ROW_OPERATION(mean);
ROW_OPERATION(put);
