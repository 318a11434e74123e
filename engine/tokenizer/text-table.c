/* text-table.c: see text-table.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tokenizer/text-table.h"

#include <string.h>

/* ---- The list ---- */

bool hr_text_list_init(HrTextList *list, size_t n_max, uint64_t n_bytes)
{
    *list = (HrTextList){NULL};
    if (n_bytes >= UINT32_MAX)
        return false;
    list->bytes = g_try_malloc(n_bytes + 1);
    list->starts = g_try_malloc_n(n_max + 1, sizeof *list->starts);
    if (!list->bytes || !list->starts) {
        hr_text_list_finish(list);
        return false;
    }
    list->starts[0] = 0;
    list->n_bytes = n_bytes;
    return true;
}

void hr_text_list_finish(HrTextList *list)
{
    g_clear_pointer(&list->bytes, g_free);
    g_clear_pointer(&list->starts, g_free);
    list->n = 0;
}

void hr_text_list_add(HrTextList *list, const char *bytes, size_t len)
{
    uint32_t start = list->starts[list->n];

    memcpy(list->bytes + start, bytes, len);
    list->starts[++list->n] = start + (uint32_t)len;
}

/* ---- The table ---- */

static uint64_t hash(HrText text, uint64_t seed)
{
    uint64_t state = seed ^ text.len, word;

    for (; text.len >= sizeof word; text.bytes += sizeof word, text.len -= sizeof word) {
        memcpy(&word, text.bytes, sizeof word);
        state = hr_hash_mix(word, state);
    }
    word = 0;
    memcpy(&word, text.bytes, text.len);
    return hr_hash_mix(word, state);
}

bool hr_text_table_init(HrTextTable *table, const HrTextList *texts, size_t n)
{
    table->texts = texts;
    return hr_id_table_init(&table->ids, n);
}

void hr_text_table_finish(HrTextTable *table)
{
    hr_id_table_finish(&table->ids);
}

static bool same_text(const void *owner, uint32_t id, const void *key)
{
    const HrText *wanted = key, text = hr_text_list_get(owner, id);

    return text.len == wanted->len && memcmp(text.bytes, wanted->bytes, text.len) == 0;
}

static HrToken enter(HrTextTable *table, HrToken id, bool replaces)
{
    HrText text = hr_text_list_get(table->texts, (size_t)id);
    uint64_t hashed = hash(text, table->ids.seed);
    uint32_t *slot = hr_id_table_slot(&table->ids, hashed, same_text, table->texts, &text);

    if (*slot == 0 || replaces)
        hr_id_table_set(&table->ids, slot, hashed, (uint32_t)id);
    return hr_id_table_id(&table->ids, *slot);
}

HrToken hr_text_table_add(HrTextTable *table, HrToken id)
{
    return enter(table, id, false);
}

void hr_text_table_replace(HrTextTable *table, HrToken id)
{
    enter(table, id, true);
}

HrToken hr_text_table_find(const HrTextTable *table, const char *bytes, size_t len)
{
    HrText text = {bytes, (uint32_t)len};

    if (!table->ids.slots)
        return -1;
    return hr_id_table_id(&table->ids, *hr_id_table_slot(&table->ids, hash(text, table->ids.seed),
                                                         same_text, table->texts, &text));
}
