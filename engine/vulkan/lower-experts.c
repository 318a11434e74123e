/* lower-experts.c: mixtures of experts: rows choose experts, these are given their rows in tiles,
 * and a row's answers are added up.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A matrix is read once for each tile of its expert's places; experts that nobody chose have none.
 */
#include "vulkan/lower.h"
#include "vulkan/scratch.h"

#define ROUTE_LANES 64
#define ORDER_LANES 256
#define EXPERT_ROWS 2 /* of the weights, to a workgroup */

typedef struct {
    HrLower *l;
    const HrOp *op;
    const HrVkDispatch *d; /* says whose the dispatches are */
    const HrExpertWeights *w;
    HrRows rows_kind;
    uint32_t n_rows, n_used, tile; /* rows of this step, experts of each, places of a tile */
    HrVkRouteLayout at;
} Mixture;

static HrVkRoutes routes_of(const Mixture *m, bool writes)
{
    HrVkAddress base = hr_lower_scratch(m->l, 0, m->at.numbers, writes);
    return (HrVkRoutes){.chosen = base + m->at.chosen,
                        .weights = base + m->at.weights,
                        .place_of = base + m->at.place_of,
                        .place_row = base + m->at.place_row,
                        .place_weight = base + m->at.place_weight,
                        .tiles = base + m->at.tiles};
}

static HrVkAddress numbers_of(const Mixture *m, bool writes)
{
    return hr_lower_scratch(m->l, m->at.numbers, m->at.bytes - m->at.numbers, writes);
}

static bool has(const HrLinearStack *stack)
{
    return hr_weight_exists(&stack->weight);
}

/* ---- Routes ---- */

static void lower_route(const Mixture *m)
{
    const HrExperts *x = m->op->mixture;
    const HrRouting *r = &m->op->routing;
    HrVkDispatch d = *m->d;
    d.variant = (HrVkVariant){HR_VK_ROUTE,
                              {ROUTE_LANES, x->n, x->n_used, r->scores, m->w->bias.tensor != NULL,
                               x->n_groups_used < x->n_groups, r->normalise, m->n_rows == 1}};
    d.params.route = (HrVkRoute){.counts = hr_lower_counts(m->l),
                                 .logits = hr_lower_read(m->l, m->op->k),
                                 .bias = hr_lower_weight(m->l, &m->w->bias),
                                 .routes = routes_of(m, true),
                                 .rows_kind = m->rows_kind,
                                 .n_groups = x->n_groups,
                                 .n_groups_used = x->n_groups_used,
                                 .factor = r->factor};
    d.params_bytes = sizeof d.params.route;
    d.groups_x = m->n_rows;
    d.groups_y = 1;
    hr_lower_add(m->l, &d);
}

static void lower_order(const Mixture *m)
{
    HrVkDispatch d = *m->d;
    d.variant = (HrVkVariant){HR_VK_ORDER, {ORDER_LANES, m->op->mixture->n, m->n_used, m->tile}};
    d.params.order = (HrVkOrder){.counts = hr_lower_counts(m->l),
                                 .routes = routes_of(m, true),
                                 .rows_kind = m->rows_kind};
    d.params_bytes = sizeof d.params.order;
    d.groups_x = d.groups_y = 1;
    hr_lower_add(m->l, &d);
}

/* ---- Products ---- */

static HrVkExpertPart part_of(const Mixture *m, const HrLinearStack *stack, HrVkAddress y,
                              uint32_t first_group)
{
    uint64_t stride;
    HrVkAddress weight = hr_lower_stack(m->l, stack, &stride);
    return (HrVkExpertPart){.weight = weight,
                            .stride = stride,
                            .bias = hr_lower_weight(m->l, &stack->bias),
                            .scale = hr_lower_weight(m->l, &stack->scale),
                            .y = y,
                            .n_out = (uint32_t)stack->weight.n_out,
                            .row_bytes = (uint32_t)stack->weight.row_bytes,
                            .first_group = first_group,
                            .bias_stride = (uint32_t)(stack->bias.row_bytes / sizeof(float))};
}

static uint32_t groups_of(const HrLinearStack *stack)
{
    return ((uint32_t)stack->weight.n_out + EXPERT_ROWS - 1) / EXPERT_ROWS;
}

/* Products of the stacks, which have one type and one input, to ys. by_row: x has a row per token.
 */
