/* hparams-windows.c: see hparams-windows.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/hparams-windows.h"

static const char pattern_key[] = "attention.sliding_window_pattern";

/* One flag for each layer. */
static bool read_flags(HrHparams *hp, const HrKeys *keys, const HrGgufEntry *entry, uint32_t window)
{
    if (entry->n != hp->n_layer)
        return hr_keys_bad(keys, pattern_key, "has not as many entries as there are layers");
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        int64_t flag;
        if (!hr_gguf_element_int(entry, il, &flag))
            return hr_keys_bad(keys, pattern_key, "is not a list of flags");
        hp->layers[il].window = flag ? window : 0;
    }
    return true;
}

/* The layer of each run that sees everything: its last, or its first. */
static bool read_windows(HrHparams *hp, const HrKeys *keys, uint32_t window, uint32_t period,
                         bool first)
{
    g_autofree char *name = hr_keys_name(keys, pattern_key);
    const HrGgufEntry *entry = hr_gguf_find(keys->gguf, name);
    if (!hr_keys_read_uint_or(keys, "attention.sliding_window", 0, HR_MAX_CTX, window, &window))
        return false;
    if (window > hp->n_ctx_train)
        return hr_keys_bad(keys, "attention.sliding_window", "is more than context_length");
    if (entry && entry->kind == HR_GGUF_ARRAY)
        return read_flags(hp, keys, entry, window);
    if (!hr_keys_read_uint_or(keys, pattern_key, 0, HR_MAX_LAYERS, period, &period))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hp->layers[il].window = period == 0 || il % period != (first ? 0 : period - 1) ? window : 0;
    return true;
}

bool hr_hparams_read_windows(HrHparams *hp, const HrKeys *keys, uint32_t window, uint32_t period)
{
    return read_windows(hp, keys, window, period, false);
}

bool hr_hparams_read_windows_behind(HrHparams *hp, const HrKeys *keys, uint32_t window,
                                    uint32_t period)
{
    return read_windows(hp, keys, window, period, true);
}

bool hr_hparams_read_local_heads(HrHparams *hp, const HrKeys *keys)
{
    uint32_t k, v;
    if (!hr_keys_read_uint_or(keys, "attention.key_length_swa", 1, hp->head_dim_k, hp->head_dim_k,
                              &k) ||
        !hr_keys_read_uint_or(keys, "attention.value_length_swa", 1, hp->head_dim_v, hp->head_dim_v,
                              &v))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        if (hp->layers[il].window > 0) {
            hp->layers[il].head_dim_k = k;
            hp->layers[il].head_dim_v = v;
        }
    return true;
}

/* Of the layers before first, the last that is like il. */
static bool find_source(HrHparams *hp, const HrKeys *keys, uint32_t first, uint32_t il)
{
    HrLayerShape *l = &hp->layers[il];
    for (uint32_t source = first; source-- > 0;)
        if (hp->layers[source].window == l->window &&
            hp->layers[source].head_dim_k == l->head_dim_k &&
            hp->layers[source].n_head_kv == l->n_head_kv) {
            l->kv_back = il - source;
            return true;
        }
    return hr_keys_bad(keys, "attention.shared_kv_layers",
                       "leaves a layer without keys and values to see");
}

bool hr_hparams_read_shared_kv(HrHparams *hp, const HrKeys *keys, uint32_t n_shared)
{
    if (!hr_keys_read_uint_or(keys, "attention.shared_kv_layers", 0, hp->n_layer - 1, n_shared,
                              &n_shared))
        return false;
    for (uint32_t il = hp->n_layer - n_shared; il < hp->n_layer; il++)
        if (!find_source(hp, keys, hp->n_layer - n_shared, il))
            return false;
    return true;
}

/* Heads of layers with windows may be narrower than the others'. */
static uint32_t local_width(const HrHparams *hp)
{
    uint32_t width = hp->head_dim_k;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        if (hp->layers[il].window > 0)
            width = MIN(width, hp->layers[il].head_dim_k);
    return width;
}

bool hr_hparams_read_local_rope(HrHparams *hp, const HrKeys *keys, double base, bool scaled)
{
    hp->local_rope = hp->rope;
    if (!scaled) {
        hp->local_rope.scaling = HR_ROPE_SCALING_NONE;
        hp->local_rope.ext_factor = 0;
        hp->local_rope.attn_factor = 1;
    }
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hp->layers[il].local_rope = hp->layers[il].window > 0;
    if (!hr_keys_read_float_or(keys, "rope.freq_base_swa", 1e-3, 1e12, base,
                               &hp->local_rope.base) ||
        !hr_keys_read_uint_or(keys, "rope.dimension_count_swa", 0, HR_MAX_WIDTH,
                              MIN(hp->rope.n_rot, local_width(hp)), &hp->local_rope.n_rot))
        return false;
    if (hp->local_rope.n_rot > local_width(hp) || hp->local_rope.n_rot % 2 != 0)
        return hr_keys_bad(keys, "rope.dimension_count_swa", "does not fit the head's width");
    return true;
}
