/* repr.c: how Python spells a value, with str() for output and repr() inside of containers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Punctuation, numbers and constants are trusted (no control token can hide in them); what stands
 * in a string is as trusted as it was there, escapes included.
 */
#include "value/value.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---- Floats ---- */

/* The shortest digits that read back as the same number: "d.ddde+xx" into buf. */
static void shortest_digits(double value, char *buf)
{
    for (int precision = 0; precision <= 16; precision++) {
        char format[8];
        g_snprintf(format, sizeof format, "%%.%de", precision);
        g_ascii_formatd(buf, HR_FLOAT_REPR_MAX, format, value);
        if (g_ascii_strtod(buf, NULL) == value)
            return;
    }
}

/* digits without point and exponent laid out as a plain decimal number, with ".0" where it is
 * whole. */
static void plain_decimal(GString *out, const char *digits, int exponent)
{
    int n = (int)strlen(digits);

    if (exponent < 0) {
        g_string_append(out, "0.");
        for (int i = -1; i > exponent; i--)
            g_string_append_c(out, '0');
        g_string_append(out, digits);
        return;
    }
    for (int i = 0; i < MAX(n, exponent + 2); i++) {
        if (i == exponent + 1)
            g_string_append_c(out, '.');
        g_string_append_c(out, i < n ? digits[i] : '0');
    }
}

static void scientific(GString *out, const char *digits, int exponent)
{
    g_string_append_c(out, digits[0]);
    if (digits[1])
        g_string_append_printf(out, ".%s", digits + 1);
    g_string_append_printf(out, "e%c%02d", exponent < 0 ? '-' : '+', ABS(exponent));
}

