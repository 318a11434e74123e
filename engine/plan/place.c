/* place.c: which device has which layer. See plan.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * GPUs are filled one after the other, the fastest memory first, from the last layer backwards: one
 * answer at a time reads all weights once, so bytes are best where they are read fastest, and rows
 * cross from the host to a GPU once. Experts are most of a mixture's bytes and few of them are read
 * for a token, so they leave for the host before whole layers do.
 */
#include "plan/plan.h"
#include "vulkan/scratch.h"

#include <stdlib.h>

/* What a driver keeps of a device for itself once it is used: contexts, pipelines, command buffers.
 * An assumption until it is measured on the device at hand. */
#define DRIVER_BYTES (256ull << 20)

typedef struct {
    const HrPlan *plan;
    const uint64_t *cache;
    uint32_t order[HR_MAX_DEVICES]; /* GPUs, the fastest first */
    uint32_t n_gpus;
    uint32_t most; /* layers that they can compute */
    uint32_t cpu_experts; /* layers, from the first on a GPU, whose experts stay with the host */
} Places;

static uint64_t room_of(const HrDevice *device)
{
    return device->free > device->reserve ? device->free - device->reserve : 0;
}

/* Recurrent states go up and down with every step. */
static uint64_t states_bytes(const HrPlan *plan)
{
    const HrHparams *hp = &plan->model->hparams;
    uint64_t floats = 0;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        floats += (uint64_t)hp->layers[il].n_conv_state + hp->layers[il].n_ssm_state;
    return floats * sizeof(float) * plan->settings.parallel;
}

uint64_t hr_plan_staging_bytes(const HrPlan *plan)
{
    return states_bytes(plan) + (uint64_t)hr_settings_max_tokens(&plan->settings) * plan->model->hparams.n_embd *
           sizeof(float);
}

uint64_t hr_plan_gpu_fixed_bytes(const HrPlan *plan)
{
    return DRIVER_BYTES + plan->needs.arena_bytes + hr_plan_staging_bytes(plan) +
           (plan->program ? hr_vulkan_scratch_bytes(plan->program) : 0);
}

/* ---- The order of devices ---- */

static bool is_faster(const HrDevice *a, const HrDevice *b)
{
    if (a->rates.bandwidth != b->rates.bandwidth)
        return a->rates.bandwidth > b->rates.bandwidth;
    return room_of(a) > room_of(b);
}

/* Insertion sort: stable, so equal devices keep their order and plans are the same on every run. */
static void order_gpus(Places *p)
{
    for (uint32_t d = 0; d < p->plan->n_devices; d++) {
        if (p->plan->devices[d].kind != HR_DEVICE_GPU)
            continue;
        uint32_t at = p->n_gpus++;
        for (; at > 0 && is_faster(&p->plan->devices[d], &p->plan->devices[p->order[at - 1]]); at--)
            p->order[at] = p->order[at - 1];
        p->order[at] = d;
        if (p->plan->devices[d].gpu > 0)
            p->most = p->plan->gpu_takes;
    }
}

/* ---- Filling ---- */

static uint64_t layer_bytes(const Places *p, uint32_t il, bool with_experts)
{
    const HrLayerBytes *layer = &p->plan->weights.layers[il];
    return layer->dense + (with_experts ? layer->experts : 0) + p->cache[il];
}

static uint64_t head_bytes(const HrPlan *plan)
{
    return plan->weights.output + (plan->model->weights.tied ? plan->weights.embeddings : 0) +
           plan->needs.logits_bytes;
}

/* Fills GPUs with the layers from the last one back; experts of layers below first_with stay with
 * the host. wanted: layers to be placed, whether they fit or not, or -1. Returns how many are on
 * GPUs. */
