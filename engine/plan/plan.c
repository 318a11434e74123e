/* plan.c: every buffer that running a model takes. See the Plans section of hr.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The sizes come from the same functions that the loader's parts use on themselves: the bound
 * tensors, the cache's layout, the program's arena. Nothing here knows an architecture.
 */
#include "plan/plan.h"

#include "kv/layout.h"
#include "vulkan/support.h"

#include <string.h>

const char *hr_item_kind_name(HrItemKind kind)
{
    static const char *const names[HR_ITEM_N_KINDS] = {
        [HR_ITEM_WEIGHTS] = "weights",     [HR_ITEM_CACHE] = "cache",
        [HR_ITEM_COMPUTE] = "compute",     [HR_ITEM_OUTPUT] = "output",
        [HR_ITEM_PROJECTOR] = "projector", [HR_ITEM_STAGING] = "staging",
        [HR_ITEM_DRIVER] = "driver"};
    return kind < HR_ITEM_N_KINDS ? names[kind] : "total";
}

/* Most plans' names; others take several times that. */
#define NAMES_BYTES 2048

static void add_item(HrPlan *plan, HrItemKind kind, const char *name, int32_t layer,
                     uint32_t device, uint64_t bytes)
{
    HrPlanItem item = {.kind = kind, .layer = layer, .device = device, .bytes = bytes};
    plan->device_bytes[device] += bytes;
    if (!plan->items)
        return;
    item.name = g_string_chunk_insert(plan->names, name);
    g_array_append_val(plan->items, item);
}

/* "blk.12 states". Written digit by digit: a plan has hundreds of such names. */
static void add_layer_item(HrPlan *plan, HrItemKind kind, uint32_t il, const char *what,
                           uint32_t device, uint64_t bytes)
{
    char name[64] = "blk.", digits[12];
    size_t n = 4, n_digits = 0;
    for (uint32_t rest = il; n_digits == 0 || rest > 0; rest /= 10)
        digits[n_digits++] = (char)('0' + rest % 10);
    while (n_digits > 0)
        name[n++] = digits[--n_digits];
    g_strlcpy(name + n, what, sizeof name - n);
    add_item(plan, kind, name, (int32_t)il, device, bytes);
}

static uint32_t n_items(const HrPlan *plan)
{
    return plan->items ? plan->items->len : 0;
}

/* Of headers of shapes: bytes of the part that reads images, which is a file of its own. */
#define SHAPE_PROJECTOR_KEY "headroom.projector_bytes"

/* ---- Weights ---- */

static uint64_t sum_weights(const HrWeightBytes *w, uint32_t n_layer)
{
    uint64_t total = w->embeddings + w->output;
    for (uint32_t il = 0; il < n_layer; il++)
        total += w->layers[il].dense + w->layers[il].experts;
    return total;
}

__extension__ typedef unsigned __int128 Wide; /* bytes times bytes */

/* The next part of a total that is spread over parts: rounding is carried on, so that the parts add
 * up to it exactly. */
static uint64_t spread(uint64_t part, uint64_t of, uint64_t total, uint64_t *at)
{
    uint64_t before = (uint64_t)((Wide)*at * total / of);
    *at += part;
    return (uint64_t)((Wide)*at * total / of) - before;
}

static void count_weights(HrPlan *plan)
{
    const HrWeightBytes *from = &plan->model->weights.bytes;
    HrWeightBytes *to = &plan->weights;
    uint32_t n_layer = plan->model->hparams.n_layer;
    uint64_t of = sum_weights(from, n_layer),
             total = plan->settings.weights_bytes > 0 ? plan->settings.weights_bytes : of, at = 0;

    *to = *from;
    to->layers = g_memdup2(from->layers, n_layer * sizeof *from->layers);
    if (total == of)
        return;
    to->embeddings = spread(from->embeddings, of, total, &at);
    for (uint32_t il = 0; il < n_layer; il++) {
        to->layers[il].dense = spread(from->layers[il].dense, of, total, &at);
        to->layers[il].experts = spread(from->layers[il].experts, of, total, &at);
    }
    to->output = spread(from->output, of, total, &at);
}

static void add_layer_weights(HrPlan *plan, uint32_t il)
{
    const HrLayerBytes *layer = &plan->weights.layers[il];
    uint32_t device = plan->placement.layers[il], experts = plan->placement.experts[il];
    bool together = device == experts || layer->experts == 0;

    add_layer_item(plan, HR_ITEM_WEIGHTS, il, "", device,
                   layer->dense + (together ? layer->experts : 0));
    if (!together)
        add_layer_item(plan, HR_ITEM_WEIGHTS, il, " experts", experts, layer->experts);
}

