/* string-case.c: str methods about letters: their case, and what kinds of characters a string has.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "template/string-methods.h"
#include "template/unicode.h"

typedef enum { CASE_UPPER, CASE_LOWER, CASE_TITLE } Case;

static bool is_cased(gunichar c)
{
    return g_unichar_isupper(c) || g_unichar_islower(c) || g_unichar_istitle(c);
}

/* A capital sigma behind a letter and before none is small in the final form. */
static bool is_final_sigma(const HrValue *string, size_t i)
{
    size_t next = i + hr_string_char_len(string, i);
    const char *previous =
        i > 0 ? g_utf8_find_prev_char(string->string.bytes, string->string.bytes + i) : NULL;

    return previous &&
           is_cased(hr_string_char(string, (size_t)(previous - string->string.bytes))) &&
           (next >= string->string.len || !is_cased(hr_string_char(string, next)));
}

/* Appends the character at byte i in that case: it may become several. */
static void append_in_case(HrText *text, const HrValue *string, size_t i, Case to)
{
    bool trusted = hr_string_trusted_at(string, i);
    gunichar c = hr_string_char(string, i), title;

    if (c < 0x80 || (c >= 0xDC80 && c <= 0xDCFF)) {
        char ascii = (char)c;
        if (c < 0x80)
            ascii = to == CASE_LOWER ? g_ascii_tolower(ascii) : g_ascii_toupper(ascii);
        else
            ascii = string->string.bytes[i];
        hr_text_append(text, &ascii, 1, trusted);
        return;
    }
    if (to == CASE_LOWER && c == 0x3A3) {
        hr_text_append_char(text, is_final_sigma(string, i) ? 0x3C2 : 0x3C3, trusted);
        return;
    }
    if (to == CASE_TITLE && (title = g_unichar_totitle(c)) != c) {
        hr_text_append_char(text, title, trusted);
        return;
    }
    gssize len = (gssize)hr_string_char_len(string, i);
    g_autofree char *mapped = to == CASE_LOWER ? g_utf8_strdown(string->string.bytes + i, len)
                                               : g_utf8_strup(string->string.bytes + i, len);
    hr_text_append(text, mapped, -1, trusted);
}

static HrValue *map_case(HrEval *ev, const HrValue *string, Case first, Case rest)
{
    g_auto(HrText) text = { 0 };

    if (!hr_eval_charge(ev, string->string.len / 8))
        return NULL;
    hr_text_init(&text, &ev->budget);
    for (size_t i = 0; i < string->string.len && !text.failed; i += hr_string_char_len(string, i))
        append_in_case(&text, string, i, i == 0 ? first : rest);
    return hr_eval_finish_text(ev, &text);
}

HrValue *hr_string_upper(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return map_case(ev, self, CASE_UPPER, CASE_UPPER);
}

HrValue *hr_string_lower(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return map_case(ev, self, CASE_LOWER, CASE_LOWER);
}

HrValue *hr_string_capitalize(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return map_case(ev, self, CASE_TITLE, CASE_LOWER);
}

HrValue *hr_string_title(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    bool in_word = false;
    g_auto(HrText) text = { 0 };

    if (!hr_eval_charge(ev, self->string.len / 8))
        return NULL;
    hr_text_init(&text, &ev->budget);
    for (size_t i = 0; i < self->string.len && !text.failed; i += hr_string_char_len(self, i)) {
        append_in_case(&text, self, i, in_word ? CASE_LOWER : CASE_TITLE);
        in_word = is_cased(hr_string_char(self, i));
    }
    return hr_eval_finish_text(ev, &text);
}

HrValue *hr_string_swapcase(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_auto(HrText) text = { 0 };

    if (!hr_eval_charge(ev, self->string.len / 8))
        return NULL;
    hr_text_init(&text, &ev->budget);
    for (size_t i = 0; i < self->string.len && !text.failed; i += hr_string_char_len(self, i)) {
        gunichar c = hr_string_char(self, i);
        if (is_cased(c))
            append_in_case(&text, self, i, g_unichar_isupper(c) ? CASE_LOWER : CASE_UPPER);
        else
            hr_text_append_slice(&text, self, i, hr_string_char_len(self, i));
    }
    return hr_eval_finish_text(ev, &text);
}

/* ---- Kinds of characters ---- */

/* True for a string that is not empty and whose every character passes. */
static HrValue *all_chars(const HrValue *string, bool (*passes)(gunichar c))
{
    for (size_t i = 0; i < string->string.len; i += hr_string_char_len(string, i))
        if (!passes(hr_string_char(string, i)))
            return hr_value_new_bool(false);
    return hr_value_new_bool(string->string.len > 0);
}

static bool is_alpha(gunichar c)
{
    return g_unichar_isalpha(c);
}

/* Digits of other scripts and superscripts count for isdigit, fractions and numerals for isnumeric
 * as well. */
static bool is_decimal(gunichar c)
{
    return g_unichar_type(c) == G_UNICODE_DECIMAL_NUMBER;
}

static bool is_digit(gunichar c)
{
    return is_decimal(c) || c == 0xB2 || c == 0xB3 || c == 0xB9 || c == 0x2070 ||
           (c >= 0x2074 && c <= 0x2079) || (c >= 0x2080 && c <= 0x2089) ||
           (c >= 0x2460 && c <= 0x2468);
}

static bool is_numeric(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);
    return type == G_UNICODE_DECIMAL_NUMBER || type == G_UNICODE_LETTER_NUMBER ||
           type == G_UNICODE_OTHER_NUMBER;
}

static bool is_alnum(gunichar c)
{
    return is_alpha(c) || is_numeric(c);
}

static bool is_ascii(gunichar c)
{
    return c < 0x80;
}

HrValue *hr_string_isalpha(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return all_chars(self, is_alpha);
}

HrValue *hr_string_isalnum(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return all_chars(self, is_alnum);
}

HrValue *hr_string_isdecimal(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return all_chars(self, is_decimal);
}

HrValue *hr_string_isdigit(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return all_chars(self, is_digit);
}

HrValue *hr_string_isnumeric(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return all_chars(self, is_numeric);
}

HrValue *hr_string_isspace(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return all_chars(self, hr_is_space);
}

HrValue *hr_string_isascii(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return self->string.len == 0 ? hr_value_new_bool(true) : all_chars(self, is_ascii);
}

/* Whether there are letters, and all of them of that case. */
static HrValue *all_in_case(const HrValue *string, bool upper)
{
    bool any = false;

    for (size_t i = 0; i < string->string.len; i += hr_string_char_len(string, i)) {
        gunichar c = hr_string_char(string, i);
        if (g_unichar_istitle(c) || (upper ? g_unichar_islower(c) : g_unichar_isupper(c)))
            return hr_value_new_bool(false);
        any |= is_cased(c);
    }
    return hr_value_new_bool(any);
}

HrValue *hr_string_islower(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return all_in_case(self, false);
}

HrValue *hr_string_isupper(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return all_in_case(self, true);
}

HrValue *hr_string_istitle(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    bool in_word = false, any = false;

    for (size_t i = 0; i < self->string.len; i += hr_string_char_len(self, i)) {
        gunichar c = hr_string_char(self, i);
        bool capital = g_unichar_isupper(c) || g_unichar_istitle(c);
        if ((capital && in_word) || (g_unichar_islower(c) && !in_word))
            return hr_value_new_bool(false);
        in_word = is_cased(c);
        any |= in_word;
    }
    return hr_value_new_bool(any);
}
