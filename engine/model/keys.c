/* keys.c: see keys.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/keys.h"

char *hr_keys_name(const HrKeys *keys, const char *name)
{
    return g_strdup_printf("%s.%s", keys->arch, name);
}

bool hr_keys_bad(const HrKeys *keys, const char *name, const char *what)
{
    g_set_error(keys->error, HR_ERROR, HR_ERROR_FORMAT,
                "The model's metadata is unusable: %s.%s %s.", keys->arch, name, what);
    return false;
}

bool hr_keys_read_uint(const HrKeys *keys, const char *name, uint64_t min, uint64_t max,
                       uint32_t *ret)
{
    g_autofree char *key = hr_keys_name(keys, name);
    uint64_t value;
    if (!hr_gguf_find(keys->gguf, key))
        return hr_keys_bad(keys, name, "is missing");
    if (!hr_gguf_get_uint(keys->gguf, key, &value))
        return hr_keys_bad(keys, name, "is not a whole number");
    if (value < min || value > max)
        return hr_keys_bad(keys, name, "is out of range");
    *ret = (uint32_t)value;
    return true;
}

bool hr_keys_read_uint_or(const HrKeys *keys, const char *name, uint64_t min, uint64_t max,
                          uint32_t fallback, uint32_t *ret)
{
    g_autofree char *key = hr_keys_name(keys, name);
    if (!hr_gguf_find(keys->gguf, key)) {
        *ret = fallback;
        return true;
    }
    return hr_keys_read_uint(keys, name, min, max, ret);
}

bool hr_keys_read_float_or(const HrKeys *keys, const char *name, double min, double max,
                           double fallback, double *ret)
{
    g_autofree char *key = hr_keys_name(keys, name);
    double value = fallback;
    if (hr_gguf_find(keys->gguf, key) && !hr_gguf_get_float(keys->gguf, key, &value))
        return hr_keys_bad(keys, name, "is not a number");
    if (!(value >= min && value <= max))
        return hr_keys_bad(keys, name, "is out of range");
    *ret = value;
    return true;
}

/* A key that holds one number for all layers or an array with one for each; in *ret_entry, NULL
 * where it may be missing and is. */
static bool find_per_layer(const HrKeys *keys, const char *name, uint32_t n_layer, bool optional,
                           const HrGgufEntry **ret_entry)
{
    g_autofree char *key = hr_keys_name(keys, name);
    const HrGgufEntry *entry = hr_gguf_find(keys->gguf, key);
    if (!entry && !optional)
        return hr_keys_bad(keys, name, "is missing");
    if (entry && entry->kind == HR_GGUF_ARRAY && entry->n < n_layer)
        return hr_keys_bad(keys, name, "has fewer entries than there are layers");
    *ret_entry = entry;
    return true;
}

bool hr_keys_read_per_layer(const HrKeys *keys, const char *name, uint32_t n_layer, uint32_t min,
                            const uint32_t *fallback, size_t field, HrLayerShape *layers)
{
    const HrGgufEntry *entry;
    if (!find_per_layer(keys, name, n_layer, fallback != NULL, &entry))
        return false;
    for (uint32_t il = 0; il < n_layer; il++) {
        int64_t value = fallback ? *fallback : 0;
        if (entry && !hr_gguf_element_int(entry, entry->kind == HR_GGUF_ARRAY ? il : 0, &value))
            return hr_keys_bad(keys, name, "is not a whole number");
        if (value < min || value > HR_MAX_WIDTH)
            return hr_keys_bad(keys, name, "is out of range");
        G_STRUCT_MEMBER(uint32_t, &layers[il], field) = (uint32_t)value;
    }
    return true;
}

bool hr_keys_read_floats_per_layer(const HrKeys *keys, const char *name, uint32_t n_layer,
                                   double max, const double *fallback, size_t field,
                                   HrLayerShape *layers)
{
    const HrGgufEntry *entry;
    if (!find_per_layer(keys, name, n_layer, fallback != NULL, &entry))
        return false;
    for (uint32_t il = 0; il < n_layer; il++) {
        double value = fallback ? *fallback : 0;
        if (entry && !hr_gguf_element_float(entry, entry->kind == HR_GGUF_ARRAY ? il : 0, &value))
            return hr_keys_bad(keys, name, "is not a number");
        if (!(value >= -max && value <= max))
            return hr_keys_bad(keys, name, "is out of range");
        G_STRUCT_MEMBER(float, &layers[il], field) = (float)value;
    }
    return true;
}
