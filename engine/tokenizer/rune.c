/* rune.c: decoding and classifying characters.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tokenizer/rune.h"

#include <glib.h>

#define REPLACEMENT 0xfffdu

/* White_Space. g_unichar_isspace leaves out U+000B and U+0085, and the patterns' \s has them. */
static bool is_space(uint32_t code)
{
    if (code < 0x80)
        return code == ' ' || (code >= '\t' && code <= '\r');
    return code == 0x85 || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
           code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

static HrRune category_bits(GUnicodeType type)
{
    switch (type) {
    case G_UNICODE_UPPERCASE_LETTER:
    case G_UNICODE_TITLECASE_LETTER:
        return HR_RUNE_LETTER | HR_RUNE_UPPER;
    case G_UNICODE_LOWERCASE_LETTER:
        return HR_RUNE_LETTER | HR_RUNE_LOWER;
    case G_UNICODE_MODIFIER_LETTER:
    case G_UNICODE_OTHER_LETTER:
        return HR_RUNE_LETTER;
    case G_UNICODE_DECIMAL_NUMBER:
    case G_UNICODE_LETTER_NUMBER:
    case G_UNICODE_OTHER_NUMBER:
        return HR_RUNE_NUMBER;
    case G_UNICODE_CONNECT_PUNCTUATION:
    case G_UNICODE_DASH_PUNCTUATION:
    case G_UNICODE_OPEN_PUNCTUATION:
    case G_UNICODE_CLOSE_PUNCTUATION:
    case G_UNICODE_INITIAL_PUNCTUATION:
    case G_UNICODE_FINAL_PUNCTUATION:
    case G_UNICODE_OTHER_PUNCTUATION:
        return HR_RUNE_PUNCT;
    case G_UNICODE_CURRENCY_SYMBOL:
    case G_UNICODE_MODIFIER_SYMBOL:
    case G_UNICODE_MATH_SYMBOL:
    case G_UNICODE_OTHER_SYMBOL:
        return HR_RUNE_SYMBOL;
    case G_UNICODE_SPACING_MARK:
    case G_UNICODE_ENCLOSING_MARK:
    case G_UNICODE_NON_SPACING_MARK:
        return HR_RUNE_MARK;
    default:
        return 0;
    }
}

HrRune hr_rune_classify(uint32_t code)
{
    HrRune rune = code | category_bits(g_unichar_type(code));

    if (is_space(code))
        rune |= HR_RUNE_SPACE;
    if (code == '\r' || code == '\n')
        rune |= HR_RUNE_NEWLINE;
    return rune;
}

/* How many bytes a character has that begins with this one; 0 if none does. */
static size_t sequence_bytes(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first >= 0xf5)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

HrRune hr_rune_decode(const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = sequence_bytes(bytes[0]);
    uint32_t code;

    if (n == 1)
        return bytes[0];
    if (n == 0 || n > len)
        return REPLACEMENT | HR_RUNE_INVALID;
    code = bytes[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return REPLACEMENT | HR_RUNE_INVALID;
        code = code << 6 | (bytes[i] & 0x3f);
    }
    if (code < smallest[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return REPLACEMENT | HR_RUNE_INVALID;
    return code;
}

size_t hr_runes_from_utf8(const char *text, size_t len, HrRune *runes)
{
    size_t n = 0;

    for (size_t i = 0; i < len;) {
        HrRune bare = hr_rune_decode(text + i, len - i);

        runes[n++] = hr_rune_classify(hr_rune_code(bare)) | (bare & HR_RUNE_INVALID);
        i += hr_rune_bytes(bare);
    }
    return n;
}

size_t hr_rune_encode(uint32_t code, char *ret_bytes)
{
    return (size_t)g_unichar_to_utf8(code, ret_bytes);
}
