/* lower.c: operations to dispatches: which shader, with which constants, parameters and workgroups,
 * and what has to wait for what.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * With few rows a norm whose result one product reads is part of that product. Dispatches wait only
 * where memory that they touch was touched before.
 */
#include "vulkan/segment.h"

#include <string.h>

/* Rows for which a product is computed column by column; as many at once. */
#define MAX_COLUMNS 8
#define LANES 64
#define LINEAR_ROWS 2  /* of the weights, to a workgroup, and more where there are too many of those */
#define MAX_GROUPS 65535 /* that every device takes in a direction */
#define WIDE_LANES 256 /* where each number stands alone */
#define MAX_QUERIES 8  /* heads that a workgroup attends with */

/* ---- What touches what ---- */

typedef enum { IN_ARENA, IN_POOL } Space;
typedef struct {
    Space space;
    uint64_t begin, end;
    bool writes;
} Touch;

typedef struct {
    const HrVkSegment *s;
    uint32_t n_rows[2]; /* of tokens and outputs */
    GArray *dispatches;
    GArray *touched; /* Touch, since the last wait */
    GArray *touches; /* of the dispatch that is being made */
} Lower;

static void touch(Lower *l, Space space, uint64_t begin, uint64_t bytes, bool writes)
{
    Touch t = {space, begin, begin + bytes, writes};
    g_array_append_val(l->touches, t);
}

static void touch_buffer(Lower *l, HrBuf buf, bool writes)
{
    const HrBuffer *b = hr_program_buffer(l->s->program, buf);
    uint64_t rows = hr_program_rows(l->s->program, b->rows);
    touch(l, IN_ARENA, b->offset, rows * b->cols * sizeof(float), writes);
}

static bool collides(const Lower *l)
{
    for (guint i = 0; i < l->touches->len; i++)
        for (guint k = 0; k < l->touched->len; k++) {
            const Touch *a = &g_array_index(l->touches, Touch, i),
                        *b = &g_array_index(l->touched, Touch, k);
            if (a->space == b->space && a->begin < b->end && b->begin < a->end &&
                (a->writes || b->writes))
                return true;
        }
    return false;
}

static void add(Lower *l, HrVkDispatch *d)
{
    if (d->groups_x == 0 || d->groups_y == 0) { /* no rows in such a step */
        g_array_set_size(l->touches, 0);
        return;
    }
    d->waits = collides(l);
    if (d->waits)
        g_array_set_size(l->touched, 0);
    g_array_append_vals(l->touched, l->touches->data, l->touches->len);
    g_array_set_size(l->touches, 0);
    g_array_append_vals(l->dispatches, d, 1);
}

/* ---- Addresses ---- */

static HrVkAddress at_step(const Lower *l, uint64_t offset)
{
    return l->s->step.address + offset;
}

static HrVkAddress at_buffer(const Lower *l, HrBuf buf)
{
    const HrProgram *p = l->s->program;
    if (buf == HR_NO_BUF)
        return 0;
    if (buf == p->rope_table || buf == p->local_rope_table)
        return at_step(l, l->s->layout.tables[buf != p->rope_table]);
    return l->s->arena.address + hr_program_buffer(p, buf)->offset;
}

static HrVkAddress read_buffer(Lower *l, HrBuf buf)
{
    if (buf != HR_NO_BUF)
        touch_buffer(l, buf, false);
    return at_buffer(l, buf);
}

static HrVkAddress write_buffer(Lower *l, HrBuf buf)
{
    touch_buffer(l, buf, true);
    return at_buffer(l, buf);
}

static HrVkAddress at_weight(const Lower *l, const HrWeight *weight)
{
    const HrVkAddress *at =
        weight && weight->data ? g_hash_table_lookup(l->s->placed, weight->data) : NULL;
    return at ? *at : 0;
}

static const HrBuffer *buffer(const Lower *l, HrBuf buf)
{
    return hr_program_buffer(l->s->program, buf);
}

static uint32_t rows_of(const Lower *l, HrBuf buf)
{
    return l->n_rows[buffer(l, buf)->rows];
}

static HrVkAddress counts(const Lower *l)
{
    return at_step(l, l->s->layout.counts);
}