static void add_weights(HrPlan *plan)
{
    const HrWeightBytes *w = &plan->weights;
    uint32_t output = plan->placement.output;

    add_item(plan, HR_ITEM_WEIGHTS, "token_embd", -1, 0, w->embeddings);
    for (uint32_t il = 0; il < plan->model->hparams.n_layer; il++)
        add_layer_weights(plan, il);
    /* Embeddings that are also the output matrix are needed where tokens come in and where logits
     * come out. */
    add_item(plan, HR_ITEM_WEIGHTS, "output", -1, output,
             w->output + (plan->model->weights.tied && output != 0 ? w->embeddings : 0));
}

/* ---- Cache ---- */

bool hr_plan_cache_bytes(const HrModel *model, const HrSettings *s, uint64_t *layers,
                         GError **error)
{
    HrKvLayout layout;
    if (!hr_kv_layout_init(&layout, &model->hparams, s, error))
        return false;
    for (uint32_t il = 0; il < layout.n_layer; il++)
        layers[il] = hr_kv_layer_pool_bytes(&layout, il) + hr_kv_layer_state_bytes(&layout, il);
    hr_kv_layout_finish(&layout);
    return true;
}

static void add_layer_cache(HrPlan *plan, const HrKvLayout *layout, uint32_t il)
{
    const HrLayerShape *shape = &plan->model->hparams.layers[il];
    uint64_t pool_bytes = hr_kv_layer_pool_bytes(layout, il),
             state_bytes = hr_kv_layer_state_bytes(layout, il);
    const char *what = shape->latent       ? " latent keys"
                       : shape->window > 0 ? " window of keys and values"
                                           : " keys and values";
    uint32_t device = plan->placement.layers[il];
    if (pool_bytes > 0)
        add_layer_item(plan, HR_ITEM_CACHE, il, what, device, pool_bytes);
    if (state_bytes > 0)
        add_layer_item(plan, HR_ITEM_CACHE, il, " states", 0, state_bytes); /* the host keeps them */
    plan->token_bytes[il] = layout->layers[il].page_bytes / HR_PAGE_POSITIONS;
    if (layout->layers[il].group == 0)
        plan->cache_bytes_per_token += layout->layers[il].page_bytes / HR_PAGE_POSITIONS;
}

static bool add_cache(HrPlan *plan, GError **error)
{
    HrKvLayout layout;
    if (!hr_kv_layout_init(&layout, &plan->model->hparams, &plan->settings, error))
        return false;
    plan->first_cache = n_items(plan);
    for (uint32_t il = 0; il < layout.n_layer; il++)
        add_layer_cache(plan, &layout, il);
    hr_kv_layout_finish(&layout);
    return true;
}

/* ---- Compute ---- */

static bool has_layers(const HrPlan *plan, uint32_t device)
{
    for (uint32_t il = 0; il < plan->model->hparams.n_layer; il++)
        if (plan->placement.layers[il] == device || plan->placement.experts[il] == device)
            return true;
    return false;
}

static void add_gpu(HrPlan *plan, uint32_t device)
{
    uint64_t staging = hr_plan_staging_bytes(plan);
    g_autofree char *back = g_strdup_printf("rows from and to %s", plan->devices[device].name);
    add_item(plan, HR_ITEM_COMPUTE, "activations", -1, device, plan->needs.arena_bytes);
    add_item(plan, HR_ITEM_STAGING, "rows from and to the host", -1, device, staging);
    add_item(plan, HR_ITEM_STAGING, back, -1, 0, staging);
    add_item(plan, HR_ITEM_DRIVER, "driver", -1, device,
             hr_plan_gpu_fixed_bytes(plan) - plan->needs.arena_bytes - staging);
}

