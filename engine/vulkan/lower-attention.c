/* lower-attention.c: keys and values into the cache, and attention over it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan/lower.h"

#define MAX_QUERIES 8 /* heads that a workgroup attends with */
/* Numbers of their queries: in the 16 KiB of shared memory that every device has. */
#define QUERY_NUMBERS 2048

/* Coarse caches are turned where the width allows it (cpu/recode.c). */
static bool turns(HrKvType type, uint32_t width)
{
    return (type == HR_KV_Q8_0 || type == HR_KV_Q4_0) && width % 64 == 0;
}

/* Queries alone where the layer sees another one's keys and values; keys alone where these hold the
 * values. */
void hr_lower_rope_store(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    const HrHparams *hp = l->s->program->hparams;
    const HrLayerShape *shape = &hp->layers[op->layer];
    const HrRope *rope = hr_hparams_rope(hp, op->layer);
    HrKvType type = l->s->kv->layout.type;
    uint32_t dk = shape->head_dim_k, dv = shape->head_dim_v;
    bool stores = op->k != HR_NO_BUF;
    d->variant =
        (HrVkVariant){HR_VK_ROPE_STORE,
                      {HR_LOWER_LANES, type, turns(type, dk), turns(type, dv), MAX(dk, dv),
                       shape->latent,
                       shape->latent && turns(type, dv) && dk > dv && turns(type, dk - dv)}};
    d->params.rope_store =
        (HrVkRopeStore){.counts = hr_lower_counts(l),
                        .q = hr_lower_write(l, op->src),
                        .k = hr_lower_read(l, op->k),
                        .v = hr_lower_read(l, op->v),
                        .table = hr_lower_step(l, l->s->layout.tables[shape->local_rope]),
                        .positions = hr_lower_step(l, l->s->layout.positions),
                        .slots = hr_lower_step(l, l->s->layout.slots),
                        .pool = hr_lower_pool(l, hr_hparams_kv_layer(hp, op->layer), stores),
                        .n_head = shape->n_head,
                        .n_head_kv = shape->n_head_kv,
                        .n_rot = rope->n_rot,
                        .first = rope->first,
                        .adjacent = rope->kind == HR_ROPE_NORM,
                        .turned = !op->unturned && rope->kind != HR_ROPE_NONE && rope->n_rot > 0,
                        .table_cols = l->s->layout.table_cols[shape->local_rope]};
    d->params_bytes = sizeof d->params.rope_store;
    d->groups_x = shape->n_head + (stores ? shape->n_head_kv : 0);
    d->groups_y = l->n_rows[HR_ROWS_TOKENS];
    hr_lower_add(l, d);
}

/* hr_alibi_slope's largest power of two, and the exponent from one head to the next. */
void hr_lower_alibi(const HrHparams *hp, uint32_t n_head, uint32_t *ret_heads, float *ret_step)
{
    uint32_t n = hp->max_alibi_bias > 0;
    while (n > 0 && n * 2 <= n_head)
        n *= 2;
    *ret_heads = n;
    *ret_step = n > 0 ? hp->max_alibi_bias / (float)n : 0;
}

void hr_lower_attention(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    const HrHparams *hp = l->s->program->hparams;
    const HrLayerShape *shape = &hp->layers[op->layer];
    HrKvType type = l->s->kv->layout.type;
    uint32_t dk = shape->head_dim_k, dv = shape->head_dim_v,
             group = shape->n_head / shape->n_head_kv,
             queries = MIN(group, CLAMP(QUERY_NUMBERS / MAX(dk, dv), 1, MAX_QUERIES));
    bool tempered = shape->tempered && hp->temperature.length > 0;
    d->variant =
        (HrVkVariant){HR_VK_ATTENTION,
                      {HR_LOWER_LANES, type, queries, dk, dv, turns(type, dv),
                       (dv + HR_LOWER_LANES - 1) / HR_LOWER_LANES, MAX(dk, dv), shape->latent}};
    d->params.attention =
        (HrVkAttention){.counts = hr_lower_counts(l),
                        .q = hr_lower_read(l, op->src),
                        .y = hr_lower_write(l, op->dst),
                        .sinks = hr_lower_weight(l, op->weight),
                        .positions = hr_lower_step(l, l->s->layout.positions),
                        .seen = hr_lower_step(l, l->s->layout.seen),
                        .slots = hr_lower_step(l, l->s->layout.slots),
                        .pool = hr_lower_pool(l, hr_hparams_kv_layer(hp, op->layer), false),
                        .tempers = tempered ? hr_lower_step(l, l->s->layout.tempers) : 0,
                        .n_head = shape->n_head,
                        .group = group,
                        .pieces = (group + queries - 1) / queries,
                        .window = shape->window,
                        .chunked = shape->chunked,
                        .scale = hp->attention_scale,
                        .cap = hp->score_cap};
    hr_lower_alibi(hp, shape->n_head, &d->params.attention.alibi_heads,
                   &d->params.attention.alibi_step);
    d->params_bytes = sizeof d->params.attention;
    d->groups_x = shape->n_head_kv * d->params.attention.pieces;
    d->groups_y = l->n_rows[HR_ROWS_TOKENS];
    hr_lower_add(l, d);
}
