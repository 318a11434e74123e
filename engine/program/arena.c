/* arena.c: see arena.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "program/arena.h"

#include <glib.h>
#include <stdbool.h>

static size_t padded(size_t bytes)
{
    return (bytes + HR_ARENA_ALIGN - 1) / HR_ARENA_ALIGN * HR_ARENA_ALIGN;
}

static bool lives_with(const HrLifetime *a, const HrLifetime *b)
{
    return a->first_op <= b->last_op && b->first_op <= a->last_op;
}

/* The lowest offset at which life does not overlap a placed one that lives at the same time. */
static size_t find_offset(const HrLifetime *lifetimes, const GArray *placed, const HrLifetime *life)
{
    size_t bytes = padded(life->bytes), offset = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t i = 0; i < placed->len; i++) {
            const HrLifetime *other = &lifetimes[g_array_index(placed, uint32_t, i)];
            size_t end = other->offset + padded(other->bytes);
            if (lives_with(life, other) && offset < end && other->offset < offset + bytes) {
                offset = end;
                moved = true;
            }
        }
    }
    return offset;
}

/* Drops from placed what no later one can meet. */
static void retire(const HrLifetime *lifetimes, GArray *placed, uint32_t first_op)
{
    for (uint32_t i = placed->len; i-- > 0;)
        if (lifetimes[g_array_index(placed, uint32_t, i)].last_op < first_op)
            g_array_remove_index_fast(placed, i);
}

size_t hr_arena_place(HrLifetime *lifetimes, size_t n)
{
    g_autoptr(GArray) placed = g_array_new(false, false, sizeof(uint32_t));
    size_t total = 0;
    for (uint32_t i = 0; i < n; i++) {
        retire(lifetimes, placed, lifetimes[i].first_op);
        lifetimes[i].offset = find_offset(lifetimes, placed, &lifetimes[i]);
        total = MAX(total, lifetimes[i].offset + padded(lifetimes[i].bytes));
        g_array_append_val(placed, i);
    }
    return total;
}
