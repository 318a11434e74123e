/* lower-recurrent.c: short convolutions, state spaces and their like.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan/lower.h"

#define BLOCK 64 /* channels of a workgroup, as states lie (cpu/op-recurrent.c) */

static uint32_t cols_of(const HrLower *l, HrBuf buf)
{
    return buf == HR_NO_BUF ? 0 : hr_lower_cols(l, buf);
}

static uint32_t n_runs(const HrLower *l)
{
    return MIN(l->n_rows[HR_ROWS_TOKENS], l->s->kv->n_slots);
}

void hr_lower_short_conv(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    uint32_t channels = hr_lower_cols(l, op->src);
    d->variant =
        (HrVkVariant){HR_VK_SHORT_CONV, {BLOCK, op->recurrence.width, op->recurrence.silu}};
    d->params.short_conv =
        (HrVkShortConv){.counts = hr_lower_counts(l),
                        .runs = hr_lower_step(l, l->s->layout.runs),
                        .x = hr_lower_read(l, op->src),
                        .in_gate = hr_lower_read(l, op->k),
                        .out_gate = hr_lower_read(l, op->v),
                        .kernel = hr_lower_weight(l, op->weight),
                        .bias = hr_lower_weight(l, op->bias),
                        .y = hr_lower_write(l, op->dst),
                        .state = hr_lower_state(l, op->layer, op->recurrence.state),
                        .channels = channels,
                        .run_floats = (uint32_t)(l->s->states.run_bytes / sizeof(float))};
    d->params_bytes = sizeof d->params.short_conv;
    d->groups_x = (channels + BLOCK - 1) / BLOCK;
    d->groups_y = n_runs(l);
    hr_lower_add(l, d);
}

/* groups: workgroups of a run. */
static void lower_recurrence(HrLower *l, const HrOp *op, HrVkDispatch *d, HrVkVariant variant,
                             uint32_t groups)
{
    const HrRecurrence *r = &op->recurrence;
    uint64_t behind = l->s->kv->layout.layers[op->layer].conv_bytes / sizeof(float) + r->state;
    d->variant = variant;
    d->params.recurrence =
        (HrVkRecurrence){.counts = hr_lower_counts(l),
                         .runs = hr_lower_step(l, l->s->layout.runs),
                         .x = hr_lower_read(l, op->src),
                         .k = hr_lower_read(l, op->k),
                         .v = hr_lower_read(l, op->v),
                         .add = hr_lower_read(l, op->add),
                         .y = hr_lower_write(l, op->dst),
                         .a = hr_lower_weight(l, r->a),
                         .d = hr_lower_weight(l, r->d),
                         .dt_bias = hr_lower_weight(l, r->dt_bias),
                         .state = hr_lower_state(l, op->layer, behind),
                         .x_cols = cols_of(l, op->src),
                         .k_cols = cols_of(l, op->k),
                         .v_cols = cols_of(l, op->v),
                         .add_cols = cols_of(l, op->add),
                         .y_cols = cols_of(l, op->dst),
                         .n_head = r->n_head,
                         .head_dim = r->head_dim,
                         .n_group = r->n_group,
                         .n_state = r->n_state,
                         .run_floats = (uint32_t)(l->s->states.run_bytes / sizeof(float)),
                         .tiled = r->tiled,
                         .fading = r->fading,
                         .bound = r->bound,
                         .eps = l->s->program->hparams->norm_eps};
    d->params_bytes = sizeof d->params.recurrence;
    d->groups_x = groups;
    d->groups_y = n_runs(l);
    hr_lower_add(l, d);
}

void hr_lower_ssm(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    lower_recurrence(l, op, d, (HrVkVariant){HR_VK_SSM, {HR_LOWER_LANES, op->v != HR_NO_BUF}},
                     op->recurrence.n_head);
}

void hr_lower_selective(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    lower_recurrence(l, op, d, (HrVkVariant){HR_VK_SELECTIVE, {BLOCK}},
                     (hr_lower_cols(l, op->src) + BLOCK - 1) / BLOCK);
}

void hr_lower_delta_rule(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    lower_recurrence(l, op, d,
                     (HrVkVariant){HR_VK_DELTA_RULE, {HR_LOWER_LANES, op->recurrence.n_state}},
                     op->recurrence.n_head);
}

void hr_lower_retain(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    lower_recurrence(l, op, d, (HrVkVariant){HR_VK_RETAIN, {HR_LOWER_LANES}},
                     op->recurrence.n_head);
}
