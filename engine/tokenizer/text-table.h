/* text-table.h: from the bytes of a token to its id.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Open addressing over byte strings that the caller owns. Seeded, since a file chooses the strings.
 * Thread-safety: Safe once filled.
 */
#pragma once

#include "hr.h"

typedef struct {
    const char *bytes; /* not NUL-terminated */
    uint32_t len;
} HrText;

typedef struct {
    const HrText *texts; /* by id; borrowed */
    uint64_t *slots;     /* the hash's upper half, id + 1; 0: free */
    size_t mask;
    uint64_t seed;
} HrTextTable;

/* Room for n texts. False if memory is short. */
bool hr_text_table_init(HrTextTable *table, const HrText *texts, size_t n);
void hr_text_table_finish(HrTextTable *table);
/* Enters texts[id]. Returns id, or the id of the same text that is there already. */
HrToken hr_text_table_add(HrTextTable *table, HrToken id);
/* Enters texts[id] in the place of the same text, if that is there. */
void hr_text_table_replace(HrTextTable *table, HrToken id);
/* -1: not there. */
HrToken hr_text_table_find(const HrTextTable *table, const char *bytes, size_t len);
/* A number that depends on all bits of value and of seed. */
uint64_t hr_hash_mix(uint64_t value, uint64_t seed);
