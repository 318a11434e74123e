/* plan.c: every buffer that running a model takes. See the Plans section of hr.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The sizes come from the same functions that the loader's parts use on themselves: the bound tensors, the cache's layout, the
 * program's arena. Nothing here knows an architecture.
 */
#include "plan/plan.h"

#include "cpu/execute.h"
#include "kv/layout.h"

const char *hr_item_kind_name(HrItemKind kind)
{
    static const char *const names[HR_ITEM_N_KINDS] = {
        [HR_ITEM_WEIGHTS] = "weights", [HR_ITEM_CACHE] = "cache", [HR_ITEM_COMPUTE] = "compute", [HR_ITEM_OUTPUT] = "output"};
    return kind < HR_ITEM_N_KINDS ? names[kind] : "total";
}

static void add_item(HrPlan *plan, HrItemKind kind, char *take_name, int32_t layer, uint64_t bytes)
{
    HrPlanItem item = {.kind = kind, .name = take_name, .layer = layer, .device = 0, .bytes = bytes};
    g_ptr_array_add(plan->names, take_name);
    g_array_append_val(plan->items, item);
}

/* ---- Weights ---- */

static void add_weights(HrPlan *plan)
{
    const HrModel *model = plan->model;
    const HrWeightBytes *bytes = &model->weights.bytes;
    add_item(plan, HR_ITEM_WEIGHTS, g_strdup("token_embd"), -1, bytes->embeddings);
    for (uint32_t il = 0; il < model->hparams.n_layer; il++)
        add_item(plan, HR_ITEM_WEIGHTS, g_strdup_printf("blk.%u", il), (int32_t)il, bytes->layers[il]);
    add_item(plan, HR_ITEM_WEIGHTS, g_strdup("output"), -1, bytes->output);
}

/* ---- Cache ---- */

static void add_layer_cache(HrPlan *plan, const HrKvLayout *layout, uint32_t il)
{
    const HrLayerShape *shape = &plan->model->hparams.layers[il];
    uint64_t pool_bytes = hr_kv_layer_pool_bytes(layout, il), state_bytes = hr_kv_layer_state_bytes(layout, il);
    const char *what = shape->latent ? "latent keys" : shape->window > 0 ? "window of keys and values" : "keys and values";
    if (pool_bytes > 0)
        add_item(plan, HR_ITEM_CACHE, g_strdup_printf("blk.%u %s", il, what), (int32_t)il, pool_bytes);
    if (state_bytes > 0)
        add_item(plan, HR_ITEM_CACHE, g_strdup_printf("blk.%u states", il), (int32_t)il, state_bytes);
    if (layout->layers[il].group == 0)
        plan->cache_bytes_per_token += layout->layers[il].page_bytes / HR_PAGE_POSITIONS;
}

static bool add_cache(HrPlan *plan, GError **error)
{
    HrKvLayout layout;
    if (!hr_kv_layout_init(&layout, &plan->model->hparams, &plan->settings, error))
        return false;
    plan->first_cache = plan->items->len;
    for (uint32_t il = 0; il < layout.n_layer; il++)
        add_layer_cache(plan, &layout, il);
    hr_kv_layout_finish(&layout);
    return true;
}

/* ---- Compute ---- */

static void add_compute(HrPlan *plan)
{
    const HrSettings *s = &plan->settings;
    HrProgram *program = hr_model_build_program(plan->model, hr_settings_max_tokens(s), hr_settings_max_outputs(s));
    HrExecutorNeeds needs = hr_executor_needs(program, s->threads);
    plan->first_compute = plan->items->len;
    add_item(plan, HR_ITEM_COMPUTE, g_strdup("activations"), -1, needs.arena_bytes);
    add_item(plan, HR_ITEM_COMPUTE, g_strdup("prepared rows"), -1, needs.prepared_bytes);
    add_item(plan, HR_ITEM_COMPUTE, g_strdup("thread scratch"), -1, needs.scratch_bytes);
    add_item(plan, HR_ITEM_OUTPUT, g_strdup("logits"), -1, needs.logits_bytes);
    hr_program_free(program);
}

