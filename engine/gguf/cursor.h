/* cursor.h: reads little-endian values off a run of untrusted bytes, never past its end.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every function returns false, and moves nothing, where fewer bytes are left than it needs; what
 * was being read is the caller's to say. Thread-safety: one thread per cursor.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *data;
    size_t size;
    size_t at; /* <= size */
} HrCursor;

uint64_t hr_cursor_left(const HrCursor *cursor);
bool hr_cursor_take(HrCursor *cursor, uint64_t n_bytes, const void **ret_bytes);
bool hr_cursor_u32(HrCursor *cursor, uint32_t *ret_value);
bool hr_cursor_u64(HrCursor *cursor, uint64_t *ret_value);
