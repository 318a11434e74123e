/* tower-emit.c: the words that towers are written with, and the places of their buffers. See
 * tower.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vision/tower.h"

static HrTowerBuffer *buffer_of(HrTower *t, HrTowerBuf buf)
{
    return &g_array_index(t->buffers, HrTowerBuffer, buf);
}

HrTowerBuf hr_tower_stack(HrTower *t, uint32_t rows, uint32_t cols)
{
    HrTowerBuffer buffer = {.rows = rows,
                            .cols = cols,
                            .first_op = t->ops->len,
                            .last_op = t->ops->len};
    g_array_append_val(t->buffers, buffer);
    return t->buffers->len - 1;
}

static HrTowerBuf like(HrTower *t, HrTowerBuf x)
{
    return hr_tower_stack(t, buffer_of(t, x)->rows, buffer_of(t, x)->cols);
}

static HrTowerOp new_op(HrTowerKind kind, HrTowerBuf src, HrTowerBuf dst)
{
    return (HrTowerOp){.kind = kind,
                       .src = src,
                       .dst = dst,
                       .k = HR_TOWER_NONE,
                       .v = HR_TOWER_NONE,
                       .add = HR_TOWER_NONE,
                       .merge = 1};
}

static void append(HrTower *t, const HrTowerOp *op)
{
    const HrTowerBuf used[] = {op->src, op->dst, op->k, op->v, op->add};
    for (size_t i = 0; i < G_N_ELEMENTS(used); i++)
        if (used[i] != HR_TOWER_NONE)
            buffer_of(t, used[i])->last_op = t->ops->len;
    g_array_append_vals(t->ops, op, 1);
}

HrTowerBuf hr_tower_patches(HrTower *t)
{
    uint32_t patch = t->vision->params.patch_size;
    HrTowerOp op = new_op(HR_TOWER_PATCHES, HR_TOWER_NONE,
                          hr_tower_stack(t, t->n_class + t->grid_w * t->grid_h, 3 * patch * patch));
    append(t, &op);
    return op.dst;
}

void hr_tower_position(HrTower *t, HrTowerBuf x, const HrWeight *table)
{
    HrTowerOp op = new_op(HR_TOWER_POSITION, HR_TOWER_NONE, x);
    op.weight = table;
    append(t, &op);
}

HrTowerBuf hr_tower_angles(HrTower *t)
{
    const HrVisionParams *p = &t->vision->params;
    HrTowerOp op = new_op(HR_TOWER_ANGLES, HR_TOWER_NONE,
                          hr_tower_stack(t, t->grid_w * t->grid_h, p->n_embd / p->n_head));
    append(t, &op);
    return op.dst;
}

HrTowerBuf hr_tower_norm(HrTower *t, HrTowerBuf x, const HrVisionNorm *norm)
{
    HrTowerOp op = new_op(HR_TOWER_NORM, x, like(t, x));
    op.weight = &norm->weight;
    op.bias = &norm->bias;
    op.rms = !hr_weight_exists(&norm->bias);
    append(t, &op);
    return op.dst;
}

static HrTowerBuf linear(HrTower *t, HrTowerOp op, const HrLinear *weights)
{
    uint32_t n_in = (uint32_t)(op.transposed ? weights->weight.n_out : weights->weight.n_in);
    uint32_t n_out = (uint32_t)(op.transposed ? weights->weight.n_in : weights->weight.n_out);
    op.linear = weights;
    op.dst = hr_tower_stack(t, (buffer_of(t, op.src)->rows - op.first_row) / op.merge, n_out);
    t->widest_in = MAX(t->widest_in, n_in);
    append(t, &op);
    return op.dst;
}

HrTowerBuf hr_tower_linear(HrTower *t, HrTowerBuf x, const HrLinear *weights)
{
    return linear(t, new_op(HR_TOWER_LINEAR, x, HR_TOWER_NONE), weights);
}

HrTowerBuf hr_tower_linear_add(HrTower *t, HrTowerBuf x, const HrLinear *weights,
                               HrTowerBuf residual)
{
    HrTowerOp op = new_op(HR_TOWER_LINEAR, x, HR_TOWER_NONE);
    op.add = residual;
    return linear(t, op, weights);
}

HrTowerBuf hr_tower_linear_activated(HrTower *t, HrTowerBuf x, const HrLinear *weights,
                                     HrActivation activation)
{
    HrTowerOp op = new_op(HR_TOWER_LINEAR, x, HR_TOWER_NONE);
    op.activates = true;
    op.activation = activation;
    return linear(t, op, weights);
}

HrTowerBuf hr_tower_linear_transposed(HrTower *t, HrTowerBuf x, const HrLinear *weights)
{
    HrTowerOp op = new_op(HR_TOWER_LINEAR, x, HR_TOWER_NONE);
    op.transposed = true;
    return linear(t, op, weights);
}

HrTowerBuf hr_tower_linear_merged(HrTower *t, HrTowerBuf x, const HrLinear *weights, uint32_t merge)
{
    HrTowerOp op = new_op(HR_TOWER_LINEAR, x, HR_TOWER_NONE);
    op.merge = merge;
    op.first_row = t->n_class;
    return linear(t, op, weights);
}

HrTowerBuf hr_tower_linear_interleaved(HrTower *t, HrTowerBuf x, const HrLinear *weights,
                                       uint32_t merge)
{
    HrTowerBuf y = hr_tower_linear_merged(t, x, weights, merge);
    g_array_index(t->ops, HrTowerOp, t->ops->len - 1).interleaved = true;
    return y;
}

void hr_tower_activate_last(HrTower *t, HrActivation activation)
{
    HrTowerOp *op = &g_array_index(t->ops, HrTowerOp, t->ops->len - 1);
    op->activates = true;
    op->activation = activation;
}

void hr_tower_turn(HrTower *t, HrTowerBuf x, HrTowerBuf angles)
{
    HrTowerOp op = new_op(HR_TOWER_TURN, HR_TOWER_NONE, x);
    op.k = angles;
    append(t, &op);
}

HrTowerBuf hr_tower_attend(HrTower *t, HrTowerBuf q, HrTowerBuf k, HrTowerBuf v, bool whole)
{
    HrTowerOp op = new_op(HR_TOWER_ATTEND, q, like(t, q));
    op.k = k;
    op.v = v;
    op.whole = whole;
    append(t, &op);
    return op.dst;
}

HrTowerBuf hr_tower_gate(HrTower *t, HrActivation activation, HrTowerBuf gate, HrTowerBuf up)
{
    HrTowerOp op = new_op(HR_TOWER_GATE, gate, like(t, gate));
    op.k = up;
    op.activation = activation;
    append(t, &op);
    return op.dst;
}

HrTowerBuf hr_tower_mean(HrTower *t, HrTowerBuf x, uint32_t merge)
{
    HrTowerOp op = new_op(HR_TOWER_MEAN, x,
                          hr_tower_stack(t, buffer_of(t, x)->rows / merge, buffer_of(t, x)->cols));
    op.merge = merge;
    append(t, &op);
    return op.dst;
}

void hr_tower_put(HrTower *t, HrTowerBuf stack, HrTowerBuf x, uint32_t first_col)
{
    HrTowerOp op = new_op(HR_TOWER_PUT, x, stack);
    op.first_col = first_col;
    append(t, &op);
}