/* The host's four come first and in this order: the executor takes them by it. */
static void add_compute(HrPlan *plan)
{
    HrExecutorNeeds host =
        has_layers(plan, 0)
            ? plan->needs
            : (HrExecutorNeeds){.arena_bytes = plan->needs.front_bytes,
                                .prepared_bytes = plan->needs.front_prepared_bytes,
                                .scratch_bytes = plan->needs.scratch_bytes};
    plan->first_compute = n_items(plan);
    add_item(plan, HR_ITEM_COMPUTE, "activations", -1, 0, host.arena_bytes);
    add_item(plan, HR_ITEM_COMPUTE, "prepared rows", -1, 0, host.prepared_bytes);
    add_item(plan, HR_ITEM_COMPUTE, "thread scratch", -1, 0, host.scratch_bytes);
    add_item(plan, HR_ITEM_OUTPUT, "logits", -1, plan->placement.output, plan->needs.logits_bytes);
    for (uint32_t d = 0; d < plan->n_devices; d++)
        if (plan->devices[d].kind == HR_DEVICE_GPU && has_layers(plan, d))
            add_gpu(plan, d);
}

/* The tower stays with the host. Its four items come in this order: the loader takes them by it. */
static void add_projector(HrPlan *plan)
{
    const HrVision *vision = plan->model->vision;
    const HrEncoderNeeds *needs = &plan->vision_needs;
    uint64_t bytes;
    plan->first_projector = n_items(plan);
    /* A shape has no tower to be looked at, but may say what it weighs. */
    if (!vision && !hr_model_has_weights(plan->model) &&
        hr_gguf_get_uint(plan->model->gguf, SHAPE_PROJECTOR_KEY, &bytes))
        add_item(plan, HR_ITEM_PROJECTOR, "vision tower", -1, 0, bytes);
    if (!vision)
        return;
    add_item(plan, HR_ITEM_PROJECTOR, "vision tower", -1, 0, vision->bytes);
    add_item(plan, HR_ITEM_PROJECTOR, "image activations", -1, 0, needs->arena_bytes);
    add_item(plan, HR_ITEM_PROJECTOR, "image scratch", -1, 0, needs->scratch_bytes);
    add_item(plan, HR_ITEM_PROJECTOR, "image rows", -1, 0, needs->rows_bytes);
}

/* Their weights stay mapped and, like what they need for a step, with the host. */
static void add_adapters(HrPlan *plan)
{
    const GPtrArray *adapters = plan->model->adapters;
    uint32_t n_rows =
        MAX(hr_settings_max_tokens(&plan->settings), hr_settings_max_outputs(&plan->settings));
    plan->first_adapter = n_items(plan);
    for (guint i = 0; i < adapters->len; i++) {
        const HrAdapter *adapter = adapters->pdata[i];
        g_autofree char *name = g_strdup_printf("adapter %u: %s", i, adapter->name);
        add_item(plan, HR_ITEM_WEIGHTS, name, -1, 0, adapter->bytes);
    }
    if (adapters->len > 0)
        add_item(plan, HR_ITEM_COMPUTE, "rows of adapters", -1, 0,
                 hr_loras_bytes(n_rows, adapters));
}

static void add_tokenizer(HrPlan *plan)
{
    uint64_t bytes = plan->model->tokenizer_bytes;
    plan->tokenizer_item = n_items(plan);
    if (bytes > 0)
        add_item(plan, HR_ITEM_COMPUTE, "tokenizer", -1, 0, bytes);
}

/* ---- Making ---- */

/* weigh: only sums are asked for, no items. */
static HrPlan *plan_alloc(const HrSettings *settings, const HrDevice *devices, size_t n_devices,
                          bool weigh)
{
    HrPlan *plan = g_new0(HrPlan, 1);
    g_atomic_ref_count_init(&plan->refs);
    plan->settings = *settings;
    plan->devices = g_memdup2(devices, n_devices * sizeof *devices);
    plan->n_devices = n_devices;
    plan->device_bytes = g_new0(uint64_t, n_devices);
    if (weigh)
        return plan;
    plan->items = g_array_new(false, false, sizeof(HrPlanItem));
    plan->names = g_string_chunk_new(NAMES_BYTES);
    return plan;
}

/* What does not follow from the number of layers on each device. */
typedef struct {
    HrModel *model;
    HrSettings settings; /* resolved, but for those layers */
    const HrDevice *devices;
    size_t n_devices;
    HrProgram *program; /* borrowed */
    HrExecutorNeeds needs;
    HrEncoderNeeds vision_needs;
    uint32_t gpu_takes;
    const char *gpu_why;
} Basis;

