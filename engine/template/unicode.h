/* unicode.h: what Python's str methods mean by space, digit and case, where GLib's tables differ.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* str.isspace() of one character. */
static inline bool hr_is_space(gunichar c)
{
    if (c < 0x80)
        return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F);
    return c == 0x85 || g_unichar_type(c) == G_UNICODE_SPACE_SEPARATOR || c == 0x2028 ||
           c == 0x2029;
}

/* Where str.splitlines() breaks; "\r\n" is one break. */
static inline bool hr_is_line_break(gunichar c)
{
    return (c >= '\n' && c <= '\r') || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
           c == 0x2029;
}

/* Length in bytes of the white space that text starts with, text being len bytes long. */
static inline size_t hr_leading_space(const char *text, size_t len)
{
    size_t i = 0;
    while (i < len) {
        gunichar c = g_utf8_get_char_validated(text + i, (gssize)(len - i));
        if (c >= (gunichar)-2 || !hr_is_space(c))
            break;
        i += (size_t)g_unichar_to_utf8(c, NULL);
    }
    return i;
}

/* text's length without the white space at its end. */
static inline size_t hr_without_trailing_space(const char *text, size_t len)
{
    while (len > 0) {
        const char *last = g_utf8_find_prev_char(text, text + len);
        if (last == NULL)
            break;
        gunichar c = g_utf8_get_char_validated(last, text + len - last);
        if (c >= (gunichar)-2 || !hr_is_space(c))
            break;
        len = (size_t)(last - text);
    }
    return len;
}
