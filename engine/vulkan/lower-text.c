/* lower-text.c: texts that are computed whole: turning in place, attention among the tokens of a
 * step, and what makes one vector of their rows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan/lower.h"

void hr_lower_rope(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    const HrHparams *hp = l->s->program->hparams;
    const HrLayerShape *shape = &hp->layers[op->layer];
    const HrRope *rope = hr_hparams_rope(hp, op->layer);
    uint32_t n_q = hr_lower_cols(l, op->src) / shape->head_dim_k,
             n_k = hr_lower_cols(l, op->k) / shape->head_dim_k;
    d->variant = (HrVkVariant){HR_VK_ROPE, {HR_LOWER_LANES}};
    d->params.rope = (HrVkRope){.counts = hr_lower_counts(l),
                                .q = hr_lower_write(l, op->src),
                                .k = hr_lower_write(l, op->k),
                                .table = hr_lower_step(l, l->s->layout.tables[shape->local_rope]),
                                .n_q = n_q,
                                .n_k = n_k,
                                .width = shape->head_dim_k,
                                .n_rot = rope->kind == HR_ROPE_NONE ? 0 : rope->n_rot,
                                .first = rope->first,
                                .adjacent = rope->kind == HR_ROPE_NORM,
                                .table_cols = l->s->layout.table_cols[shape->local_rope]};
    d->params_bytes = sizeof d->params.rope;
    d->groups_x = n_q + n_k;
    d->groups_y = l->n_rows[HR_ROWS_TOKENS];
    hr_lower_add(l, d);
}

void hr_lower_attend_text(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    const HrHparams *hp = l->s->program->hparams;
    const HrLayerShape *shape = &hp->layers[op->layer];
    uint32_t dv = shape->head_dim_v;
    d->variant = (HrVkVariant){HR_VK_ATTEND_TEXT,
                               {HR_LOWER_LANES, shape->head_dim_k, dv,
                                (dv + HR_LOWER_LANES - 1) / HR_LOWER_LANES}};
    d->params.attend_text =
        (HrVkAttendText){.counts = hr_lower_counts(l),
                         .q = hr_lower_read(l, op->src),
                         .k = hr_lower_read(l, op->k),
                         .v = hr_lower_read(l, op->v),
                         .y = hr_lower_write(l, op->dst),
                         .texts = hr_lower_step(l, l->s->layout.texts),
                         .n_head = shape->n_head,
                         .n_head_kv = shape->n_head_kv,
                         .reach = op->window > 0 ? op->window / 2 : l->s->program->max_tokens,
                         .scale = hp->attention_scale};
    hr_lower_alibi(hp, shape->n_head, &d->params.attend_text.alibi_heads,
                   &d->params.attend_text.alibi_step);
    d->params_bytes = sizeof d->params.attend_text;
    d->groups_x = shape->n_head;
    d->groups_y = l->n_rows[HR_ROWS_TOKENS];
    hr_lower_add(l, d);
}

void hr_lower_mean_rows(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    uint32_t cols = hr_lower_cols(l, op->dst);
    d->variant = (HrVkVariant){HR_VK_MEAN_ROWS, {HR_LOWER_WIDE_LANES}};
    d->params.mean_rows = (HrVkMeanRows){.counts = hr_lower_counts(l),
                                         .rows = hr_lower_step(l, l->s->layout.outputs),
                                         .texts = hr_lower_step(l, l->s->layout.texts),
                                         .x = hr_lower_read(l, op->src),
                                         .y = hr_lower_write(l, op->dst),
                                         .cols = cols};
    d->params_bytes = sizeof d->params.mean_rows;
    d->groups_x = (cols + HR_LOWER_WIDE_LANES - 1) / HR_LOWER_WIDE_LANES;
    d->groups_y = hr_lower_rows(l, op->dst);
    hr_lower_add(l, d);
}

/* Where logits are in models that have some. */
void hr_lower_output(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    uint32_t cols = hr_lower_cols(l, op->src);
    d->variant = (HrVkVariant){HR_VK_COMBINE, {HR_LOWER_WIDE_LANES, false}};
    d->params.combine = (HrVkCombine){.counts = hr_lower_counts(l),
                                      .x = hr_lower_read(l, op->src),
                                      .y = l->s->logits.address,
                                      .rows_kind = hr_lower_buffer(l, op->src)->rows,
                                      .cols = cols,
                                      .factor = 1};
    d->params_bytes = sizeof d->params.combine;
    d->groups_x = hr_lower_wide_groups((uint64_t)hr_lower_rows(l, op->src) * cols);
    d->groups_y = 1;
    hr_lower_add(l, d);
}