/* Workgroups for n numbers, each by itself; lanes take several where there are very many. */
static uint32_t wide_groups(uint64_t n)
{
    return (uint32_t)MIN((n + WIDE_LANES - 1) / WIDE_LANES, MAX_GROUPS);
}

/* ---- Operations ---- */

static float norm_eps(const Lower *l, const HrOp *op)
{
    return op->eps > 0 ? op->eps : l->s->program->hparams->norm_eps;
}

static void lower_rms_norm(Lower *l, const HrOp *op, HrVkDispatch *d)
{
    d->variant = (HrVkVariant){HR_VK_RMS_NORM, {LANES * 2}};
    d->params.rms_norm = (HrVkRmsNorm){.counts = counts(l),
                                       .x = read_buffer(l, op->src),
                                       .weight = at_weight(l, op->weight),
                                       .y = write_buffer(l, op->dst),
                                       .rows_kind = buffer(l, op->src)->rows,
                                       .cols = buffer(l, op->src)->cols,
                                       .width = (uint32_t)op->weight->n_in,
                                       .eps = norm_eps(l, op)};
    d->params_bytes = sizeof d->params.rms_norm;
    d->groups_x = rows_of(l, op->src);
    d->groups_y = 1;
    add(l, d);
}

static void lower_head_norms(Lower *l, const HrOp *op, HrVkDispatch *d)
{
    uint32_t q_cols = buffer(l, op->src)->cols, k_cols = buffer(l, op->k)->cols;
    const HrWeight *q = op->weight, *k = op->k_weight;
    d->variant = (HrVkVariant){HR_VK_HEAD_NORMS, {LANES}};
    d->params.head_norms = (HrVkHeadNorms){.counts = counts(l),
                                           .q = write_buffer(l, op->src),
                                           .k = write_buffer(l, op->k),
                                           .q_weight = at_weight(l, q),
                                           .k_weight = at_weight(l, k),
                                           .q_cols = q_cols,
                                           .k_cols = k_cols,
                                           .q_width = (uint32_t)q->n_in,
                                           .k_width = (uint32_t)k->n_in,
                                           .q_weights = (uint32_t)(q->n_in * q->n_out),
                                           .k_weights = (uint32_t)(k->n_in * k->n_out),
                                           .eps = l->s->program->hparams->norm_eps};
    d->params_bytes = sizeof d->params.head_norms;
    d->groups_x = q_cols / (uint32_t)q->n_in + k_cols / (uint32_t)k->n_in;
    d->groups_y = l->n_rows[HR_ROWS_TOKENS];
    add(l, d);
}

static void lower_activate(Lower *l, const HrOp *op, HrVkDispatch *d)
{
    bool gated = op->k != HR_NO_BUF;
    uint32_t cols = buffer(l, op->dst)->cols;
    d->variant = (HrVkVariant){HR_VK_ACTIVATE, {WIDE_LANES, op->activation, gated}};
    d->params.activate = (HrVkActivate){.counts = counts(l),
                                        .gate = read_buffer(l, op->src),
                                        .up = read_buffer(l, op->k),
                                        .y = write_buffer(l, op->dst),
                                        .rows_kind = buffer(l, op->dst)->rows,
                                        .cols = cols,
                                        .width = cols / buffer(l, op->src)->cols};
    d->params_bytes = sizeof d->params.activate;
    d->groups_x = wide_groups((uint64_t)rows_of(l, op->dst) * cols);
    d->groups_y = 1;
    add(l, d);
}

static void lower_combine(Lower *l, const HrOp *op, HrVkDispatch *d)
{
    uint32_t cols = buffer(l, op->dst)->cols;
    d->variant = (HrVkVariant){HR_VK_COMBINE, {WIDE_LANES, op->k != HR_NO_BUF}};
    d->params.combine = (HrVkCombine){.counts = counts(l),
                                      .x = read_buffer(l, op->src),
                                      .add = read_buffer(l, op->k),
                                      .y = write_buffer(l, op->dst),
                                      .rows_kind = buffer(l, op->dst)->rows,
                                      .cols = cols,
                                      .factor = op->kind == HR_OP_ADD ? 1 : op->factor};
    d->params_bytes = sizeof d->params.combine;
    d->groups_x = wide_groups((uint64_t)rows_of(l, op->dst) * cols);
    d->groups_y = 1;
    add(l, d);
}

