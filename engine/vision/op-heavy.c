/* op-heavy.c: products and attention of towers. See encode.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vision/encode.h"

#include <math.h>
#include <string.h>

/* A piece of a product: a millisecond or two at usual widths, and large enough for each kernel's
 * own blocking. */
#define PIECE_ROWS 256
#define PIECE_COLS 128

size_t hr_encoder_thread_scratch(const HrTower *t)
{
    const HrVisionParams *p = &t->vision->params;
    size_t panel = (size_t)PIECE_COLS * t->widest_in * sizeof(float);
    uint32_t width = p->n_embd / p->n_head;
    return MAX(panel + hr_product_scratch_bytes(t->widest_in),
               hr_attend_scratch_bytes(width, width)) /
               64 * 64 +
           64;
}

/* ---- Products ---- */

typedef struct {
    uint32_t n_rows, n_in, n_out, n_row_pieces, n_col_pieces;
} Shape;

static Shape shape_of(const HrEncoder *e, const HrTowerOp *op)
{
    Shape s = {.n_rows = hr_encoder_rows_of(e, op->dst),
               .n_in = hr_encoder_cols_of(e, op->src) * op->merge,
               .n_out = hr_encoder_cols_of(e, op->dst)};
    s.n_row_pieces = (s.n_rows + PIECE_ROWS - 1) / PIECE_ROWS;
    s.n_col_pieces = (s.n_out + PIECE_COLS - 1) / PIECE_COLS;
    return s;
}

static uint32_t count_linear(const HrEncoder *e, const HrTowerOp *op)
{
    Shape s = shape_of(e, op);
    return s.n_row_pieces * s.n_col_pieces;
}

/* Columns of a matrix that is stored [n_in, n_out] as rows. */
static void transpose_panel(const HrWeight *w, uint32_t first, uint32_t n, float *panel)
{
    float row[PIECE_COLS];
    size_t element = hr_type_traits(w->type)->block_bytes;
    for (uint64_t i = 0; i < w->n_out; i++) {
        hr_dequantize(w->type, (const char *)w->data + i * w->row_bytes + first * element, row, n);
        for (uint32_t c = 0; c < n; c++)
            panel[(size_t)c * w->n_out + i] = row[c];
    }
}

/* Rows whose columns go through the merged rows in turns, made to go through one after the other.
 * row: room for n_in floats. */
static void untangle_panel(const HrWeight *w, uint32_t merge, uint32_t first, uint32_t n,
                           float *row, float *panel)
{
    size_t width = w->n_in / merge;
    for (uint32_t c = 0; c < n; c++, panel += w->n_in) {
        hr_dequantize(w->type, (const char *)w->data + (first + c) * w->row_bytes, row, w->n_in);
        for (size_t i = 0; i < w->n_in; i++)
            panel[i % merge * width + i / merge] = row[i];
    }
}

/* Rows [first, first + n) of the matrix as floats. */
static const float *panel_of(const HrEncoderTask *task, uint32_t first, uint32_t n, float *panel,
                             float *row)
{
    const HrWeight *w = &task->op->linear->weight;
    const char *data = (const char *)w->data + first * w->row_bytes;
    if (task->op->transposed) {
        transpose_panel(w, first, n, panel);
        return panel;
    }
    if (task->op->interleaved) {
        untangle_panel(w, task->op->merge, first, n, row, panel);
        return panel;
    }
    if (w->type == HR_TYPE_F32)
        return (const float *)data;
    for (uint32_t r = 0; r < n; r++)
        hr_dequantize(w->type, data + r * w->row_bytes, panel + r * w->n_in, w->n_in);
    return panel;
}

static void finish_row(const HrEncoderTask *task, uint32_t row, uint32_t first, uint32_t n)
{
    const HrEncoder *e = task->e;
    const HrTowerOp *op = task->op;
    float *y = hr_encoder_at(e, op->dst, row) + first;
    if (hr_weight_exists(&op->linear->bias))
        e->vector->add(y, (const float *)op->linear->bias.data + first, n);
    if (op->activates)
        e->vector->activate(op->activation, y, NULL, n, y);
    if (op->add != HR_TOWER_NONE)
        e->vector->add(y, hr_encoder_at(e, op->add, row) + first, n);
}

static void run_linear(const HrEncoderTask *task, uint32_t piece)
{
    const HrEncoder *e = task->e;
    const HrTowerOp *op = task->op;
    Shape s = shape_of(e, op);
    uint32_t row = piece % s.n_row_pieces * PIECE_ROWS, col = piece / s.n_row_pieces * PIECE_COLS;
    uint32_t n_rows = MIN(PIECE_ROWS, s.n_rows - row), n_cols = MIN(PIECE_COLS, s.n_out - col);
    float *panel = (float *)task->scratch;
    char *rest = task->scratch + ((size_t)PIECE_COLS * e->tower->widest_in * sizeof(float));
    const float *w = panel_of(task, col, n_cols, panel, (float *)rest);
    const float *x = hr_encoder_at(e, op->src, op->first_row + row * op->merge);
    e->product->rows(x, s.n_in, n_rows, w, n_cols, s.n_in, hr_encoder_at(e, op->dst, row) + col,
                     s.n_out, rest);
    for (uint32_t r = 0; r < n_rows; r++)
        finish_row(task, row + r, col, n_cols);
}

