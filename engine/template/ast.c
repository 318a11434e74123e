/* ast.c: the memory that a tree lives in.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "template/ast.h"

#define CHUNK_BYTES ((size_t)16 << 10)

struct HrArena {
    GPtrArray *chunks;
    char *next;
    size_t left;
};

HrArena *hr_arena_new(void)
{
    HrArena *arena = g_new0(HrArena, 1);
    arena->chunks = g_ptr_array_new_with_free_func(g_free);
    return arena;
}

void *hr_arena_alloc(HrArena *arena, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    if (size > arena->left) {
        arena->left = MAX(size, CHUNK_BYTES);
        arena->next = g_malloc0(arena->left);
        g_ptr_array_add(arena->chunks, arena->next);
    }
    void *memory = arena->next;
    arena->next += size;
    arena->left -= size;
    return memory;
}

void hr_arena_free(HrArena *arena)
{
    if (arena == NULL)
        return;
    g_ptr_array_unref(arena->chunks);
    g_free(arena);
}