static void lower_output_rows(Lower *l, const HrOp *op, HrVkDispatch *d)
{
    uint32_t cols = buffer(l, op->dst)->cols;
    d->variant = (HrVkVariant){HR_VK_OUTPUT_ROWS, {WIDE_LANES}};
    d->params.output_rows = (HrVkOutputRows){.counts = counts(l),
                                             .rows = at_step(l, l->s->layout.outputs),
                                             .x = read_buffer(l, op->src),
                                             .y = write_buffer(l, op->dst),
                                             .cols = cols};
    d->params_bytes = sizeof d->params.output_rows;
    d->groups_x = (cols + WIDE_LANES - 1) / WIDE_LANES;
    d->groups_y = rows_of(l, op->dst);
    add(l, d);
}

/* ---- The cache ---- */

static HrVkPool pool_of(const Lower *l, uint32_t layer)
{
    const HrVkSegment *s = l->s;
    const HrKvLayerLayout *at = &s->kv->layout.layers[layer];
    uint64_t tables = (uint64_t)at->group * s->kv->n_slots * s->layout.entries * sizeof(uint32_t);
    return (HrVkPool){.base = s->pools[layer].address,
                      .pages = at_step(l, s->layout.pages + tables),
                      .entries = s->layout.entries,
                      .page_bytes = (uint32_t)at->page_bytes,
                      .k_block_bytes = (uint32_t)at->k_block_bytes,
                      .v_block_bytes = (uint32_t)at->v_block_bytes,
                      .v_offset = (uint32_t)at->v_offset,
                      .dk = at->dk,
                      .dv = at->dv};
}

/* Coarse caches are turned where the width allows it (cpu/recode.c). */
static bool turns(HrKvType type, uint32_t width)
{
    return (type == HR_KV_Q8_0 || type == HR_KV_Q4_0) && width % 64 == 0;
}

static void touch_pool(Lower *l, uint32_t layer, bool writes)
{
    touch(l, IN_POOL, layer, 1, writes);
}

static void lower_rope_store(Lower *l, const HrOp *op, HrVkDispatch *d)
{
    const HrHparams *hp = l->s->program->hparams;
    const HrLayerShape *shape = &hp->layers[op->layer];
    const HrRope *rope = hr_hparams_rope(hp, op->layer);
    HrKvType type = l->s->kv->layout.type;
    uint32_t dk = shape->head_dim_k, dv = shape->head_dim_v;
    d->variant = (HrVkVariant){HR_VK_ROPE_STORE,
                               {LANES, type, turns(type, dk), turns(type, dv), MAX(dk, dv)}};
    d->params.rope_store =
        (HrVkRopeStore){.counts = counts(l),
                        .q = write_buffer(l, op->src),
                        .k = read_buffer(l, op->k),
                        .v = read_buffer(l, op->v),
                        .table = at_step(l, l->s->layout.tables[shape->local_rope]),
                        .positions = at_step(l, l->s->layout.positions),
                        .slots = at_step(l, l->s->layout.slots),
                        .pool = pool_of(l, op->layer),
                        .n_head = shape->n_head,
                        .n_head_kv = shape->n_head_kv,
                        .n_rot = rope->n_rot,
                        .first = rope->first,
                        .adjacent = rope->kind == HR_ROPE_NORM,
                        .turned = !op->unturned && rope->kind != HR_ROPE_NONE && rope->n_rot > 0,
                        .table_cols = l->s->layout.table_cols[shape->local_rope]};
    d->params_bytes = sizeof d->params.rope_store;
    d->groups_x = shape->n_head + shape->n_head_kv;
    d->groups_y = l->n_rows[HR_ROWS_TOKENS];
    touch_pool(l, op->layer, true);
    add(l, d);
}

