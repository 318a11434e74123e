/* lower-linear.c: products with weights.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan/lower.h"

#define TILE_ROWS 64  /* of the weights */
#define TILE_LANES 16 /* side by side, with one, two or four columns each */
#define LINEAR_ROWS \
    2 /* of the weights, to a workgroup, and more where there are too many of those */

/* The smallest shape of columns that has room for n. */
static uint32_t columns_for(uint32_t n)
{
    return n <= 1 ? 1 : n <= 2 ? 2 : n <= 4 ? 4 : HR_LOWER_COLUMNS;
}

static HrVkPart part_of(HrLower *l, const HrOp *op, uint32_t p, uint32_t first_group)
{
    const HrLinear *linear = op->parts[p].linear;
    bool logits = op->kind == HR_OP_LOGITS;
    return (HrVkPart){.weight = hr_lower_weight(l, &linear->weight),
                      .bias = hr_lower_weight(l, &linear->bias),
                      .scale = hr_lower_weight(l, &linear->scale),
                      .y = logits ? l->s->logits.address : hr_lower_write(l, op->parts[p].dst),
                      .add = hr_lower_read(l, op->add),
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
    for (uint32_t n = HR_LOWER_MAX_GROUPS + 1; n > HR_LOWER_MAX_GROUPS; rows *= 2) {
        n = 0;
        for (uint32_t p = 0; p < op->n_parts; p++)
            n += groups_of(op->parts[p].linear, rows);
        if (n <= HR_LOWER_MAX_GROUPS)
            break;
    }
    return rows;
}

/* The part of a product that a workgroup computes: of few columns by sums over all of its lanes, of
 * many by tiles. */
typedef struct {
    HrVkVariant variant;
    uint32_t rows, columns;
} Shape;

static Shape few_columns(const HrOp *op, HrType type, uint32_t n_in, uint32_t n_rows, bool norm)
{
    Shape s = {.rows = rows_for(op), .columns = columns_for(n_rows)};
    s.variant =
        (HrVkVariant){HR_VK_LINEAR, {HR_LOWER_LANES, type, s.rows, s.columns, norm, n_in % 8 != 0}};
    return s;
}

static Shape many_columns(HrType type, uint32_t n_in, uint32_t n_rows)
{
    uint32_t of_lane = n_rows <= TILE_LANES ? 1 : n_rows <= 2 * TILE_LANES ? 2 : 4;
    return (Shape){.rows = TILE_ROWS,
                   .columns = TILE_LANES * of_lane,
                   .variant = {HR_VK_LINEAR_TILE, {0, type, of_lane, n_in % 8 != 0}}};
}

/* The parts of op that have the type of its part first, in one dispatch. norm: what makes its input
 * of x, or NULL. */
static void lower_parts(HrLower *l, const HrOp *op, const HrOp *norm, uint32_t first,
                        HrVkDispatch *d)
{
    HrBuf x = norm ? norm->src : op->src;
    HrType type = op->parts[first].linear->weight.type;
    uint32_t n_in = (uint32_t)op->parts[first].linear->weight.n_in, n_rows = hr_lower_rows(l, x);
    uint32_t n_groups = 0, n_parts = 0;
    Shape shape = n_rows <= HR_LOWER_COLUMNS ? few_columns(op, type, n_in, n_rows, norm != NULL)
                                             : many_columns(type, n_in, n_rows);
    d->variant = shape.variant;
    d->params.linear =
        (HrVkLinear){.counts = hr_lower_counts(l),
                     .x = hr_lower_read(l, x),
                     .norm = norm ? hr_lower_weight(l, norm->weight) : 0,
                     .rows_kind = hr_lower_buffer(l, x)->rows,
                     .n_in = n_in,
                     .factor = op->factor,
                     .cap = op->kind == HR_OP_LOGITS ? l->s->program->hparams->logit_cap : 0,
                     .eps = norm ? hr_lower_norm_eps(l, norm) : 0};
    for (uint32_t p = first; p < op->n_parts; p++) {
        if (op->parts[p].linear->weight.type != type)
            continue;
        d->params.linear.parts[n_parts++] = part_of(l, op, p, n_groups);
        n_groups += groups_of(op->parts[p].linear, shape.rows);
    }
    d->params.linear.n_parts = n_parts;
    d->params_bytes = sizeof d->params.linear;
    d->groups_x = n_groups;
    d->groups_y = (n_rows + shape.columns - 1) / shape.columns;
    hr_lower_add(l, d);
}

static bool is_first_of_type(const HrOp *op, uint32_t part)
{
    for (uint32_t p = 0; p < part; p++)
        if (op->parts[p].linear->weight.type == op->parts[part].linear->weight.type)
            return false;
    return true;
}

void hr_lower_linear(HrLower *l, const HrOp *op, const HrOp *norm, const HrVkDispatch *d)
{
    for (uint32_t p = 0; p < op->n_parts; p++)
        if (is_first_of_type(op, p)) {
            HrVkDispatch of_type = *d;
            lower_parts(l, op, norm, p, &of_type);
        }
}

/* ---- A matrix for each head ---- */

void hr_lower_head_linear(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    const HrWeight *w = &op->stack->weight;
    uint32_t n_rows = hr_lower_rows(l, op->src), columns = columns_for(n_rows),
             groups = ((uint32_t)w->n_out + LINEAR_ROWS - 1) / LINEAR_ROWS;
    uint64_t stride;
    HrVkAddress weight = hr_lower_stack(l, op->stack, &stride);
    d->variant = (HrVkVariant){HR_VK_HEAD_LINEAR,
                               {HR_LOWER_LANES, w->type, LINEAR_ROWS, columns, w->n_in % 8 != 0}};
    d->params.head_linear = (HrVkHeadLinear){.counts = hr_lower_counts(l),
                                             .x = hr_lower_read(l, op->src),
                                             .weight = weight,
                                             .stride = stride,
                                             .y = hr_lower_write(l, op->dst),
                                             .rows_kind = hr_lower_buffer(l, op->src)->rows,
                                             .n_in = (uint32_t)w->n_in,
                                             .n_out = (uint32_t)w->n_out,
                                             .row_bytes = (uint32_t)w->row_bytes,
                                             .x_cols = hr_lower_cols(l, op->src),
                                             .y_cols = hr_lower_cols(l, op->dst),
                                             .width = op->columns.stride,
                                             .groups = groups};
    d->params_bytes = sizeof d->params.head_linear;
    d->groups_x = groups * (hr_lower_cols(l, op->src) / op->columns.stride);
    d->groups_y = (n_rows + columns - 1) / columns;
    hr_lower_add(l, d);
}
