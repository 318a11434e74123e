/* element.c: typed views of metadata values. Widths are taken liberally, as writers differ; values
 * never change.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "gguf/metadata.h"

#include <string.h>

/* Where element index lies, or NULL. */
static const uint8_t *at(const HrGgufEntry *entry, uint64_t index)
{
    size_t bytes = hr_gguf_kind_bytes(entry->element);

    return bytes && index < entry->n ? (const uint8_t *)entry->data + index * bytes : NULL;
}

/* The unsigned value of n_bytes little-endian bytes. */
static uint64_t load(const uint8_t *bytes, size_t n_bytes)
{
    uint64_t value = 0;

    for (size_t i = n_bytes; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

bool hr_gguf_element_int(const HrGgufEntry *entry, uint64_t index, int64_t *ret)
{
    const uint8_t *bytes = at(entry, index);
    uint64_t raw;

    if (!bytes)
        return false;
    raw = load(bytes, hr_gguf_kind_bytes(entry->element));
    switch (entry->element) {
    case HR_GGUF_I8: *ret = (int8_t)raw; return true;
    case HR_GGUF_I16: *ret = (int16_t)raw; return true;
    case HR_GGUF_I32: *ret = (int32_t)raw; return true;
    case HR_GGUF_I64: *ret = (int64_t)raw; return true;
    case HR_GGUF_U8:
    case HR_GGUF_U16:
    case HR_GGUF_U32:
    case HR_GGUF_BOOL: *ret = (int64_t)raw; return true;
    case HR_GGUF_U64:
        if (raw > INT64_MAX)
            return false;
        *ret = (int64_t)raw;
        return true;
    default:
        return false;
    }
}

bool hr_gguf_element_float(const HrGgufEntry *entry, uint64_t index, double *ret)
{
    const uint8_t *bytes = at(entry, index);

    if (bytes && entry->element == HR_GGUF_F32) {
        uint32_t raw = (uint32_t)load(bytes, sizeof raw);
        float value;

        memcpy(&value, &raw, sizeof value);
        *ret = value;
        return true;
    }
    if (bytes && entry->element == HR_GGUF_F64) {
        uint64_t raw = load(bytes, sizeof raw);

        memcpy(ret, &raw, sizeof raw);
        return true;
    }
    return false;
}

/* Walks from the mark before. Each string ends by the next mark: what was checked when the file was
 * opened may have been written over since. */
static bool walk_to(const HrGgufEntry *entry, uint64_t index, const char **ret_bytes,
                    size_t *ret_len)
{
    const uint64_t *mark = &entry->marks[index / HR_GGUF_MARKED];
    const uint8_t *at = (const uint8_t *)entry->data + mark[0];
    uint64_t left = mark[1] - mark[0];

    for (uint64_t skip = index % HR_GGUF_MARKED;; skip--) {
        uint64_t len;

        if (left < sizeof len || (len = load(at, sizeof len)) > left - sizeof len)
            return false;
        at += sizeof len;
        if (skip == 0) {
            *ret_bytes = (const char *)at;
            *ret_len = len;
            return true;
        }
        at += len;
        left -= sizeof len + len;
    }
}

bool hr_gguf_element_string(const HrGgufEntry *entry, uint64_t index, const char **ret_bytes,
                            size_t *ret_len)
{
    if (entry->kind == HR_GGUF_STRING && index == 0) {
        *ret_bytes = entry->data;
        *ret_len = entry->n;
        return true;
    }
    if (entry->kind != HR_GGUF_ARRAY || entry->element != HR_GGUF_STRING || index >= entry->n)
        return false;
    return walk_to(entry, index, ret_bytes, ret_len);
}

/* ---- By key: scalars only ---- */

static const HrGgufEntry *find_scalar(const HrGguf *gguf, const char *key)
{
    const HrGgufEntry *entry = hr_gguf_find(gguf, key);

    return entry && entry->kind != HR_GGUF_ARRAY ? entry : NULL;
}

bool hr_gguf_get_uint(const HrGguf *gguf, const char *key, uint64_t *ret)
{
    const HrGgufEntry *entry = find_scalar(gguf, key);
    int64_t value;

    if (!entry || entry->kind == HR_GGUF_BOOL)
        return false;
    if (entry->kind == HR_GGUF_U64) {
        *ret = load(entry->data, sizeof *ret);
        return true;
    }
    if (!hr_gguf_element_int(entry, 0, &value) || value < 0)
        return false;
    *ret = (uint64_t)value;
    return true;
}

bool hr_gguf_get_float(const HrGguf *gguf, const char *key, double *ret)
{
    const HrGgufEntry *entry = find_scalar(gguf, key);

    return entry && hr_gguf_element_float(entry, 0, ret);
}

bool hr_gguf_get_bool(const HrGguf *gguf, const char *key, bool *ret)
{
    const HrGgufEntry *entry = find_scalar(gguf, key);

    if (!entry || entry->kind != HR_GGUF_BOOL)
        return false;
    *ret = *(const uint8_t *)entry->data != 0;
    return true;
}

const char *hr_gguf_get_string(const HrGguf *gguf, const char *key, size_t *ret_len)
{
    const HrGgufEntry *entry = find_scalar(gguf, key);

    if (!entry || entry->kind != HR_GGUF_STRING)
        return NULL;
    if (ret_len)
        *ret_len = entry->n;
    return entry->data;
}