static void lower_attention(Lower *l, const HrOp *op, HrVkDispatch *d)
{
    const HrHparams *hp = l->s->program->hparams;
    const HrLayerShape *shape = &hp->layers[op->layer];
    HrKvType type = l->s->kv->layout.type;
    uint32_t group = shape->n_head / shape->n_head_kv, queries = MIN(group, MAX_QUERIES),
             dk = shape->head_dim_k, dv = shape->head_dim_v;
    d->variant = (HrVkVariant){HR_VK_ATTENTION,
                               {LANES, type, queries, dk, dv, turns(type, dv),
                                (dv + LANES - 1) / LANES, MAX(dk, dv)}};
    d->params.attention = (HrVkAttention){.counts = counts(l),
                                          .q = read_buffer(l, op->src),
                                          .y = write_buffer(l, op->dst),
                                          .sinks = at_weight(l, op->weight),
                                          .positions = at_step(l, l->s->layout.positions),
                                          .seen = at_step(l, l->s->layout.seen),
                                          .slots = at_step(l, l->s->layout.slots),
                                          .pool = pool_of(l, op->layer),
                                          .n_head = shape->n_head,
                                          .group = group,
                                          .pieces = (group + queries - 1) / queries,
                                          .window = shape->window,
                                          .chunked = shape->chunked,
                                          .scale = hp->attention_scale,
                                          .cap = hp->score_cap};
    d->params_bytes = sizeof d->params.attention;
    d->groups_x = shape->n_head_kv * d->params.attention.pieces;
    d->groups_y = l->n_rows[HR_ROWS_TOKENS];
    touch_pool(l, op->layer, false);
    add(l, d);
}

/* ---- Products ---- */

/* The smallest shape of columns that has room for n. */
static uint32_t columns_for(uint32_t n)
{
    return n <= 1 ? 1 : n <= 2 ? 2 : n <= 4 ? 4 : MAX_COLUMNS;
}

static HrVkPart part_of(Lower *l, const HrOp *op, uint32_t p, uint32_t first_group)
{
    const HrLinear *linear = op->parts[p].linear;
    bool logits = op->kind == HR_OP_LOGITS;
    return (HrVkPart){.weight = at_weight(l, &linear->weight),
                      .bias = at_weight(l, &linear->bias),
                      .scale = at_weight(l, &linear->scale),
                      .y = logits ? l->s->logits.address : write_buffer(l, op->parts[p].dst),
                      .add = read_buffer(l, op->add),
                      .n_out = (uint32_t)linear->weight.n_out,
                      .row_bytes = (uint32_t)linear->weight.row_bytes,
                      .first_group = first_group,
                      .bias_is_scaled = linear->bias_is_scaled};
}

static uint32_t groups_of(const HrLinear *linear, uint32_t rows)
{
    return ((uint32_t)linear->weight.n_out + rows - 1) / rows;
}

/* Rows to a workgroup, so that there are no more of those than a device takes. */
static uint32_t rows_for(const HrOp *op)
{
    uint32_t rows = LINEAR_ROWS;
    for (uint32_t n = MAX_GROUPS + 1; n > MAX_GROUPS; rows *= 2) {
        n = 0;
        for (uint32_t p = 0; p < op->n_parts; p++)
            n += groups_of(op->parts[p].linear, rows);
        if (n <= MAX_GROUPS)
            break;
    }
    return rows;
}

/* The parts of op that have the type of its part first, in one dispatch. norm: what makes its input
 * of x, or NULL. */