static HrPlan *plan_make(const Basis *basis, bool weigh, GError **error)
{
    HrModel *model = basis->model;
    g_autoptr(HrPlan) plan = plan_alloc(&basis->settings, basis->devices, basis->n_devices, weigh);
    g_autofree uint64_t *cache = g_new(uint64_t, model->hparams.n_layer);
    plan->model = hr_model_ref(model);
    plan->program = hr_program_ref(basis->program);
    plan->needs = basis->needs;
    plan->vision_needs = basis->vision_needs;
    plan->gpu_takes = basis->gpu_takes;
    plan->gpu_why = basis->gpu_why;
    plan->asked_gpu_layers = basis->settings.gpu_layers;
    plan->asked_cpu_experts = basis->settings.cpu_experts;
    plan->token_bytes = g_new0(uint32_t, model->hparams.n_layer);
    plan->placement.layers = g_new0(uint32_t, model->hparams.n_layer);
    plan->placement.experts = g_new0(uint32_t, model->hparams.n_layer);
    count_weights(plan);
    if (!hr_plan_cache_bytes(model, &basis->settings, cache, error))
        return NULL;
    hr_plan_place(plan, cache);
    add_weights(plan);
    if (!add_cache(plan, error))
        return NULL;
    add_compute(plan);
    add_projector(plan);
    add_adapters(plan);
    add_tokenizer(plan);
    return g_steal_pointer(&plan);
}

/* Layers at the end that GPUs can compute, and why not more. */
static uint32_t count_gpu_layers(const HrModel *model, const HrProgram *program,
                                 const char **ret_why)
{
    if (model->adapters->len == 0)
        return hr_vulkan_takes(program, ret_why);
    *ret_why = "adapters";
    return 0;
}

HrPlan *hr_plan_new(HrModel *model, const HrSettings *settings, const HrDevice *devices,
                    size_t n_devices, GError **error)
{
    Basis basis = {model, *settings, devices, n_devices, NULL, {0}, {0}};
    HrSettings *s = &basis.settings;
    g_return_val_if_fail(n_devices >= 1 && n_devices <= HR_MAX_DEVICES &&
                             devices[0].kind == HR_DEVICE_CPU,
                         NULL);
    if (!hr_model_is_runnable(model, error) || !hr_settings_resolve(s, model, error))
        return NULL;
    if (model->vision && !hr_encoder_needs(model->vision, s->threads, &basis.vision_needs, error))
        return NULL;
    basis.program =
        hr_model_get_program(model, hr_settings_max_tokens(s), hr_settings_max_outputs(s));
    basis.needs = hr_executor_needs(basis.program, s->threads);
    basis.gpu_takes = count_gpu_layers(model, basis.program, &basis.gpu_why);
    HrPlan *plan = plan_make(&basis, false, error);
    hr_program_free(basis.program);
    return plan;
}

/* A plan of the same model whose steps are of the same size. */
static bool has_same_steps(const HrPlan *plan, const HrSettings *s)
{
    return plan->program->max_tokens == hr_settings_max_tokens(s) &&
           plan->program->max_outputs == hr_settings_max_outputs(s) &&
           plan->settings.threads == s->threads;
}

static Basis basis_of(const HrPlan *plan, const HrSettings *settings)
{
    return (Basis){plan->model,   *settings,   plan->devices,     plan->n_devices,
                   plan->program, plan->needs, plan->vision_needs,
                   plan->gpu_takes, plan->gpu_why};
}

HrPlan *hr_plan_new_like(const HrPlan *plan, const HrSettings *settings, GError **error)
{
    HrSettings s = *settings;
    g_return_val_if_fail(plan->model, NULL);
    if (s.threads == 0)
        s.threads = plan->settings.threads;
    if (!hr_settings_resolve(&s, plan->model, error))
        return NULL;
    if (!has_same_steps(plan, &s))
        return hr_plan_new(plan->model, &s, plan->devices, plan->n_devices, error);
    Basis basis = basis_of(plan, &s);
    return plan_make(&basis, false, error);
}

HrPlan *hr_plan_new_of_items(const HrPlanItem *items, size_t n_items, const HrSettings *settings,
                             const HrDevice *devices, size_t n_devices)
{
    HrPlan *plan = plan_alloc(settings, devices, n_devices, false);
    for (size_t i = 0; i < n_items; i++)
        add_item(plan, items[i].kind, items[i].name, items[i].layer, items[i].device,
                 items[i].bytes);
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
    g_clear_pointer(&plan->items, g_array_unref);
    g_clear_pointer(&plan->names, g_string_chunk_free);
    g_free(plan->device_bytes);
    g_free(plan->devices);
    g_free(plan->weights.layers);
    g_free(plan->token_bytes);
    g_free(plan->placement.layers);
    g_free(plan->placement.experts);
    hr_program_free(plan->program);
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
    return plan->device_bytes[device];
}

