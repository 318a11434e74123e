/* layout.c: see layout.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "kv/layout.h"

static const char *const names[] = {[HR_KV_F16] = "f16", [HR_KV_F32] = "f32", [HR_KV_Q8_0] = "q8_0", [HR_KV_Q4_0] = "q4_0"};

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

bool hr_kv_layout_init(HrKvLayout *layout, const HrHparams *hp, HrKvType type, GError **error)
{
    bool grouped = type == HR_KV_Q8_0 || type == HR_KV_Q4_0;
    if (grouped && (hp->head_dim_k % HR_KV_GROUP != 0 || hp->head_dim_v % HR_KV_GROUP != 0)) {
        g_set_error(error, HR_ERROR, HR_ERROR_SETTINGS,
                    "A cache of type %s needs heads whose width is a multiple of 32; this model's are %u and %u wide. Choose f16.",
                    names[type], hp->head_dim_k, hp->head_dim_v);
        return false;
    }
    *layout = (HrKvLayout){.type = type, .dk = hp->head_dim_k, .dv = hp->head_dim_v, .n_layer = hp->n_layer};
    layout->layers = g_new0(HrKvLayerLayout, hp->n_layer);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrKvLayerLayout *layer = &layout->layers[il];
        layer->n_head_kv = hp->layers[il].n_head_kv;
        layer->k_block_bytes = hr_kv_bytes(type, (size_t)layout->dk * HR_PAGE_POSITIONS);
        layer->v_block_bytes = hr_kv_bytes(type, (size_t)layout->dv * HR_PAGE_POSITIONS);
        layer->v_offset = layer->n_head_kv * layer->k_block_bytes;
        layer->page_bytes = layer->v_offset + layer->n_head_kv * layer->v_block_bytes;
    }
    return true;
}

void hr_kv_layout_finish(HrKvLayout *layout)
{
    g_clear_pointer(&layout->layers, g_free);
}