static void lower_parts(Lower *l, const HrOp *op, const HrOp *norm, uint32_t first, HrVkDispatch *d)
{
    HrBuf x = norm ? norm->src : op->src;
    HrType type = op->parts[first].linear->weight.type;
    uint32_t n_in = (uint32_t)op->parts[first].linear->weight.n_in, n_rows = rows_of(l, x);
    uint32_t columns = columns_for(n_rows), rows = rows_for(op), n_groups = 0, n_parts = 0;
    d->variant = (HrVkVariant){HR_VK_LINEAR,
                               {LANES, type, rows, columns, norm != NULL, n_in % 8 != 0}};
    d->params.linear = (HrVkLinear){.counts = counts(l),
                                    .x = read_buffer(l, x),
                                    .norm = norm ? at_weight(l, norm->weight) : 0,
                                    .rows_kind = buffer(l, x)->rows,
                                    .n_in = n_in,
                                    .factor = op->factor,
                                    .cap = op->kind == HR_OP_LOGITS
                                               ? l->s->program->hparams->logit_cap
                                               : 0,
                                    .eps = norm ? norm_eps(l, norm) : 0};
    for (uint32_t p = first; p < op->n_parts; p++) {
        if (op->parts[p].linear->weight.type != type)
            continue;
        d->params.linear.parts[n_parts++] = part_of(l, op, p, n_groups);
        n_groups += groups_of(op->parts[p].linear, rows);
    }
    d->params.linear.n_parts = n_parts;
    d->params_bytes = sizeof d->params.linear;
    d->groups_x = n_groups;
    d->groups_y = (n_rows + columns - 1) / columns;
    add(l, d);
}

static bool is_first_of_type(const HrOp *op, uint32_t part)
{
    for (uint32_t p = 0; p < part; p++)
        if (op->parts[p].linear->weight.type == op->parts[part].linear->weight.type)
            return false;
    return true;
}

static void lower_linear(Lower *l, const HrOp *op, const HrOp *norm, const HrVkDispatch *d)
{
    for (uint32_t p = 0; p < op->n_parts; p++)
        if (is_first_of_type(op, p)) {
            HrVkDispatch of_type = *d;
            lower_parts(l, op, norm, p, &of_type);
        }
}

/* ---- The walk ---- */

/* Whether the norm at i is only read by the product behind it, of few columns. */
static bool joins_next(const Lower *l, uint32_t i)
{
    const HrOp *op = hr_program_op(l->s->program, i),
               *next = i + 1 < l->s->end ? hr_program_op(l->s->program, i + 1) : NULL;
    return op->kind == HR_OP_RMS_NORM && next &&
           (next->kind == HR_OP_LINEAR || next->kind == HR_OP_LOGITS) && next->src == op->dst &&
           buffer(l, op->dst)->last_op == i + 1 && next->add != op->dst &&
           (next->kind == HR_OP_LOGITS || buffer(l, op->src)->last_op > i) &&
           op->weight->n_in == buffer(l, op->src)->cols && rows_of(l, op->src) <= MAX_COLUMNS;
}

static void lower(Lower *l, uint32_t i, const HrOp *norm)
{
    const HrOp *op = hr_program_op(l->s->program, i);
    HrVkDispatch d = {.op = i};
    switch (op->kind) {
    case HR_OP_RMS_NORM: lower_rms_norm(l, op, &d); break;
    case HR_OP_HEAD_NORMS: lower_head_norms(l, op, &d); break;
    case HR_OP_ACTIVATE: lower_activate(l, op, &d); break;
    case HR_OP_ADD:
    case HR_OP_COMBINE: lower_combine(l, op, &d); break;
    case HR_OP_OUTPUT_ROWS: lower_output_rows(l, op, &d); break;
    case HR_OP_ROPE_STORE: lower_rope_store(l, op, &d); break;
    case HR_OP_ATTENTION: lower_attention(l, op, &d); break;
    case HR_OP_LINEAR:
    case HR_OP_LOGITS: lower_linear(l, op, norm, &d); break;
    default: g_assert_not_reached(); /* support.c keeps them with the host */
    }
}

GArray *hr_vk_lower(const HrVkSegment *segment, uint32_t n_tokens, uint32_t n_outputs)
{
    Lower l = {.s = segment,
               .n_rows = {n_tokens, n_outputs},
               .dispatches = g_array_new(false, false, sizeof(HrVkDispatch)),
               .touched = g_array_new(false, false, sizeof(Touch)),
               .touches = g_array_new(false, false, sizeof(Touch))};
    const HrOp *norm = NULL;
    for (uint32_t i = segment->begin; i < segment->end; i++) {
        if (joins_next(&l, i)) {
            norm = hr_program_op(segment->program, i);
            continue;
        }
        lower(&l, i, norm);
        norm = NULL;
    }
    g_array_unref(l.touched);
    g_array_unref(l.touches);
    return l.dispatches;
}