static void lower_products(const Mixture *m, HrVkAddress x, bool by_row,
                           const HrLinearStack *const stacks[], const HrVkAddress ys[], uint32_t n)
{
    HrVkDispatch d = *m->d;
    uint32_t n_in = (uint32_t)stacks[0]->weight.n_in, n_groups = 0;
    bool weighs = by_row && m->op->routing.weigh_input;
    d.variant = (HrVkVariant){HR_VK_EXPERTS,
                              {HR_LOWER_LANES, stacks[0]->weight.type, EXPERT_ROWS, m->tile, by_row,
                               weighs, n_in % 8 != 0}};
    d.params.experts = (HrVkExperts){.routes = routes_of(m, false),
                                     .x = x,
                                     .n_parts = n,
                                     .n_in = n_in,
                                     .sharers = MAX(m->op->routing.sharers, 1)};
    for (uint32_t i = 0; i < n; i++) {
        d.params.experts.parts[i] = part_of(m, stacks[i], ys[i], n_groups);
        n_groups += groups_of(stacks[i]);
    }
    d.params_bytes = sizeof d.params.experts;
    d.groups_x = n_groups;
    d.groups_y = m->at.n_tiles;
    hr_lower_add(m->l, &d);
}

static void lower_hidden(const Mixture *m)
{
    const HrLinearStack *const both[] = {&m->w->up, &m->w->gate};
    bool gated = has(both[1]), together = gated && both[0]->weight.type == both[1]->weight.type;
    HrVkAddress x = hr_lower_read(m->l, m->op->src),
                ys[] = {hr_lower_write(m->l, m->op->v), gated ? numbers_of(m, true) : 0};
    lower_products(m, x, true, both, ys, together ? 2 : 1);
    if (!gated || together)
        return;
    hr_lower_read(m->l, m->op->src);
    numbers_of(m, true);
    lower_products(m, x, true, both + 1, ys + 1, 1);
}

static void lower_gate(const Mixture *m)
{
    const HrRouting *r = &m->op->routing;
    HrVkDispatch d = *m->d;
    bool gated = has(&m->w->gate);
    uint32_t cols = m->n_used * (uint32_t)m->w->up.weight.n_out;
    d.variant = (HrVkVariant){HR_VK_EXPERTS_GATE,
                              {HR_LOWER_WIDE_LANES, r->activation, gated, gated ? r->clamp : 0}};
    d.params.experts_gate = (HrVkExpertsGate){.counts = hr_lower_counts(m->l),
                                              .gate = gated ? numbers_of(m, false) : 0,
                                              .up = hr_lower_write(m->l, m->op->v),
                                              .rows_kind = m->rows_kind,
                                              .cols = cols,
                                              .limit = r->limit};
    d.params_bytes = sizeof d.params.experts_gate;
    d.groups_x = hr_lower_wide_groups((uint64_t)m->n_rows * cols);
    d.groups_y = 1;
    hr_lower_add(m->l, &d);
}

static void lower_sum(const Mixture *m)
{
    const HrOp *op = m->op;
    HrVkDispatch d = *m->d;
    uint32_t cols = hr_lower_cols(m->l, op->dst);
    HrVkAddress answers = has(&m->w->down) ? numbers_of(m, false) : hr_lower_read(m->l, op->v);
    d.variant = (HrVkVariant){HR_VK_EXPERTS_SUM,
                              {HR_LOWER_WIDE_LANES, op->add != HR_NO_BUF, op->routing.weigh_input}};
    d.params.experts_sum = (HrVkExpertsSum){.counts = hr_lower_counts(m->l),
                                            .routes = routes_of(m, false),
                                            .answers = answers,
                                            .add = hr_lower_read(m->l, op->add),
                                            .y = hr_lower_write(m->l, op->dst),
                                            .rows_kind = m->rows_kind,
                                            .cols = cols,
                                            .n_used = m->n_used};
    d.params_bytes = sizeof d.params.experts_sum;
    d.groups_x = hr_lower_wide_groups((uint64_t)m->n_rows * cols);
    d.groups_y = 1;
    hr_lower_add(m->l, &d);
}

/* ---- The operation ---- */

static uint32_t tile_for(uint32_t n_rows)
{
    return n_rows <= 1 ? 1 : n_rows <= 2 ? 2 : n_rows <= 4 ? 4 : HR_VK_TILE_PLACES;
}

void hr_lower_experts(HrLower *l, const HrOp *op, HrVkDispatch *d)
{
    Mixture m = {.l = l,
                 .op = op,
                 .d = d,
                 .w = op->experts,
                 .rows_kind = hr_lower_buffer(l, op->src)->rows,
                 .n_rows = hr_lower_rows(l, op->src),
                 .n_used = op->mixture->n_used};
    m.tile = tile_for(m.n_rows);
    m.at = hr_vulkan_lay_out_routes(op, m.n_rows, m.tile);
    lower_route(&m);
    if (m.n_rows > 1)
        lower_order(&m);
    lower_hidden(&m);
    lower_gate(&m);
    if (has(&m.w->down)) {
        const HrLinearStack *const down = &m.w->down;
        HrVkAddress hidden = hr_lower_read(l, op->v), answers = numbers_of(&m, true);
        lower_products(&m, hidden, false, &down, &answers, 1);
    }
    lower_sum(&m);
}
