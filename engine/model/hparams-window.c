/* hparams-window.c: which layers' attention sees a window. See hparams.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/keys.h"

/* Each layer's own flag, or every how manieth layer sees everything; false if the key is neither. */
static bool is_local(const HrGgufEntry *pattern, uint32_t fallback, uint32_t layer, bool *ret)
{
    int64_t value = fallback;
    bool flags = pattern && pattern->kind == HR_GGUF_ARRAY;
    if (pattern && !hr_gguf_element_int(pattern, flags ? layer : 0, &value))
        return false;
    *ret = flags ? value != 0 : value > 0 && layer % value < value - 1;
    return true;
}

bool hr_hparams_read_windows(HrHparams *hp, const HrKeys *keys, uint32_t fallback_period)
{
    g_autofree char *key = hr_keys_name(keys, "attention.sliding_window_pattern");
    const HrGgufEntry *pattern = hr_gguf_find(keys->gguf, key);
    uint32_t window;
    if (!hr_keys_read_uint_or(keys, "attention.sliding_window", 0, HR_MAX_CTX, 0, &window))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        bool local;
        if (!is_local(pattern, fallback_period, il, &local))
            return hr_keys_bad(keys, "attention.sliding_window_pattern", "is neither a number nor one for each layer");
        hp->layers[il].window = local ? window : 0;
    }
    return true;
}