HrPlan *hr_plan_new(HrModel *model, const HrSettings *settings, const HrDevice *devices, size_t n_devices, GError **error)
{
    HrSettings resolved = *settings;
    if (!hr_model_is_runnable(model, error) || !hr_settings_resolve(&resolved, model, error))
        return NULL;
    HrPlan *plan = g_new0(HrPlan, 1);
    g_atomic_ref_count_init(&plan->refs);
    plan->model = hr_model_ref(model);
    plan->settings = resolved;
    plan->devices = g_memdup2(devices, n_devices * sizeof *devices);
    plan->n_devices = n_devices;
    plan->items = g_array_new(false, false, sizeof(HrPlanItem));
    plan->names = g_ptr_array_new_with_free_func(g_free);
    add_weights(plan);
    if (!add_cache(plan, error)) {
        hr_plan_unref(plan);
        return NULL;
    }
    add_compute(plan);
    return plan;
}

HrPlan *hr_plan_ref(HrPlan *plan)
{
    g_atomic_ref_count_inc(&plan->refs);
    return plan;
}

void hr_plan_unref(HrPlan *plan)
{
    if (!plan || !g_atomic_ref_count_dec(&plan->refs))
        return;
    g_array_unref(plan->items);
    g_ptr_array_unref(plan->names);
    g_free(plan->devices);
    hr_model_unref(plan->model);
    g_free(plan);
}

/* ---- Telling ---- */

const HrSettings *hr_plan_get_settings(const HrPlan *plan)
{
    return &plan->settings;
}

size_t hr_plan_n_items(const HrPlan *plan)
{
    return plan->items->len;
}

const HrPlanItem *hr_plan_get_item(const HrPlan *plan, size_t index)
{
    return &g_array_index(plan->items, HrPlanItem, index);
}

size_t hr_plan_n_devices(const HrPlan *plan)
{
    return plan->n_devices;
}

const HrDevice *hr_plan_get_device(const HrPlan *plan, size_t index)
{
    return &plan->devices[index];
}

uint64_t hr_plan_get_bytes(const HrPlan *plan, HrItemKind kind)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < plan->items->len; i++)
        if (kind == HR_ITEM_N_KINDS || hr_plan_get_item(plan, i)->kind == kind)
            bytes += hr_plan_get_item(plan, i)->bytes;
    return bytes;
}

uint64_t hr_plan_get_device_bytes(const HrPlan *plan, size_t device)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < plan->items->len; i++)
        if (hr_plan_get_item(plan, i)->device == device)
            bytes += hr_plan_get_item(plan, i)->bytes;
    return bytes;
}

uint64_t hr_plan_get_cache_bytes_per_token(const HrPlan *plan)
{
    return plan->cache_bytes_per_token;
}

/* ---- Fitting ---- */

/* Largest num_ctx, in whole pages, whose cache fits beside everything else; 0: none. What does not grow with it (windows, states)
 * is counted as it is. */
static uint64_t num_ctx_that_fits(const HrPlan *plan, uint64_t room)
{
    uint64_t page = plan->cache_bytes_per_token * HR_PAGE_POSITIONS * plan->settings.parallel;
    uint64_t paged = page * hr_kv_pages(plan->settings.num_ctx);
    uint64_t rest = hr_plan_get_bytes(plan, HR_ITEM_N_KINDS) - paged;
    return page > 0 && room > rest ? (room - rest) / page * HR_PAGE_POSITIONS : 0;
}

bool hr_plan_fits(const HrPlan *plan, GError **error)
{
    for (size_t d = 0; d < plan->n_devices; d++) {
        const HrDevice *device = &plan->devices[d];
        uint64_t need = hr_plan_get_device_bytes(plan, d);
        uint64_t room = device->free > device->reserve ? device->free - device->reserve : 0;
        if (need <= room)
            continue;
        uint64_t num_ctx = num_ctx_that_fits(plan, room);
        g_autofree char *needs = g_format_size_full(need, G_FORMAT_SIZE_IEC_UNITS);
        g_autofree char *free = g_format_size_full(device->free, G_FORMAT_SIZE_IEC_UNITS);
        g_autofree char *reserve = g_format_size_full(device->reserve, G_FORMAT_SIZE_IEC_UNITS);
        g_autofree char *advice = num_ctx > 0
            ? g_strdup_printf("A num_ctx of %" G_GUINT64_FORMAT " would fit.", num_ctx)
            : g_strdup("Its weights alone do not fit: choose a smaller model or quantisation, or free memory.");
        g_set_error(error, HR_ERROR, HR_ERROR_MEMORY, "The model needs %s on %s; %s are free, of which %s are kept in reserve. %s",
                    needs, device->name, free, reserve, advice);
        return false;
    }
    return true;
}
