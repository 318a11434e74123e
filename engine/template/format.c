/* format.c: "text {name!r:>8}".format(values), as Python formats it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "template/number.h"

typedef struct {
    HrEval *ev;
    const HrArgs *args;
    HrText *text;
    int64_t next; /* automatic number; -1 once numbers were given by hand */
} Formatter;

static bool format_text(Formatter *formatter, const HrValue *format, size_t start, size_t end,
                        unsigned depth);

/* ---- Specifications ---- */

static bool is_align(gunichar c)
{
    return c == '<' || c == '>' || c == '^' || c == '=';
}

static int read_number(const char *text, size_t *at)
{
    int64_t n = 0;
    for (; g_ascii_isdigit(text[*at]); ++*at)
        n = MIN(n * 10 + (text[*at] - '0'), (int64_t)HR_TEMPLATE_MAX_REPEAT + 1);
    return (int)n;
}

static void parse_fill(const HrValue *spec, size_t *at, HrNumberFormat *format)
{
    const char *bytes = spec->string.bytes;
    size_t first = spec->string.len ? hr_string_char_len(spec, 0) : 0;

    if (first > 0 && is_align((gunichar)bytes[first])) {
        format->fill = hr_string_char(spec, 0);
        format->fill_trusted = hr_string_trusted_at(spec, 0);
        format->align = bytes[first];
        *at = first + 1;
    } else if (is_align((gunichar)bytes[0]))
        format->align = bytes[(*at)++];
}

static bool parse_spec(HrEval *ev, const HrValue *spec, HrNumberFormat *format)
{
    const char *bytes = spec->string.bytes;
    size_t at = 0;

    parse_fill(spec, &at, format);
    if (bytes[at] == '+' || bytes[at] == '-' || bytes[at] == ' ')
        format->sign = bytes[at++];
    if (bytes[at] == '#')
        format->alternate = bytes[at++];
    if (bytes[at] == '0')
        format->zero = bytes[at++];
    format->width = read_number(bytes, &at);
    if (bytes[at] == ',' || bytes[at] == '_')
        format->grouping = bytes[at++];
    if (bytes[at] == '.') {
        at++;
        if (!g_ascii_isdigit(bytes[at]))
            return hr_eval_fail(ev, "Format specifier missing precision");
        format->precision = read_number(bytes, &at);
    }
    if (bytes[at] && strchr("sbcdeEfFgGnoxX%", bytes[at]))
        format->type = bytes[at++];
    if (at != spec->string.len)
        return hr_eval_fail(ev, "Invalid format specifier '%s'", bytes);
    if (format->width > (int)HR_TEMPLATE_MAX_REPEAT ||
        format->precision > (int)HR_TEMPLATE_MAX_REPEAT)
        return hr_eval_fail(ev, "a field of more than %zu characters", HR_TEMPLATE_MAX_REPEAT);
    return true;
}

static bool write_formatted(Formatter *formatter, HrValue *value, const HrValue *spec)
{
    HrNumberFormat format = HR_NUMBER_FORMAT_INIT;
    bool number = value->kind == HR_VALUE_INT || value->kind == HR_VALUE_FLOAT ||
                  value->kind == HR_VALUE_BOOL;

    if (!parse_spec(formatter->ev, spec, &format))
        return false;
    if (number && !(value->kind == HR_VALUE_BOOL && spec->string.len == 0) && format.type != 's')
        return hr_number_write(formatter->ev, formatter->text, value, &format);
    if (!hr_is_string(value) && spec->string.len > 0)
        return hr_eval_fail(formatter->ev, "unsupported format string passed to %s.__format__",
                            hr_value_type_name(value));
    if (format.type != '\0' && format.type != 's')
        return hr_eval_fail(formatter->ev, "Unknown format code '%c' for object of type 'str'",
                            format.type);
    g_autoptr(HrValue) string = hr_eval_str(formatter->ev, value);
    return string && hr_string_write(formatter->ev, formatter->text, string, &format);
}

/* ---- Fields ---- */

/* The argument that the first part of a field names. Borrowed. */
static HrValue *find_argument(Formatter *formatter, const char *name)
{
    size_t digits = strspn(name, "0123456789");

    if (!hr_eval_charge(formatter->ev, formatter->args->names->len / 8))
        return NULL;
    if (name[digits] != '\0') {
        int found = hr_args_find(formatter->args, name);
        return found >= 0 ? g_ptr_array_index(formatter->args->named, found)
                          : hr_eval_fail(formatter->ev, "'%s'", name);
    }
    if ((digits == 0) == (formatter->next < 0) && formatter->next != 0)
        return hr_eval_fail(formatter->ev, "cannot mix automatic and manual field numbering");
    guint64 index = digits ? g_ascii_strtoull(name, NULL, 10) : (guint64)formatter->next;
    formatter->next = digits ? -1 : formatter->next + 1;
    if (index >= formatter->args->positional->len)
        return hr_eval_fail(formatter->ev,
                            "Replacement index %" G_GUINT64_FORMAT
                            " out of range for positional args tuple",
                            index);
    return g_ptr_array_index(formatter->args->positional, index);
}

