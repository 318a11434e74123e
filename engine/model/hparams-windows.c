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
        !hr_keys_read_uint_or(keys, "rope.dimension_count_swa", 0, HR_MAX_WIDTH, hp->rope.n_rot,
                              &hp->local_rope.n_rot))
        return false;
    if (hp->local_rope.n_rot > hp->head_dim_k || hp->local_rope.n_rot % 2 != 0)
        return hr_keys_bad(keys, "rope.dimension_count_swa", "does not fit the head's width");
    return true;
}
