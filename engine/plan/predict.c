/* predict.c: how long a step takes, from what it moves and computes and what the devices reach.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Nothing here was fitted to a model: a layer takes as long as the slower of two things, reading
 * its bytes or computing its products, and each operation a little besides. A processor whose
 * kernels were measured is looked at more closely (predict-host.c). Devices work one after the
 * other, because layers do.
 */
#include "plan/predict.h"

#include <math.h>

/* Operations of a layer, apart from what its kind adds: two norms, products, rotation, attention,
 * activation. */
#define OPS_PER_LAYER 9

typedef struct {
    const HrPlan *plan;
    const HrStepShape *shape;
    HrStepCost *costs; /* [n_devices] */
    bool known;
} Cost;

static void spend(Cost *c, uint32_t device, double bytes, double operations, double n_ops)
{
    const HrDeviceRates *rates = &c->plan->devices[device].rates;
    HrStepCost *cost = &c->costs[device];
    cost->bytes += bytes;
    cost->operations += operations;
    if (rates->bandwidth <= 0 || rates->compute <= 0)
        c->known = false;
    else
        cost->seconds +=
            MAX(bytes / rates->bandwidth, operations / rates->compute) + n_ops * rates->op_seconds;
}

/* The share of experts that at least one of the tokens is sent to, if they are sent anywhere alike.
 */
static double expert_share(const Cost *c)
{
    const HrModelInfo *info = &c->plan->model->info;
    if (info->n_expert == 0)
        return 0;
    return 1 - pow(1 - (double)info->n_expert_used / info->n_expert, c->shape->n_tokens);
}

/* Attention of all tokens of the step to what is behind them, and the cache that is read for it. */
static void spend_attention(Cost *c, uint32_t il)
{
    const HrLayerShape *l = &c->plan->model->hparams.layers[il];
    double own = (double)c->shape->n_tokens / MAX(c->shape->n_slots, 1),
           seen = c->shape->depth + own / 2, held = c->shape->depth + own;
    if (l->n_head_kv == 0)
        return;
    if (l->window > 0) {
        seen = MIN(seen, l->window);
        held = MIN(held, l->window + own);
    }
    double row = (double)c->plan->token_bytes[il];
    double operations =
        2.0 * l->n_head * ((double)l->head_dim_k + l->head_dim_v) * seen * c->shape->n_tokens;
    spend(c, c->plan->placement.layers[il], row * held * c->shape->n_slots, operations, 0);
}

static void spend_layer(Cost *c, uint32_t il)
{
    const HrPlan *p = c->plan;
    const HrLayerBytes *w = &p->weights.layers[il];
    const HrModelInfo *info = &p->model->info;
    double n = c->shape->n_tokens;
    spend(c, p->placement.layers[il], (double)w->dense, 2.0 * (double)w->dense_elements * n,
          OPS_PER_LAYER);
    if (w->experts > 0 && info->n_expert > 0)
        spend(c, p->placement.experts[il], (double)w->experts * expert_share(c),
              2.0 * (double)w->expert_elements * info->n_expert_used / info->n_expert * n, 1);
    spend_attention(c, il);
}

/* The residual stream of the step's tokens, from one device to another; experts apart from their
 * layer take it there and back. */
static void spend_way(Cost *c, uint32_t from, uint32_t to, double times)
{
    uint32_t device = from != 0 ? from : to;
    double bytes =
        (double)c->shape->n_tokens * c->plan->model->hparams.n_embd * sizeof(float) * times;
    if (from != to && c->plan->devices[device].rates.bus > 0)
        c->costs[device].seconds += bytes / c->plan->devices[device].rates.bus;
}

static void spend_output(Cost *c)
{
    const HrPlan *p = c->plan;
    bool tied = p->model->weights.tied;
    double elements = tied ? (double)p->model->hparams.n_vocab * p->model->hparams.n_embd
                           : (double)p->weights.output_elements;
    spend(c, p->placement.output, (double)(tied ? p->weights.embeddings : p->weights.output),
          2 * elements * c->shape->n_outputs, 2);
}

bool hr_plan_count_step(const HrPlan *plan, const HrStepShape *shape, HrStepCost *costs)
{
    Cost c = {plan, shape, costs, true};
    uint32_t at = 0;
    for (size_t d = 0; d < plan->n_devices; d++)
        costs[d] = (HrStepCost){0};
    if (!plan->model)
        return false;
    for (uint32_t il = 0; il < plan->model->hparams.n_layer; il++) {
        uint32_t device = plan->placement.layers[il];
        spend_way(&c, at, device, 1);
        spend_layer(&c, il);
        if (plan->weights.layers[il].experts > 0)
            spend_way(&c, device, plan->placement.experts[il], 2);
        at = device;
    }
    spend_way(&c, at, plan->placement.output, 1);
    spend_output(&c);
    return c.known;
}

bool hr_plan_predict_step(const HrPlan *plan, const HrStepShape *shape, HrStepCost *costs)
{
    bool known = hr_plan_count_step(plan, shape, costs);
    for (size_t d = 0; d < plan->n_devices && !known; d++)
        costs[d].seconds = 0;
    if (known && plan->program && plan->devices[0].rates.kernels.meet > 0)
        costs[0].seconds = hr_predict_host(plan, shape, costs[0].bytes);
    return known;
}
