/* dict.c: dicts that keep the order in which their keys came.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Entries lie in one array in insertion order; a small dict is searched from its start, a larger
 * one through an open-addressed table of entry numbers. The hash is seeded with the table's own
 * address, so that whoever chooses the keys cannot choose their collisions. Entries are never
 * removed one at a time: templates cannot modify a dict.
 */
#include "value/value.h"

#include <string.h>

/* Up to here a walk over the entries is quicker than hashing. */
#define MAX_UNINDEXED 8

typedef struct {
    HrValue *key, *value;
} Entry;

struct HrDict {
    Entry *entries;
    size_t n, capacity;
    uint32_t *slots; /* [n_slots] entry number + 1, 0: empty; NULL while n <= MAX_UNINDEXED */
    size_t n_slots;  /* a power of two, at least twice n */
};

HrDict *hr_dict_new(void)
{
    return g_new0(HrDict, 1);
}

void hr_dict_free(HrDict *dict, HrReaper *reaper)
{
    for (size_t i = 0; i < dict->n; i++) {
        hr_value_reap(reaper, dict->entries[i].key);
        hr_value_reap(reaper, dict->entries[i].value);
    }
    g_free(dict->entries);
    g_free(dict->slots);
    g_free(dict);
}

size_t hr_dict_size(const HrDict *dict)
{
    return dict->n;
}

HrValue *hr_dict_key_at(const HrDict *dict, size_t index)
{
    return dict->entries[index].key;
}

HrValue *hr_dict_value_at(const HrDict *dict, size_t index)
{
    return dict->entries[index].value;
}

static size_t first_slot(const HrDict *dict, const HrValue *key)
{
    return hr_value_hash(key, (uint64_t)(uintptr_t)dict) & (dict->n_slots - 1);
}

static Entry *find(const HrDict *dict, const HrValue *key)
{
    if (dict->slots == NULL) {
        for (size_t i = 0; i < dict->n; i++)
            if (hr_value_equal(dict->entries[i].key, key))
                return &dict->entries[i];
        return NULL;
    }
    for (size_t slot = first_slot(dict, key); dict->slots[slot];
         slot = (slot + 1) & (dict->n_slots - 1)) {
        Entry *entry = &dict->entries[dict->slots[slot] - 1];
        if (hr_value_equal(entry->key, key))
            return entry;
    }
    return NULL;
}

HrValue *hr_dict_find(const HrDict *dict, const HrValue *key)
{
    const Entry *entry = find(dict, key);
    return entry ? entry->value : NULL;
}

HrValue *hr_dict_find_text(const HrDict *dict, const char *key, size_t len)
{
    /* A string on the stack that only borrows its bytes: looking at it is all that find does. */
    const HrValue probe = {.kind = HR_VALUE_STRING, .string = {.bytes = (char *)key, .len = len}};
    return hr_dict_find(dict, &probe);
}

static void put_in_slot(HrDict *dict, size_t entry)
{
    size_t slot = first_slot(dict, dict->entries[entry].key);
    while (dict->slots[slot])
        slot = (slot + 1) & (dict->n_slots - 1);
    dict->slots[slot] = (uint32_t)entry + 1;
}

static void rebuild_slots(HrDict *dict)
{
    dict->n_slots = MAX(32, dict->n_slots * 2);
    g_free(dict->slots);
    dict->slots = g_new0(uint32_t, dict->n_slots);
    for (size_t i = 0; i < dict->n; i++)
        put_in_slot(dict, i);
}

void hr_dict_insert(HrDict *dict, HrValue *take_key, HrValue *take_value)
{
    Entry *old = find(dict, take_key);
    if (old) {
        hr_value_unref(take_key);
        hr_value_unref(old->value);
        old->value = take_value;
        return;
    }
    if (dict->n == dict->capacity) {
        dict->capacity = MAX(4, dict->capacity * 2);
        dict->entries = g_renew(Entry, dict->entries, dict->capacity);
    }
    dict->entries[dict->n++] = (Entry){ take_key, take_value };
    if (dict->n <= MAX_UNINDEXED)
        return;
    if (dict->n * 2 > dict->n_slots)
        rebuild_slots(dict);
    else
        put_in_slot(dict, dict->n - 1);
}
