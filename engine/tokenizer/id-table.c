/* id-table.c: see id-table.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tokenizer/id-table.h"

/* Two odd constants without structure (fractions of the golden ratio and of the square root of
 * two). */
#define K0 0x9e3779b97f4a7c15u
#define K1 0x6a09e667f3bcc909u
#define MIN_SLOTS 16

uint64_t hr_hash_mix(uint64_t value, uint64_t seed)
{
    unsigned __int128 product = (unsigned __int128)(value ^ seed ^ K0) * K1;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Three quarters full at most: what is not there is found missing after eight slots or so, which are
 * a cache line. */
size_t hr_id_table_size(size_t n)
{
    size_t size = MIN_SLOTS;

    while (size < n + n / 3)
        size *= 2;
    return size;
}

bool hr_id_table_init(HrIdTable *table, size_t n)
{
    size_t size = hr_id_table_size(n);

    table->mask = size - 1;
    table->id_mask = 1;
    while (table->id_mask < n)
        table->id_mask = table->id_mask << 1 | 1;
    table->seed = (uint64_t)g_random_int() << 32 | g_random_int();
    table->slots = g_try_malloc0_n(size, sizeof *table->slots);
    return table->slots != NULL;
}

void hr_id_table_finish(HrIdTable *table)
{
    g_clear_pointer(&table->slots, g_free);
}
