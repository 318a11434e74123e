/* text.c: strings, and building them without losing track of whom each byte came from.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memory whose size a template decides: taken with g_try_realloc and counted against the budget.
 */
#include "value/value.h"

#include <string.h>

bool hr_budget_charge(HrBudget *budget, size_t bytes)
{
    if (budget == NULL)
        return true;
    if (budget->exhausted || bytes > budget->bytes_left) {
        budget->exhausted = true;
        return false;
    }
    budget->bytes_left -= bytes;
    return true;
}

/* ---- Building ---- */

void hr_text_init(HrText *text, HrBudget *budget)
{
    *text = (HrText){ .budget = budget };
}

void hr_text_clear(HrText *text)
{
    g_free(text->bytes);
    g_free(text->trust);
    *text = (HrText){ .budget = text->budget };
}

/* What appending costs beside the bytes, in bytes: pieces may be short or empty, and there may be
 * many. */
#define APPEND_COST 8

/* Room for len more bytes and a NUL. */
static bool reserve(HrText *text, size_t len)
{
    if (text->failed || !hr_budget_charge(text->budget, len + APPEND_COST) ||
        len > SIZE_MAX / 2 - text->len - 1)
        return !(text->failed = true);
    if (text->bytes && text->len + len + 1 <= text->capacity)
        return true;
    size_t capacity = MAX(text->len + len + 1, MAX(32, text->capacity + text->capacity / 2));
    char *bytes = g_try_realloc(text->bytes, capacity);
    if (bytes)
        text->bytes = bytes;
    uint8_t *trust = text->trust ? g_try_realloc(text->trust, capacity) : NULL;
    if (trust)
        text->trust = trust;
    if (bytes == NULL || (text->trust && trust == NULL))
        return !(text->failed = true);
    text->capacity = capacity;
    return true;
}

/* Notes that bytes of another kind follow: from here on there is a mask. */
static bool need_mask(HrText *text)
{
    if (text->trust)
        return true;
    text->trust = g_try_malloc(text->capacity);
    if (text->trust == NULL)
        return !(text->failed = true);
    memset(text->trust, text->trusted, text->len);
    return true;
}

void hr_text_append(HrText *text, const char *bytes, gssize len, bool trusted)
{
    size_t n = len < 0 ? strlen(bytes) : (size_t)len;

    if (n == 0 || !reserve(text, n))
        return;
    if (text->len == 0 && text->trust == NULL)
        text->trusted = trusted;
    if (trusted != text->trusted && !need_mask(text))
        return;
    memcpy(text->bytes + text->len, bytes, n);
    if (text->trust)
        memset(text->trust + text->len, trusted, n);
    text->len += n;
}

void hr_text_append_slice(HrText *text, const HrValue *string, size_t start, size_t len)
{
    const uint8_t *trust = string->string.trust;

    if (trust == NULL) {
        hr_text_append(text, string->string.bytes + start, (gssize)len, string->string.trusted);
        return;
    }
    for (size_t end = start + len, run; start < end; start = run) {
        for (run = start + 1; run < end && trust[run] == trust[start]; run++)
            ;
        hr_text_append(text, string->string.bytes + start, (gssize)(run - start), trust[start]);
    }
}

void hr_text_append_string(HrText *text, const HrValue *string)
{
    hr_text_append_slice(text, string, 0, string->string.len);
}

void hr_text_append_char(HrText *text, gunichar c, bool trusted)
{
    char utf8[6];
    if (c >= 0xDC80 && c <= 0xDCFF) {
        utf8[0] = (char)(c - 0xDC80 + 0x80); /* an invalid byte on its way through */
        hr_text_append(text, utf8, 1, trusted);
        return;
    }
    hr_text_append(text, utf8, g_unichar_to_utf8(c, utf8), trusted);
}

/* ---- Finished strings ---- */

/* The length of the well-formed character at bytes[0], at most len bytes long, or 1. */
static size_t char_len(const char *bytes, size_t len)
{
    if ((uint8_t)bytes[0] < 0x80)
        return 1;
    gunichar c = g_utf8_get_char_validated(bytes, (gssize)MIN(len, 6));
    return c >= (gunichar)-2 || c == 0 ? 1 : (size_t)g_unichar_to_utf8(c, NULL);
}

static size_t count_chars(const char *bytes, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i += char_len(bytes + i, len - i))
        n++;
    return n;
}

HrValue *hr_text_finish(HrText *text)
{
    if (text->failed || !reserve(text, 0)) {
        hr_text_clear(text);
        return NULL;
    }
    HrValue *value = hr_value_new_null();
    value->kind = HR_VALUE_STRING;
    text->bytes[text->len] = '\0';
    value->string.bytes = g_steal_pointer(&text->bytes);
    value->string.trust = g_steal_pointer(&text->trust);
    value->string.len = text->len;
    value->string.n_chars = count_chars(value->string.bytes, text->len);
    value->string.trusted = text->len == 0 || text->trusted;
    hr_text_clear(text);
    return value;
}

HrValue *hr_value_new_string(const char *bytes, gssize len, bool trusted)
{
    size_t n = len < 0 ? strlen(bytes) : (size_t)len;
    HrValue *value = hr_value_new_null();
    value->kind = HR_VALUE_STRING;
    value->string.bytes = g_malloc(n + 1);
    memcpy(value->string.bytes, bytes, n);
    value->string.bytes[n] = '\0';
    value->string.len = n;
    value->string.n_chars = count_chars(bytes, n);
    value->string.trusted = trusted;
    return value;
}

bool hr_string_trusted_at(const HrValue *string, size_t i)
{
    return string->string.trust ? string->string.trust[i] : string->string.trusted;
}

size_t hr_string_char_len(const HrValue *string, size_t i)
{
    return char_len(string->string.bytes + i, string->string.len - i);
}

size_t hr_string_offset(const HrValue *string, size_t n)
{
    if (string->string.n_chars == string->string.len) /* ASCII, or nothing but invalid bytes */
        return MIN(n, string->string.len);
    size_t i = 0;
    while (n-- > 0 && i < string->string.len)
        i += hr_string_char_len(string, i);
    return i;
}

gunichar hr_string_char(const HrValue *string, size_t i)
{
    uint8_t byte = (uint8_t)string->string.bytes[i];
    if (byte < 0x80)
        return byte;
    return hr_string_char_len(string, i) == 1 ? (gunichar)(0xDC80 + byte - 0x80)
                                              : g_utf8_get_char(string->string.bytes + i);
}

bool hr_string_equal(const HrValue *string, const char *text)
{
    return string->kind == HR_VALUE_STRING && strlen(text) == string->string.len &&
           memcmp(string->string.bytes, text, string->string.len) == 0;
}

HrValue *hr_value_new_concatenated(const HrValue *a, const HrValue *b)
{
    g_auto(HrText) text = {0};
    hr_text_init(&text, NULL);
    hr_text_append_string(&text, a);
    hr_text_append_string(&text, b);
    HrValue *joined = hr_text_finish(&text);
    return joined ? joined : hr_value_new_string("", 0, false);
}