static uint32_t fill(const Places *p, uint32_t first_with, int32_t wanted, HrPlacement *ret)
{
    uint32_t n_layer = p->plan->model->hparams.n_layer, gpu = 0, n = 0;
    uint64_t fixed = hr_plan_gpu_fixed_bytes(p->plan), head = head_bytes(p->plan);
    uint64_t used = fixed + head;

    ret->output = 0;
    for (uint32_t il = 0; il < n_layer; il++)
        ret->layers[il] = ret->experts[il] = 0;
    for (; n < p->most && (wanted < 0 || n < (uint32_t)wanted); n++) {
        uint32_t il = n_layer - 1 - n;
        uint64_t bytes = layer_bytes(p, il, il >= first_with);
        while (gpu + 1 < p->n_gpus && used + bytes > room_of(&p->plan->devices[p->order[gpu]])) {
            gpu++;
            used = fixed + (n == 0 ? head : 0);
        }
        if (wanted < 0 && used + bytes > room_of(&p->plan->devices[p->order[gpu]]))
            break;
        used += bytes;
        ret->layers[il] = p->order[gpu];
        ret->experts[il] = il >= first_with ? p->order[gpu] : 0;
        if (n == 0)
            ret->output = p->order[gpu];
    }
    return n;
}

/* Layers that see another one's keys and values are where that one is. */
static bool keeps_together(const Places *p, const HrPlacement *at)
{
    const HrHparams *hp = &p->plan->model->hparams;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        if (at->layers[il] != at->layers[hr_hparams_kv_layer(hp, il)])
            return false;
    return true;
}

/* The same, or fewer, so that they do. */
static uint32_t fill_together(const Places *p, uint32_t first_with, int32_t wanted,
                              HrPlacement *ret)
{
    uint32_t n = fill(p, first_with, wanted, ret);
    while (!keeps_together(p, ret))
        n = fill(p, first_with, (int32_t)n - 1, ret);
    return n;
}

/* Whether experts can be apart from their layer: on this machine's GPUs not yet. */
static bool has_experts(const HrPlan *plan)
{
    for (uint32_t d = 0; d < plan->n_devices; d++)
        if (plan->devices[d].gpu > 0)
            return false;
    for (uint32_t il = 0; il < plan->model->hparams.n_layer; il++)
        if (plan->weights.layers[il].experts > 0)
            return true;
    return false;
}

/* As few experts with the host as let all layers be on GPUs; if that cannot be, all of them, and as
 * many layers as fit. */
static uint32_t fill_as_fits(const Places *p, HrPlacement *ret, uint32_t *ret_cpu_experts)
{
    uint32_t n_layer = p->plan->model->hparams.n_layer, low = 0, high = n_layer;
    *ret_cpu_experts = 0;
    uint32_t n = fill_together(p, 0, -1, ret);
    if (n == n_layer || !has_experts(p->plan))
        return n;
    n = fill_together(p, n_layer, -1, ret);
    *ret_cpu_experts = n;
    if (n < n_layer)
        return n;
    while (low + 1 < high) {
        uint32_t middle = (low + high) / 2;
        if (fill(p, middle, -1, ret) == n_layer)
            high = middle;
        else
            low = middle;
    }
    *ret_cpu_experts = high;
    return fill(p, high, -1, ret);
}

void hr_plan_place(HrPlan *plan, const uint64_t *cache)
{
    HrSettings *s = &plan->settings;
    uint32_t n_layer = plan->model->hparams.n_layer;
    Places places = {.plan = plan, .cache = cache, .most = n_layer};

    order_gpus(&places);
    if (places.n_gpus == 0 || s->gpu_layers == 0 || places.most == 0) {
        s->gpu_layers = 0;
        s->cpu_experts = 0;
        plan->placement.output = 0;
        for (uint32_t il = 0; il < n_layer; il++)
            plan->placement.layers[il] = plan->placement.experts[il] = 0;
    } else if (s->gpu_layers < 0) {
        s->gpu_layers = (int32_t)fill_as_fits(&places, &plan->placement, &s->cpu_experts);
    } else {
        s->gpu_layers = MIN(s->gpu_layers, (int32_t)places.most);
        s->cpu_experts = has_experts(plan) ? MIN(s->cpu_experts, (uint32_t)s->gpu_layers) : 0;
        s->gpu_layers = (int32_t)fill_together(
            &places, n_layer - (uint32_t)s->gpu_layers + s->cpu_experts, s->gpu_layers,
            &plan->placement);
    }
}
