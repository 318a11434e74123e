/* layout.c: see layout.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "kv/layout.h"

#define STATE_ALIGN 64 /* bytes; a cache line, and the widest vector */

static const char *const names[] = {
    [HR_KV_F16] = "f16", [HR_KV_F32] = "f32", [HR_KV_Q8_0] = "q8_0", [HR_KV_Q4_0] = "q4_0"};

const char *hr_kv_type_name(HrKvType type)
{
    return names[type];
}

bool hr_kv_type_parse(const char *name, HrKvType *ret_type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_ascii_strcasecmp(name, names[i]) == 0) {
            *ret_type = (HrKvType)i;
            return true;
        }
    }
    return false;
}

size_t hr_kv_bytes(HrKvType type, size_t n)
{
    switch (type) {
    case HR_KV_F32:
        return n * 4;
    case HR_KV_Q8_0:
        return n / HR_KV_GROUP * 34;
    case HR_KV_Q4_0:
        return n / HR_KV_GROUP * 18;
    case HR_KV_F16:
    default:
        return n * 2;
    }
}

/* ---- Layers ---- */

static bool check_type(const HrLayerShape *shape, HrKvType type, GError **error)
{
    bool grouped = type == HR_KV_Q8_0 || type == HR_KV_Q4_0;
    if (!grouped || (shape->head_dim_k % HR_KV_GROUP == 0 && shape->head_dim_v % HR_KV_GROUP == 0))
        return true;
    g_set_error(
        error, HR_ERROR, HR_ERROR_SETTINGS,
        "A cache of type %s needs heads whose width is a multiple of 32; this model's are %u and %u wide. Choose f16.",
        names[type], shape->head_dim_k, shape->head_dim_v);
    return false;
}

static void lay_out_pages(HrKvLayerLayout *layer, const HrLayerShape *shape, HrKvType type)
{
    layer->n_head_kv = shape->n_head_kv;
    layer->dk = shape->head_dim_k;
    layer->dv = shape->head_dim_v;
    layer->k_block_bytes = hr_kv_bytes(type, (size_t)layer->dk * HR_PAGE_POSITIONS);
    layer->v_block_bytes =
        shape->latent ? 0 : hr_kv_bytes(type, (size_t)layer->dv * HR_PAGE_POSITIONS);
    layer->v_offset = layer->n_head_kv * layer->k_block_bytes;
    layer->page_bytes = layer->v_offset + layer->n_head_kv * layer->v_block_bytes;
}

static void lay_out_state(HrKvLayerLayout *layer, const HrLayerShape *shape)
{
    layer->conv_bytes = (size_t)shape->n_conv_state * sizeof(float);
    layer->state_bytes = layer->conv_bytes + (size_t)shape->n_ssm_state * sizeof(float);
    layer->state_bytes = (layer->state_bytes + STATE_ALIGN - 1) / STATE_ALIGN * STATE_ALIGN;
}

/* ---- What a slot may take ---- */

/* A step of num_batch tokens sees window - 1 positions before its first one; wherever they begin in
 * their first page. A window that reaches over the whole context is none. */
static uint32_t window_pages(uint32_t window, const HrSettings *s)
{
    uint32_t all = hr_kv_pages(s->num_ctx);
    uint64_t span = (uint64_t)window - 1 + MAX(s->num_batch, 1);
    return window == 0 || span >= s->num_ctx
               ? all
               : (uint32_t)MIN(all, (span + HR_PAGE_POSITIONS - 2) / HR_PAGE_POSITIONS + 1);
}

static uint32_t find_reach(HrKvLayout *layout, uint32_t window, const HrSettings *settings)
{
    for (uint32_t i = 0; i < layout->n_reaches; i++)
        if (layout->reaches[i].window == window)
            return i;
    layout->reaches[layout->n_reaches] = (HrKvReach){window, window_pages(window, settings)};
    return layout->n_reaches++;
}

static uint32_t count_states(size_t total_bytes)
{
    return total_bytes == 0
               ? 0
               : 2 + (uint32_t)CLAMP(HR_CHECKPOINT_BYTES / total_bytes, 1, HR_MAX_CHECKPOINTS);
}

bool hr_kv_layout_init(HrKvLayout *layout, const HrHparams *hp, const HrSettings *settings,
                       GError **error)
{
    *layout = (HrKvLayout){.type = settings->kv_type,
                           .n_layer = hp->n_layer,
                           .n_slots = settings->parallel};
    layout->layers = g_new0(HrKvLayerLayout, hp->n_layer);
    layout->reaches = g_new0(HrKvReach, hp->n_layer + 1);
    find_reach(layout, 0, settings);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerShape *shape = &hp->layers[il];
        if (shape->n_head_kv > 0 && shape->kv_back == 0 && !hp->encoder) {
            if (!check_type(shape, layout->type, error)) {
                hr_kv_layout_finish(layout);
                return false;
            }
            lay_out_pages(&layout->layers[il], shape, layout->type);
            layout->layers[il].group =
                find_reach(layout, shape->window >= settings->num_ctx ? 0 : shape->window,
                           settings);
        }
        lay_out_state(&layout->layers[il], shape);
        layout->total_state_bytes += layout->layers[il].state_bytes;
    }
    layout->n_states = count_states(layout->total_state_bytes);
    return true;
}

void hr_kv_layout_finish(HrKvLayout *layout)
{
    g_clear_pointer(&layout->layers, g_free);
    g_clear_pointer(&layout->reaches, g_free);
}

uint64_t hr_kv_layer_pool_bytes(const HrKvLayout *layout, uint32_t il)
{
    const HrKvLayerLayout *layer = &layout->layers[il];
    return (uint64_t)layout->reaches[layer->group].pages_per_slot * layout->n_slots *
           layer->page_bytes;
}

uint64_t hr_kv_layer_state_bytes(const HrKvLayout *layout, uint32_t il)
{
    return (uint64_t)layout->n_states * layout->n_slots * layout->layers[il].state_bytes;
}
