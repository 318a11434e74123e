/* text-table.c: hashing of token texts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tokenizer/text-table.h"

#include <string.h>

/* Two odd constants without structure (fractions of the golden ratio and of the square root of
 * two). */
#define K0 0x9e3779b97f4a7c15u
#define K1 0x6a09e667f3bcc909u

uint64_t hr_hash_mix(uint64_t value, uint64_t seed)
{
    unsigned __int128 product = (unsigned __int128)(value ^ seed ^ K0) * K1;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash(const char *bytes, size_t len, uint64_t seed)
{
    uint64_t state = seed ^ len, word;

    for (; len >= sizeof word; bytes += sizeof word, len -= sizeof word) {
        memcpy(&word, bytes, sizeof word);
        state = hr_hash_mix(word, state);
    }
    word = 0;
    memcpy(&word, bytes, len);
    return hr_hash_mix(word, state);
}

bool hr_text_table_init(HrTextTable *table, const HrText *texts, size_t n)
{
    size_t size = 16;

    while (size < 2 * n)
        size *= 2;
    table->texts = texts;
    table->mask = size - 1;
    table->seed = (uint64_t)g_random_int() << 32 | g_random_int();
    table->slots = g_try_malloc0_n(size, sizeof *table->slots);
    return table->slots != NULL;
}

void hr_text_table_finish(HrTextTable *table)
{
    g_clear_pointer(&table->slots, g_free);
}

static HrToken id_of(uint64_t slot)
{
    return (HrToken)(uint32_t)slot - 1;
}

/* The slot where the text is, or where it would go. Texts are only compared where half of the hash
 * agrees. */
static uint64_t *slot_of(const HrTextTable *table, const char *bytes, size_t len, uint64_t hashed)
{
    for (size_t i = hashed & table->mask;; i = (i + 1) & table->mask) {
        uint64_t *slot = &table->slots[i];
        const HrText *text;

        if (*slot == 0)
            return slot;
        if (*slot >> 32 != hashed >> 32)
            continue;
        text = &table->texts[id_of(*slot)];
        if (text->len == len && memcmp(text->bytes, bytes, len) == 0)
            return slot;
    }
}

static HrToken enter(HrTextTable *table, HrToken id, bool replaces)
{
    const HrText *text = &table->texts[id];
    uint64_t hashed = hash(text->bytes, text->len, table->seed),
             *slot = slot_of(table, text->bytes, text->len, hashed);

    if (*slot == 0 || replaces)
        *slot = hashed >> 32 << 32 | ((uint32_t)id + 1);
    return id_of(*slot);
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
    return table->slots ? id_of(*slot_of(table, bytes, len, hash(bytes, len, table->seed))) : -1;
}