void hr_float_repr(double value, char *buf)
{
    if (!isfinite(value)) {
        g_strlcpy(buf, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf", HR_FLOAT_REPR_MAX);
        return;
    }
    char raw[HR_FLOAT_REPR_MAX], digits[HR_FLOAT_REPR_MAX];
    size_t n = 0;
    shortest_digits(fabs(value), raw);
    char *mark = strchr(raw, 'e');
    for (const char *p = raw; p < mark; p++)
        if (*p != '.')
            digits[n++] = *p;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    digits[n] = '\0';

    int exponent = atoi(mark + 1);
    g_autoptr(GString) out = g_string_new(signbit(value) ? "-" : "");
    /* Python changes over at the same places: 1e-05, 1e+16. */
    if (exponent < -4 || exponent >= 16)
        scientific(out, digits, exponent);
    else
        plain_decimal(out, digits, exponent);
    g_strlcpy(buf, out->str, HR_FLOAT_REPR_MAX);
}

/* ---- Strings ---- */

static void append_escaped_char(HrText *text, gunichar c, char quote, bool trusted)
{
    char buf[16];

    if (c == (gunichar)quote || c == '\\')
        g_snprintf(buf, sizeof buf, "\\%c", (char)c);
    else if (c == '\n' || c == '\r' || c == '\t')
        g_snprintf(buf, sizeof buf, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    else if (c >= 0xDC80 && c <= 0xDCFF)
        g_snprintf(buf, sizeof buf, "\\udc%02x", c & 0xFF);
    else if (c < 0x20 || c == 0x7F || (c < 0x100 && !g_unichar_isprint(c)) || c == 0xA0 ||
             c == 0xAD)
        g_snprintf(buf, sizeof buf, "\\x%02x", c);
    else if (g_unichar_isprint(c) && (c == ' ' || !g_unichar_isspace(c))) {
        hr_text_append_char(text, c, trusted);
        return;
    } else
        g_snprintf(buf, sizeof buf, c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
    hr_text_append(text, buf, -1, trusted);
}

static void append_string_repr(HrText *text, const HrValue *string)
{
    size_t len = string->string.len;
    bool has_single = memchr(string->string.bytes, '\'', len),
         has_double = memchr(string->string.bytes, '"', len);
    char quote = has_single && !has_double ? '"' : '\'';

    hr_text_append(text, &quote, 1, true);
    for (size_t i = 0; i < len && !text->failed; i += hr_string_char_len(string, i))
        append_escaped_char(text, hr_string_char(string, i), quote,
                            hr_string_trusted_at(string, i));
    hr_text_append(text, &quote, 1, true);
}

/* ---- Containers ---- */

static bool append_repr(HrText *text, const HrValue *value, unsigned depth);

static bool append_list(HrText *text, const HrValue *list, unsigned depth)
{
    static const char *const opening[] = {
        [HR_FORM_PLAIN] = "[", [HR_FORM_TUPLE] = "(", [HR_FORM_KEYS] = "dict_keys([",
        [HR_FORM_VALUES] = "dict_values([", [HR_FORM_ITEMS] = "dict_items([",
    };

    if (list->form == HR_FORM_GENERATOR) {
        hr_text_append(text, "<generator object>", -1, true);
        return true;
    }
    const char *open = opening[list->form] ? opening[list->form] : "[";
    hr_text_append(text, open, -1, true);
    for (size_t i = 0; i < list->list.n && !text->failed; i++) {
        if (i > 0)
            hr_text_append(text, ", ", 2, true);
        if (!append_repr(text, list->list.items[i], depth + 1))
            return false;
    }
    if (list->form == HR_FORM_TUPLE)
        hr_text_append(text, list->list.n == 1 ? ",)" : ")", -1, true);
    else
        hr_text_append(text, strchr(open, '(') ? "])" : "]", -1, true);
    return true;
}

static bool append_dict(HrText *text, const HrDict *dict, unsigned depth)
{
    hr_text_append(text, "{", 1, true);
    for (size_t i = 0; i < hr_dict_size(dict) && !text->failed; i++) {
        if (i > 0)
            hr_text_append(text, ", ", 2, true);
        if (!append_repr(text, hr_dict_key_at(dict, i), depth + 1))
            return false;
        hr_text_append(text, ": ", 2, true);
        if (!append_repr(text, hr_dict_value_at(dict, i), depth + 1))
            return false;
    }
    hr_text_append(text, "}", 1, true);
    return true;
}

static void append_range(HrText *text, const HrValue *range)
{
    int64_t start = range->list.range[0], stop = range->list.range[1], step = range->list.range[2];
    char buf[80];

    if (step == 1)
        g_snprintf(buf, sizeof buf, "range(%" PRId64 ", %" PRId64 ")", start, stop);
    else
        g_snprintf(buf, sizeof buf, "range(%" PRId64 ", %" PRId64 ", %" PRId64 ")", start, stop,
                   step);
    hr_text_append(text, buf, -1, true);
}

static void append_scalar(HrText *text, const HrValue *value)
{
    char buf[HR_FLOAT_REPR_MAX];

    switch ((HrValueKind)value->kind) {
    case HR_VALUE_NULL:
        hr_text_append(text, "None", 4, true);
        break;
    case HR_VALUE_BOOL:
        hr_text_append(text, value->boolean ? "True" : "False", -1, true);
        break;
    case HR_VALUE_INT:
        g_snprintf(buf, sizeof buf, "%" PRId64, value->integer);
        hr_text_append(text, buf, -1, true);
        break;
    case HR_VALUE_FLOAT:
        hr_float_repr(value->real, buf);
        hr_text_append(text, buf, -1, true);
        break;
    case HR_VALUE_UNDEFINED:
        hr_text_append(text, "Undefined", -1, true);
        break;
    default:
        hr_text_append(text, "<", 1, true);
        hr_text_append(text, hr_value_type_name(value), -1, true);
        hr_text_append(text, " object>", -1, true);
    }
}

static bool append_repr(HrText *text, const HrValue *value, unsigned depth)
{
    if (depth > HR_VALUE_MAX_DEPTH)
        return false;
    if (value->kind == HR_VALUE_LIST && value->form == HR_FORM_RANGE) {
        append_range(text, value);
        return true;
    }
    if (value->kind == HR_VALUE_LIST)
        return append_list(text, value, depth);
    if (value->kind == HR_VALUE_DICT)
        return append_dict(text, value->dict, depth);
    if (value->kind == HR_VALUE_STRING && value->form == HR_FORM_MARKUP) {
        hr_text_append(text, "Markup(", -1, true);
        append_string_repr(text, value);
        hr_text_append(text, ")", 1, true);
    } else if (value->kind == HR_VALUE_STRING)
        append_string_repr(text, value);
    else
        append_scalar(text, value);
    return true;
}

bool hr_text_append_repr(HrText *text, const HrValue *value)
{
    return append_repr(text, value, 0);
}

bool hr_text_append_str(HrText *text, const HrValue *value)
{
    if (value->kind == HR_VALUE_UNDEFINED)
        return true;
    if (value->kind == HR_VALUE_STRING) {
        hr_text_append_string(text, value);
        return true;
    }
    return append_repr(text, value, 0);
}
