/* lower-columns.c: columns that are multiplied, picked, joined, cut off and mixed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan/lower.h"

/* Adds d, whose numbers each stand alone: cols of them for each row of buf. */
static void add_wide(HrLower *l, HrVkDispatch *d, HrBuf buf, uint32_t cols)
{
    d->groups_x = hr_lower_wide_groups((uint64_t)hr_lower_rows(l, buf) * cols);
    d->groups_y = 1;
    hr_lower_add(l, d);
}

void hr_lower_factors(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    uint32_t cols = hr_lower_cols(l, op->src),
             n_factors = (uint32_t)(op->weight->n_in * op->weight->n_out);
    d->variant =
        (HrVkVariant){HR_VK_FACTORS, {HR_LOWER_WIDE_LANES, op->divides, op->k != HR_NO_BUF}};
    d->params.factors = (HrVkFactors){.counts = hr_lower_counts(l),
                                      .x = hr_lower_read(l, op->src),
                                      .factors = hr_lower_weight(l, op->weight),
                                      .add = hr_lower_read(l, op->k),
                                      .y = hr_lower_write(l, op->dst),
                                      .rows_kind = hr_lower_buffer(l, op->src)->rows,
                                      .cols = cols,
                                      .width = cols / n_factors};
    d->params_bytes = sizeof d->params.factors;
    add_wide(l, d, op->src, cols);
}

/* Without shared columns: a plain choice of columns. */
void hr_lower_pick(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    const HrColumns *c = &op->columns;
    bool joins = op->kind == HR_OP_JOIN_HEADS;
    uint32_t x_cols = hr_lower_cols(l, op->src), shared_cols = joins ? hr_lower_cols(l, op->k) : 0,
             shared_first = joins ? c->at : 0;
    d->variant = (HrVkVariant){HR_VK_PICK, {HR_LOWER_WIDE_LANES}};
    d->params.pick = (HrVkPick){.counts = hr_lower_counts(l),
                                .x = hr_lower_read(l, op->src),
                                .shared = hr_lower_read(l, op->k),
                                .y = hr_lower_write(l, op->dst),
                                .rows_kind = hr_lower_buffer(l, op->src)->rows,
                                .x_cols = x_cols,
                                .y_cols = hr_lower_cols(l, op->dst),
                                .at = joins ? 0 : c->at,
                                .stride = c->stride,
                                .first = c->first,
                                .width = c->width,
                                .shared_cols = shared_cols,
                                .shared_first = shared_first};
    d->params_bytes = sizeof d->params.pick;
    add_wide(l, d, op->src, x_cols / c->stride * (c->width + shared_cols - shared_first));
}

void hr_lower_clamp(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    uint32_t cols = hr_lower_cols(l, op->src);
    d->variant = (HrVkVariant){HR_VK_CLAMP, {HR_LOWER_WIDE_LANES}};
    d->params.clamp = (HrVkClamp){.counts = hr_lower_counts(l),
                                  .x = hr_lower_write(l, op->src),
                                  .rows_kind = hr_lower_buffer(l, op->src)->rows,
                                  .cols = cols,
                                  .limit = op->factor};
    d->params_bytes = sizeof d->params.clamp;
    add_wide(l, d, op->src, cols);
}

void hr_lower_mix(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    uint32_t width = op->columns.width, cols = hr_lower_cols(l, op->dst);
    d->variant = (HrVkVariant){HR_VK_MIX, {HR_LOWER_WIDE_LANES, op->k != HR_NO_BUF}};
    d->params.mix = (HrVkMix){.counts = hr_lower_counts(l),
                              .x = hr_lower_read(l, op->src),
                              .factors = hr_lower_read(l, op->k),
                              .add = hr_lower_read(l, op->add),
                              .y = hr_lower_write(l, op->dst),
                              .rows_kind = hr_lower_buffer(l, op->src)->rows,
                              .width = width,
                              .n_in = hr_lower_cols(l, op->src) / width,
                              .n_out = cols / width,
                              .first = op->columns.first,
                              .add_cols = hr_lower_cols(l, op->add),
                              .factor = op->factor};
    d->params_bytes = sizeof d->params.mix;
    add_wide(l, d, op->src, cols);
}

void hr_lower_match(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    uint32_t cols = hr_lower_cols(l, op->src), width = op->columns.width;
    d->variant = (HrVkVariant){HR_VK_MATCH, {HR_LOWER_LANES}};
    d->params.match = (HrVkMatch){.counts = hr_lower_counts(l),
                                  .x = hr_lower_read(l, op->src),
                                  .model = hr_lower_read(l, op->k),
                                  .y = hr_lower_write(l, op->dst),
                                  .rows_kind = hr_lower_buffer(l, op->src)->rows,
                                  .cols = cols,
                                  .model_cols = hr_lower_cols(l, op->k),
                                  .width = width};
    d->params_bytes = sizeof d->params.match;
    d->groups_x = cols / width;
    d->groups_y = hr_lower_rows(l, op->src);
    hr_lower_add(l, d);
}

void hr_lower_beyond(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    d->variant = (HrVkVariant){HR_VK_BEYOND, {HR_LOWER_LANES * 2}};
    d->params.beyond = (HrVkBeyond){.counts = hr_lower_counts(l),
                                    .x = hr_lower_read(l, op->src),
                                    .y = hr_lower_write(l, op->dst),
                                    .rows_kind = hr_lower_buffer(l, op->src)->rows,
                                    .cols = hr_lower_cols(l, op->src),
                                    .deviations = op->factor};
    d->params_bytes = sizeof d->params.beyond;
    d->groups_x = hr_lower_rows(l, op->src);
    d->groups_y = 1;
    hr_lower_add(l, d);
}

void hr_lower_xielu(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    uint32_t cols = hr_lower_cols(l, op->src);
    d->variant = (HrVkVariant){HR_VK_XIELU, {HR_LOWER_WIDE_LANES}};
    d->params.xielu = (HrVkXielu){.counts = hr_lower_counts(l),
                                  .x = hr_lower_read(l, op->src),
                                  .y = hr_lower_write(l, op->dst),
                                  .rows_kind = hr_lower_buffer(l, op->src)->rows,
                                  .cols = cols,
                                  .alpha_p = op->xielu.alpha_p,
                                  .alpha_n = op->xielu.alpha_n,
                                  .beta = op->xielu.beta,
                                  .eps = op->xielu.eps};
    d->params_bytes = sizeof d->params.xielu;
    add_wide(l, d, op->src, cols);
}
