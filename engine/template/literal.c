/* literal.c: the text of string literals, escapes resolved as Python resolves them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "template/lexer.h"

/* Reads exactly n hex digits. */
static bool hex_digits(const char *text, size_t len, size_t n, gunichar *ret_value)
{
    gunichar value = 0;

    if (len < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!g_ascii_isxdigit(text[i]))
            return false;
        value = value << 4 | (gunichar)g_ascii_xdigit_value(text[i]);
    }
    *ret_value = value;
    return true;
}

/* A surrogate alone is no character; Python fails later, when it should be written out. */
static bool append_code_point(GString *out, gunichar c)
{
    if (c > 0x10FFFF)
        return false;
    g_string_append_unichar(out, c >= 0xD800 && c <= 0xDFFF ? 0xFFFD : c);
    return true;
}

/* \x, \u and \U behind the letter. Returns bytes used, 0 on failure. */
static size_t append_hex_escape(GString *out, const char *text, size_t len, size_t n)
{
    gunichar c, low;

    if (!hex_digits(text, len, n, &c))
        return 0;
    if (c >= 0xD800 && c <= 0xDBFF && len >= n + 6 && memcmp(text + n, "\\u", 2) == 0 &&
        hex_digits(text + n + 2, 4, 4, &low) && low >= 0xDC00 && low <= 0xDFFF) {
        g_string_append_unichar(out, 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00));
        return n + 6;
    }
    return append_code_point(out, c) ? n : 0;
}

static size_t append_octal_escape(GString *out, const char *text, size_t len)
{
    gunichar c = 0;
    size_t i = 0;
    for (; i < MIN(len, 3) && text[i] >= '0' && text[i] <= '7'; i++)
        c = c << 3 | (gunichar)(text[i] - '0');
    g_string_append_unichar(out, c);
    return i;
}

/* The escape behind a backslash. Returns bytes used, 0 on failure. */
static size_t append_escape(GString *out, const char *text, size_t len)
{
    static const char letters[] = "abfnrtv\\'\"", meanings[] = "\a\b\f\n\r\t\v\\'\"";
    const char *letter = strchr(letters, text[0]);

    if (text[0] && letter) {
        g_string_append_c(out, meanings[letter - letters]);
        return 1;
    }
    size_t used = 0;
    switch (text[0]) {
    case '\n': /* a line that goes on */
        return 1;
    case 'x':
        used = append_hex_escape(out, text + 1, len - 1, 2);
        return used ? used + 1 : 0;
    case 'u':
        used = append_hex_escape(out, text + 1, len - 1, 4);
        return used ? used + 1 : 0;
    case 'U':
        used = append_hex_escape(out, text + 1, len - 1, 8);
        return used ? used + 1 : 0;
    case 'N': /* \N{NAME} needs a table of all names */
        return 0;
    default:
        if (text[0] >= '0' && text[0] <= '7')
            return append_octal_escape(out, text, len);
        g_string_append_c(out, '\\'); /* unknown escapes stand for themselves */
        g_string_append_c(out, text[0]);
        return 1;
    }
}

bool hr_lex_unescape(GString *out, const char *literal, size_t len)
{
    for (size_t i = 0; i < len;) {
        if (literal[i] != '\\' || i + 1 == len) {
            g_string_append_c(out, literal[i++]);
            continue;
        }
        size_t used = append_escape(out, literal + i + 1, len - i - 1);
        if (used == 0)
            return false;
        i += 1 + used;
    }
    return true;
}
