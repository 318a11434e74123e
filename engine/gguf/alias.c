/* alias.c: see alias.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "gguf/alias.h"

#include <string.h>

/* What an added entry needs to live: the entry, then its value. */
typedef struct {
    HrGgufEntry entry;
    char *key;
    void *value;
} Added;

static void added_free(void *data)
{
    Added *added = data;
    g_free(added->key);
    g_free(added->value);
    g_free(added);
}

void hr_gguf_aliases_finish(HrGgufAliases *aliases)
{
    g_clear_pointer(&aliases->keys, g_hash_table_unref);
    g_clear_pointer(&aliases->tensors, g_hash_table_unref);
}

/* value: n_bytes, copied. The name belongs to the entry. */
static void add(HrGguf *gguf, const char *key, HrGgufEntry entry, const void *value, size_t n_bytes)
{
    HrGgufAliases *aliases = hr_gguf_aliases(gguf);
    Added *added = g_new0(Added, 1);
    if (!aliases->keys)
        aliases->keys = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, added_free);
    added->key = g_strdup(key);
    added->entry = entry;
    added->entry.key = added->key;
    if (value)
        added->entry.data = added->value = g_memdup2(value, n_bytes);
    g_hash_table_replace(aliases->keys, added->key, added);
}

void hr_gguf_alias_key(HrGguf *gguf, const char *key, const char *existing)
{
    const HrGgufEntry *entry = hr_gguf_find(gguf, existing);
    if (entry && !hr_gguf_find(gguf, key))
        add(gguf, key, *entry, NULL, 0);
}

void hr_gguf_add_uint(HrGguf *gguf, const char *key, uint32_t value)
{
    uint32_t little = GUINT32_TO_LE(value);
    if (!hr_gguf_find(gguf, key))
        add(gguf, key, (HrGgufEntry){.kind = HR_GGUF_U32, .element = HR_GGUF_U32, .n = 1}, &little,
            sizeof little);
}

void hr_gguf_add_float(HrGguf *gguf, const char *key, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = GUINT32_TO_LE(bits);
    if (!hr_gguf_find(gguf, key))
        add(gguf, key, (HrGgufEntry){.kind = HR_GGUF_F32, .element = HR_GGUF_F32, .n = 1}, &bits,
            sizeof bits);
}

void hr_gguf_add_string(HrGguf *gguf, const char *key, const char *value)
{
    if (!hr_gguf_find(gguf, key))
        add(gguf, key,
            (HrGgufEntry){.kind = HR_GGUF_STRING, .element = HR_GGUF_STRING, .n = strlen(value)},
            value, strlen(value) + 1);
}

void hr_gguf_alias_tensor(HrGguf *gguf, const char *name, const char *existing)
{
    HrGgufAliases *aliases = hr_gguf_aliases(gguf);
    const HrGgufTensor *tensor = hr_gguf_find_tensor(gguf, existing);
    if (!tensor || hr_gguf_find_tensor(gguf, name))
        return;
    if (!aliases->tensors)
        aliases->tensors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_insert(aliases->tensors, g_strdup(name), (gpointer)tensor);
}