/* One ".name" or "[index]" at *at of a field's name. */
static HrValue *follow(Formatter *formatter, HrValue *value, const char **at)
{
    bool bracket = **at == '[';
    size_t len = strcspn(++*at, bracket ? "]" : ".[");
    g_autofree char *part = g_strndup(*at, len);

    *at += len;
    if (len == 0 || (bracket && **at != ']'))
        return hr_eval_fail(formatter->ev, "a broken field name in a format string");
    *at += bracket;
    if (!bracket)
        return hr_attribute(formatter->ev, value, part);
    bool number = len < 19 && part[strspn(part, "0123456789")] == '\0';
    g_autoptr(HrValue) index = number ? hr_value_new_int(g_ascii_strtoll(part, NULL, 10))
                                      : hr_value_new_string(part, -1, true);
    return hr_item(formatter->ev, value, index);
}

static HrValue *field_value(Formatter *formatter, const char *name)
{
    size_t first = strcspn(name, ".[");
    g_autofree char *argument = g_strndup(name, first);
    HrValue *value = find_argument(formatter, argument);
    const char *at = name + first;

    if (value)
        hr_value_ref(value);
    while (value && *at) {
        HrValue *next = hr_eval_charge(formatter->ev, 1) ? follow(formatter, value, &at) : NULL;
        hr_value_unref(value);
        value = next;
    }
    return value;
}

/* "name!conversion:spec" between [start, end). */
static bool write_field(Formatter *formatter, const HrValue *format, size_t start, size_t end,
                        unsigned depth)
{
    const char *bytes = format->string.bytes;
    size_t name_len = 0, at;
    HrText spec_text, *out = formatter->text;

    while (start + name_len < end && !strchr("!:", bytes[start + name_len])) {
        if (bytes[start + name_len] == '[') /* brackets hide "!" and ":" */
            name_len += strcspn(bytes + start + name_len, "]");
        name_len++;
    }
    name_len = MIN(name_len, end - start);
    g_autofree char *name = g_strndup(bytes + start, name_len);
    g_autoptr(HrValue) value = field_value(formatter, name);
    at = start + name_len;
    if (value && at < end && bytes[at] == '!') {
        char conversion = at + 1 < end ? bytes[at + 1] : '\0';
        HrValue *converted = conversion == 'r' ? hr_eval_repr(formatter->ev, value)
                             : conversion == 's'
                                 ? hr_eval_str(formatter->ev, value)
                                 : hr_eval_fail(formatter->ev, "Unknown conversion specifier");
        hr_value_unref(value);
        value = converted;
        at += 2;
    }
    if (value == NULL)
        return false;
    if (at < end && bytes[at] != ':')
        return hr_eval_fail(formatter->ev, "expected ':' after conversion specifier");
    /* The specification may hold fields of its own. */
    hr_text_init(&spec_text, &formatter->ev->budget);
    formatter->text = &spec_text;
    bool formatted = at >= end || format_text(formatter, format, at + 1, end, depth + 1);
    formatter->text = out;
    g_autoptr(HrValue) spec = formatted ? hr_eval_finish_text(formatter->ev, &spec_text) : NULL;
    hr_text_clear(&spec_text);
    return spec && write_formatted(formatter, value, spec);
}

/* The "}" that ends the field which begins at start, or end. */
static size_t field_end(const char *bytes, size_t start, size_t end)
{
    unsigned open = 1;
    for (; start < end; start++) {
        open += bytes[start] == '{';
        open -= bytes[start] == '}';
        if (open == 0)
            return start;
    }
    return end;
}

static bool format_text(Formatter *formatter, const HrValue *format, size_t start, size_t end,
                        unsigned depth)
{
    const char *bytes = format->string.bytes;

    if (depth > 2)
        return hr_eval_fail(formatter->ev, "Max string recursion exceeded");
    while (start < end && !formatter->text->failed) {
        size_t plain = strcspn(bytes + start, "{}");
        plain = MIN(plain, end - start);
        hr_text_append_slice(formatter->text, format, start, plain);
        start += plain;
        if (start >= end)
            break;
        if (bytes[start] == '\0' || (start + 1 < end && bytes[start + 1] == bytes[start])) {
            hr_text_append_slice(formatter->text, format, start, 1); /* "{{" is "{" */
            start += bytes[start] == '\0' ? 1 : 2;
            continue;
        }
        if (bytes[start] == '}')
            return hr_eval_fail(formatter->ev, "Single '}' encountered in format string");
        size_t stop = field_end(bytes, start + 1, end);
        if (stop == end)
            return hr_eval_fail(formatter->ev, "expected '}' before end of string");
        if (!hr_eval_charge(formatter->ev, 1) ||
            !write_field(formatter, format, start + 1, stop, depth))
            return false;
        start = stop + 1;
    }
    return true;
}

HrValue *hr_format(HrEval *ev, HrValue *format, const HrArgs *args)
{
    g_auto(HrText) text = { 0 };
    Formatter formatter = { .ev = ev, .args = args, .text = &text };

    hr_text_init(&text, &ev->budget);
    if (!format_text(&formatter, format, 0, format->string.len, 0))
        return NULL;
    return hr_eval_finish_text(ev, &text);
}