uint64_t hr_plan_get_cache_bytes_per_token(const HrPlan *plan)
{
    return plan->cache_bytes_per_token;
}

uint32_t hr_plan_n_layers(const HrPlan *plan)
{
    return plan->model ? plan->model->hparams.n_layer : 0;
}

const char *hr_plan_get_gpu_why(const HrPlan *plan)
{
    return plan->gpu_why;
}

HrGpuState hr_plan_get_gpu_state(const HrPlan *plan)
{
    int32_t n = plan->settings.gpu_layers;
    bool any = false, real = false;
    for (size_t d = 0; d < plan->n_devices; d++) {
        any = any || plan->devices[d].kind == HR_DEVICE_GPU;
        real = real || plan->devices[d].gpu > 0;
    }
    return !any                                                         ? HR_GPU_ABSENT
           : n >= (int32_t)hr_plan_n_layers(plan)                       ? HR_GPU_HAS_ALL
           : real && n >= (int32_t)plan->gpu_takes                      ? HR_GPU_LACKS
           : plan->asked_gpu_layers >= 0 && n >= plan->asked_gpu_layers ? HR_GPU_FEWER_ASKED
                                                                        : HR_GPU_FULL;
}

uint32_t hr_plan_get_layer_device(const HrPlan *plan, uint32_t layer)
{
    return plan->placement.layers[layer];
}

/* ---- Fitting ---- */

static uint64_t room_of(const HrDevice *device)
{
    return device->free > device->reserve ? device->free - device->reserve : 0;
}

/* What items take of a device's memory; the host's is also that of GPUs without their own. */
static uint64_t taken(const HrPlan *plan, size_t device)
{
    uint64_t bytes = hr_plan_get_device_bytes(plan, device);
    for (size_t d = 1; device == 0 && d < plan->n_devices; d++)
        bytes += plan->devices[d].shares_host ? hr_plan_get_device_bytes(plan, d) : 0;
    return bytes;
}

/* The first device whose items are more than its room; n_devices: none. */
static size_t find_overfull(const HrPlan *plan)
{
    size_t d = 0;
    while (d < plan->n_devices && taken(plan, d) <= room_of(&plan->devices[d]))
        d++;
    return d;
}

static bool fits_with(const HrPlan *plan, uint32_t num_ctx)
{
    HrSettings settings = plan->settings;
    settings.num_ctx = num_ctx;
    settings.gpu_layers = plan->asked_gpu_layers;
    settings.cpu_experts = plan->asked_cpu_experts;
    Basis basis = basis_of(plan, &settings);
    g_autoptr(HrPlan) other = plan_make(&basis, true, NULL);
    return other && find_overfull(other) == other->n_devices;
}

uint32_t hr_plan_largest_num_ctx(const HrPlan *plan)
{
    if (!plan->model)
        return 0;
    uint32_t low = 0, high = plan->model->hparams.n_ctx_train / HR_PAGE_POSITIONS + 1;
    if (fits_with(plan, plan->model->hparams.n_ctx_train))
        return plan->model->hparams.n_ctx_train;
    while (low + 1 < high) {
        uint32_t middle = (low + high) / 2;
        if (fits_with(plan, middle * HR_PAGE_POSITIONS))
            low = middle;
        else
            high = middle;
    }
    return low * HR_PAGE_POSITIONS;
}

bool hr_plan_fits(const HrPlan *plan, GError **error)
{
    size_t d = find_overfull(plan);
    if (d == plan->n_devices)
        return true;
    if (!error)
        return false;
    const HrDevice *device = &plan->devices[d];
    uint32_t num_ctx = hr_plan_largest_num_ctx(plan);
    g_autofree char *needs =
        g_format_size_full(taken(plan, d), G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *free = g_format_size_full(device->free, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *reserve = g_format_size_full(device->reserve, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *advice =
        num_ctx > 0
            ? g_strdup_printf("A num_ctx of %u would fit.", num_ctx)
            : g_strdup(
                  "Its weights alone do not fit: choose a smaller model or quantisation, or free memory.");
    g_set_error(error, HR_ERROR, HR_ERROR_MEMORY,
                "The model needs %s on %s; %s are free, of which %s are kept in reserve. %s", needs,
                device->name, free, reserve, advice);
    return false;
}