const HrEncoderOp hr_encoder_linear = {count_linear, run_linear};

/* ---- Attention: a piece is a few rows of one range, for one head ---- */

typedef struct {
    uint32_t begin, end;     /* of the range */
    uint32_t first, n, head; /* rows of the piece */
} Piece;

static uint32_t n_ranges(const HrEncoder *e, const HrTowerOp *op)
{
    return op->whole ? 1 : e->tower->windows->len;
}

static void get_range(const HrEncoder *e, const HrTowerOp *op, uint32_t i, uint32_t *ret_begin,
                      uint32_t *ret_end)
{
    const GArray *ends = e->tower->windows;
    *ret_begin = op->whole || i == 0 ? 0 : g_array_index(ends, uint32_t, i - 1);
    *ret_end = op->whole ? hr_encoder_rows_of(e, op->src) : g_array_index(ends, uint32_t, i);
}

static uint32_t pieces_in(uint32_t begin, uint32_t end)
{
    return (end - begin + HR_ATTEND_ROWS - 1) / HR_ATTEND_ROWS;
}

static uint32_t count_attend(const HrEncoder *e, const HrTowerOp *op)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < n_ranges(e, op); i++) {
        uint32_t begin, end;
        get_range(e, op, i, &begin, &end);
        n += pieces_in(begin, end);
    }
    return n * e->vision->params.n_head;
}

static Piece find_piece(const HrEncoder *e, const HrTowerOp *op, uint32_t number)
{
    uint32_t n_head = e->vision->params.n_head, index = number / n_head;
    Piece p = {.head = number % n_head};
    for (uint32_t i = 0; i < n_ranges(e, op); i++) {
        get_range(e, op, i, &p.begin, &p.end);
        if (index < pieces_in(p.begin, p.end))
            break;
        index -= pieces_in(p.begin, p.end);
    }
    p.first = p.begin + index * HR_ATTEND_ROWS;
    p.n = MIN(HR_ATTEND_ROWS, p.end - p.first);
    return p;
}

static void load_queries(const HrEncoderTask *task, const Piece *p, HrAttend *a)
{
    float scale = 1 / sqrtf((float)a->dk);
    a->n_rows = p->n;
    for (uint32_t r = 0; r < p->n; r++) {
        const float *q =
            hr_encoder_at(task->e, task->op->src, p->first + r) + (size_t)p->head * a->dk;
        for (uint32_t d = 0; d < a->dk; d++)
            a->q[(size_t)r * a->dk + d] = q[d] * scale;
        a->max[r] = -INFINITY;
        a->sum[r] = 0;
    }
    memset(a->acc, 0, (size_t)p->n * a->dv_padded * sizeof(float));
}

static void load_keys(const HrEncoderTask *task, const Piece *p, uint32_t first, uint32_t n,
                      HrAttend *a)
{
    for (uint32_t j = 0; j < n; j++) {
        const float *k = hr_encoder_at(task->e, task->op->k, first + j) + (size_t)p->head * a->dk;
        const float *v = hr_encoder_at(task->e, task->op->v, first + j) + (size_t)p->head * a->dv;
        for (uint32_t d = 0; d < a->dk; d++)
            a->keys[(size_t)d * HR_PAGE_POSITIONS + j] = k[d];
        memcpy(a->values + (size_t)j * a->dv_padded, v, a->dv * sizeof(float));
    }
    for (uint32_t r = 0; r < p->n; r++)
        a->n_valid[r] = n;
}

static void run_attend(const HrEncoderTask *task, uint32_t piece)
{
    const HrEncoder *e = task->e;
    uint32_t width = e->vision->params.n_embd / e->vision->params.n_head;
    Piece p = find_piece(e, task->op, piece);
    HrAttend a;
    hr_attend_init(&a, HR_KV_F32, width, width, task->scratch);
    memset(a.keys, 0, (size_t)width * HR_PAGE_POSITIONS * sizeof(float));
    memset(a.values, 0, (size_t)HR_PAGE_POSITIONS * a.dv_padded * sizeof(float));
    load_queries(task, &p, &a);
    for (uint32_t first = p.begin; first < p.end; first += HR_PAGE_POSITIONS) {
        uint32_t n = MIN(HR_PAGE_POSITIONS, p.end - first);
        load_keys(task, &p, first, n, &a);
        e->vector->attend(&a, n);
    }
    for (uint32_t r = 0; r < p.n; r++) {
        float *y = hr_encoder_at(e, task->op->dst, p.first + r) + (size_t)p.head * width;
        for (uint32_t d = 0; d < width; d++)
            y[d] = a.acc[(size_t)r * a.dv_padded + d] / a.sum[r];
    }
}

const HrEncoderOp hr_encoder_attend = {count_attend, run_attend};
