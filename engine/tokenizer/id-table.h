/* id-table.h: from a hash to the ids of what has it, in four bytes each.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Open addressing. A slot is an id + 1 in as many low bits as the largest id needs, and bits of the
 * hash above: what has the id is only looked at where those agree. Of an id's own things nothing is
 * kept here. Thread-safety: Safe once filled.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint32_t *slots; /* 0: free */
    size_t mask;
    uint32_t id_mask;
    uint64_t seed;   /* a file chooses what is hashed */
} HrIdTable;

/* Whether id is that of key. */
typedef bool (*HrIdMatches)(const void *owner, uint32_t id, const void *key);

/* Slots for n ids. */
size_t hr_id_table_size(size_t n);
/* Room for ids below n, each once; n < 2^31. False if memory is short. */
bool hr_id_table_init(HrIdTable *table, size_t n);
void hr_id_table_finish(HrIdTable *table);

/* A number that depends on all bits of value and of seed. */
uint64_t hr_hash_mix(uint64_t value, uint64_t seed);

/* The slot where the key of that hash is, or where it would go. */
static inline uint32_t *hr_id_table_slot(const HrIdTable *table, uint64_t hashed,
                                         HrIdMatches matches, const void *owner, const void *key)
{
    uint32_t tag = (uint32_t)(hashed >> 32) & ~table->id_mask;

    for (size_t i = hashed & table->mask;; i = (i + 1) & table->mask) {
        uint32_t *slot = &table->slots[i];

        if (*slot == 0 || ((*slot & ~table->id_mask) == tag &&
                           matches(owner, (*slot & table->id_mask) - 1, key)))
            return slot;
    }
}

/* -1: the slot is free. */
static inline int32_t hr_id_table_id(const HrIdTable *table, uint32_t slot)
{
    return (int32_t)(slot & table->id_mask) - 1;
}

static inline void hr_id_table_set(const HrIdTable *table, uint32_t *slot, uint64_t hashed,
                                   uint32_t id)
{
    *slot = ((uint32_t)(hashed >> 32) & ~table->id_mask) | (id + 1);
}
