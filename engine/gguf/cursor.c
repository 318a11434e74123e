/* cursor.c: see cursor.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "gguf/cursor.h"

#include <glib.h>
#include <string.h>

uint64_t hr_cursor_left(const HrCursor *cursor)
{
    return cursor->size - cursor->at;
}

bool hr_cursor_take(HrCursor *cursor, uint64_t n_bytes, const void **ret_bytes)
{
    if (n_bytes > hr_cursor_left(cursor))
        return false;
    *ret_bytes = cursor->data + cursor->at;
    cursor->at += n_bytes;
    return true;
}

bool hr_cursor_u32(HrCursor *cursor, uint32_t *ret_value)
{
    const void *bytes;
    uint32_t value;

    if (!hr_cursor_take(cursor, sizeof value, &bytes))
        return false;
    memcpy(&value, bytes, sizeof value);
    *ret_value = GUINT32_FROM_LE(value);
    return true;
}

bool hr_cursor_u64(HrCursor *cursor, uint64_t *ret_value)
{
    const void *bytes;
    uint64_t value;

    if (!hr_cursor_take(cursor, sizeof value, &bytes))
        return false;
    memcpy(&value, bytes, sizeof value);
    *ret_value = GUINT64_FROM_LE(value);
    return true;
}
