/* lower-rows.c: operations on rows by themselves: norms, activations, sums, choosing rows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan/lower.h"

void hr_lower_rms_norm(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    d->variant = (HrVkVariant){HR_VK_RMS_NORM, {HR_LOWER_LANES * 2}};
    d->params.rms_norm =
        (HrVkRmsNorm){.counts = hr_lower_counts(l),
                      .x = hr_lower_read(l, op->src),
                      .weight = hr_lower_weight(l, op->weight),
                      .y = hr_lower_write(l, op->dst),
                      .rows_kind = hr_lower_buffer(l, op->src)->rows,
                      .cols = hr_lower_cols(l, op->src),
                      .width = hr_weight_exists(op->weight) ? (uint32_t)op->weight->n_in
                                                            : hr_lower_cols(l, op->src),
                      .eps = hr_lower_norm_eps(l, op)};
    d->params_bytes = sizeof d->params.rms_norm;
    d->groups_x = hr_lower_rows(l, op->src);
    d->groups_y = 1;
    hr_lower_add(l, d);
}

void hr_lower_layer_norm(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    d->variant = (HrVkVariant){HR_VK_LAYER_NORM, {HR_LOWER_LANES * 2}};
    d->params.layer_norm = (HrVkLayerNorm){.counts = hr_lower_counts(l),
                                           .x = hr_lower_read(l, op->src),
                                           .weight = hr_lower_weight(l, op->weight),
                                           .bias = hr_lower_weight(l, op->bias),
                                           .y = hr_lower_write(l, op->dst),
                                           .rows_kind = hr_lower_buffer(l, op->src)->rows,
                                           .cols = hr_lower_cols(l, op->src),
                                           .eps = l->s->program->hparams->norm_eps};
    d->params_bytes = sizeof d->params.layer_norm;
    d->groups_x = hr_lower_rows(l, op->src);
    d->groups_y = 1;
    hr_lower_add(l, d);
}

void hr_lower_group_norm(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    uint32_t cols = hr_lower_cols(l, op->src), width = op->recurrence.width;
    const HrWeight *w = op->weight;
    d->variant = (HrVkVariant){HR_VK_GROUP_NORM, {HR_LOWER_LANES}};
    d->params.group_norm = (HrVkGroupNorm){.counts = hr_lower_counts(l),
                                           .x = hr_lower_read(l, op->src),
                                           .weight = hr_lower_weight(l, w),
                                           .y = hr_lower_write(l, op->dst),
                                           .rows_kind = hr_lower_buffer(l, op->src)->rows,
                                           .cols = cols,
                                           .width = width,
                                           .n_weights = w ? (uint32_t)(w->n_in * w->n_out) : 1,
                                           .eps = l->s->program->hparams->norm_eps};
    d->params_bytes = sizeof d->params.group_norm;
    d->groups_x = cols / width;
    d->groups_y = hr_lower_rows(l, op->src);
    hr_lower_add(l, d);
}

void hr_lower_head_norms(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    uint32_t q_cols = hr_lower_cols(l, op->src), k_cols = hr_lower_cols(l, op->k);
    const HrWeight *q = op->weight, *k = op->k_weight;
    d->variant = (HrVkVariant){HR_VK_HEAD_NORMS, {HR_LOWER_LANES, op->centred}};
    d->params.head_norms = (HrVkHeadNorms){.counts = hr_lower_counts(l),
                                           .q = hr_lower_write(l, op->src),
                                           .k = hr_lower_write(l, op->k),
                                           .q_weight = hr_lower_weight(l, q),
                                           .k_weight = hr_lower_weight(l, k),
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
    hr_lower_add(l, d);
}

void hr_lower_activate(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    bool gated = op->k != HR_NO_BUF;
    uint32_t cols = hr_lower_cols(l, op->dst);
    d->variant = (HrVkVariant){HR_VK_ACTIVATE, {HR_LOWER_WIDE_LANES, op->activation, gated}};
    d->params.activate = (HrVkActivate){.counts = hr_lower_counts(l),
                                        .gate = hr_lower_read(l, op->src),
                                        .up = hr_lower_read(l, op->k),
                                        .y = hr_lower_write(l, op->dst),
                                        .rows_kind = hr_lower_buffer(l, op->dst)->rows,
                                        .cols = cols,
                                        .width = cols / hr_lower_cols(l, op->src)};
    d->params_bytes = sizeof d->params.activate;
    d->groups_x = hr_lower_wide_groups((uint64_t)hr_lower_rows(l, op->dst) * cols);
    d->groups_y = 1;
    hr_lower_add(l, d);
}

void hr_lower_combine(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    uint32_t cols = hr_lower_cols(l, op->dst);
    d->variant = (HrVkVariant){HR_VK_COMBINE, {HR_LOWER_WIDE_LANES, op->k != HR_NO_BUF}};
    d->params.combine = (HrVkCombine){.counts = hr_lower_counts(l),
                                      .x = hr_lower_read(l, op->src),
                                      .add = hr_lower_read(l, op->k),
                                      .y = hr_lower_write(l, op->dst),
                                      .rows_kind = hr_lower_buffer(l, op->dst)->rows,
                                      .cols = cols,
                                      .factor = op->kind == HR_OP_ADD ? 1 : op->factor};
    d->params_bytes = sizeof d->params.combine;
    d->groups_x = hr_lower_wide_groups((uint64_t)hr_lower_rows(l, op->dst) * cols);
    d->groups_y = 1;
    hr_lower_add(l, d);
}

void hr_lower_output_rows(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    uint32_t cols = hr_lower_cols(l, op->dst);
    d->variant = (HrVkVariant){HR_VK_OUTPUT_ROWS, {HR_LOWER_WIDE_LANES}};
    d->params.output_rows = (HrVkOutputRows){.counts = hr_lower_counts(l),
                                             .rows = hr_lower_step(l, l->s->layout.outputs),
                                             .x = hr_lower_read(l, op->src),
                                             .y = hr_lower_write(l, op->dst),
                                             .cols = cols};
    d->params_bytes = sizeof d->params.output_rows;
    d->groups_x = (cols + HR_LOWER_WIDE_LANES - 1) / HR_LOWER_WIDE_LANES;
    d->groups_y = hr_lower_rows(l, op->dst);
    hr_lower_add(l, d);
}
