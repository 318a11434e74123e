/* arena.h: buffers that live at different times share memory.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define HR_ARENA_ALIGN 64 /* a cache line, and the widest vector */

typedef struct {
    uint32_t first_op, last_op; /* inclusive */
    size_t bytes, offset;
} HrLifetime;

/* Gives each an offset so that none overlap that live at the same time; returns the bytes that all
 * take. They come in the order of their first use. */
size_t hr_arena_place(HrLifetime *lifetimes, size_t n);
