/* schema-text.c: strings, their formats, and JSON's own spelling of values.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "grammar/schema-reader.h"

#include "value/value.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define MAX_PRINT_DEPTH 100  /* of a constant */
#define MAX_INDENT 20        /* spaces behind a line break: models that may write on for ever do */

static HrExpr literal(HrSchemaReader *reader, const char *text)
{
    return hr_expr_literal(reader->syntax, text, -1);
}

static HrExpr one_of(HrSchemaReader *reader, const char *chars)
{
    g_autoptr(GArray) ranges = g_array_new(false, false, sizeof(HrCodeRange));

    for (const char *c = chars; *c; c++) {
        HrCodeRange range = {(guchar)*c, (guchar)*c};
        g_array_append_val(ranges, range);
    }
    return hr_expr_class(reader->syntax, (const HrCodeRange *)ranges->data, ranges->len);
}

/* ---- Between values ---- */

/* Nothing, one space, or a line break with some indentation. */
HrExpr hr_schema_space(HrSchemaReader *reader)
{
    HrSyntax *syntax = reader->syntax;

    if (reader->space == 0)
        reader->space = hr_expr_shared(
            syntax,
            hr_expr_choice_of(syntax, HR_EXPR_EMPTY, literal(reader, " "),
                              hr_expr_sequence_of(syntax, literal(reader, "\n"),
                                                  hr_expr_repeat(syntax, one_of(reader, " \t"), 0,
                                                                 MAX_INDENT))));
    return reader->space;
}

/* ---- Strings ---- */

static HrExpr hex_digits(HrSchemaReader *reader, uint32_t n)
{
    return hr_expr_repeat(reader->syntax, one_of(reader, "0123456789abcdefABCDEF"), n, n);
}

/* \u with four digits: a character of its own, or the two halves of one beyond U+FFFF. */
static HrExpr code_escape(HrSchemaReader *reader)
{
    HrSyntax *syntax = reader->syntax;
    HrExpr plain =
        hr_expr_choice_of(syntax,
                          hr_expr_sequence_of(syntax, one_of(reader, "0123456789abcefABCEF"),
                                              hex_digits(reader, 3)),
                          hr_expr_sequence_of(syntax, one_of(reader, "dD"),
                                              one_of(reader, "01234567"), hex_digits(reader, 2)));
    HrExpr first = hr_expr_sequence_of(syntax, one_of(reader, "dD"), one_of(reader, "89abAB"),
                                       hex_digits(reader, 2));
    HrExpr second = hr_expr_sequence_of(syntax, literal(reader, "\\u"), one_of(reader, "dD"),
                                        one_of(reader, "cdefCDEF"), hex_digits(reader, 2));

    return hr_expr_sequence_of(syntax, literal(reader, "u"),
                               hr_expr_choice_of(syntax, plain,
                                                 hr_expr_sequence_of(syntax, first, second)));
}

HrExpr hr_schema_character(HrSchemaReader *reader)
{
    static const HrCodeRange plain[] = {{0x20, 0x21}, {0x23, 0x5B}, {0x5D, 0x7E}, {0x80, 0x10FFFF}};
    HrSyntax *syntax = reader->syntax;

    if (reader->character == 0) {
        HrExpr escape =
            hr_expr_choice_of(syntax, one_of(reader, "\"\\/bfnrt"), code_escape(reader));
        reader->character = hr_expr_shared(
            syntax, hr_expr_choice_of(syntax, hr_expr_class(syntax, plain, G_N_ELEMENTS(plain)),
                                      hr_expr_sequence_of(syntax, literal(reader, "\\"), escape)));
    }
    return reader->character;
}

static HrExpr quoted(HrSchemaReader *reader, HrExpr inner)
{
    return hr_expr_sequence_of(reader->syntax, literal(reader, "\""), inner, literal(reader, "\""));
}

HrExpr hr_schema_any_string(HrSchemaReader *reader)
{
    if (reader->string == 0)
        reader->string = hr_expr_shared(reader->syntax,
                                        quoted(reader, hr_expr_repeat(reader->syntax,
                                                                      hr_schema_character(reader),
                                                                      0, HR_REPEAT_UNBOUNDED)));
    return reader->string;
}

/* Days by month; the 29th of February belongs to some years only and is left out. */
#define DATE \
    "[1-9]\\d{3}-((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)|02-(0[1-9]|1\\d|2[0-8]))"
#define TIME "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,6})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)"
#define OCTET "(\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])"
#define LABEL "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?"
#define HOST LABEL "(\\." LABEL "){0,3}"

static const char *pattern_of_format(const char *format)
{
    static const char *const patterns[][2] = {
        {"date", "^" DATE "$"},
        {"time", "^" TIME "$"},
        {"date-time", "^" DATE "T" TIME "$"},
        {"uuid", "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"},
        {"ipv4", "^" OCTET "(\\." OCTET "){3}$"},
        {"ipv6", "^([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$"},
        {"hostname", "^" HOST "$"},
        {"email",
         "^[A-Za-z0-9_+-]{1,32}(\\.[A-Za-z0-9_+-]{1,32}){0,2}@" LABEL "(\\." LABEL "){1,3}$"},
        {"uri", "^https?://" HOST "(/[A-Za-z0-9_~-]{1,40}){0,8}/?$"},
        {"duration", "^P(\\d{1,4}D(T\\d{1,4}H)?|T\\d{1,4}(H|M|S)|\\d{1,4}W)$"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++)
        if (g_str_equal(patterns[i][0], format))
            return patterns[i][1];
    return NULL;
}

static const char *text_of(const HrValue *schema, const char *keyword)
{
    HrValue *value = hr_value_lookup(schema, keyword);

    return value && hr_value_kind(value) == HR_VALUE_STRING ? hr_value_get_string(value, NULL)
                                                            : NULL;
}

HrExpr hr_schema_string(HrSchemaReader *reader, const HrValue *schema)
{
    const char *pattern = text_of(schema, "pattern"), *format = text_of(schema, "format");
    bool has_length = hr_value_lookup(schema, "minLength") || hr_value_lookup(schema, "maxLength");
    uint32_t min = hr_schema_count(reader, schema, "minLength", 0),
             max = hr_schema_count(reader, schema, "maxLength", HR_REPEAT_UNBOUNDED);

    if (format && (pattern || !pattern_of_format(format)))
        hr_schema_ignore(reader, "format");
    if (!pattern && format)
        pattern = pattern_of_format(format);
    if (pattern && has_length)
        hr_schema_ignore(reader, "minLength and maxLength beside a pattern");
    if (pattern)
        return quoted(reader, hr_schema_regex(reader, pattern));
    if (!has_length)
        return hr_schema_any_string(reader);
    return quoted(reader, hr_expr_repeat(reader->syntax, hr_schema_character(reader), min, max));
}

/* ---- Any value ---- */

static HrExpr list_of(HrSchemaReader *reader, const char *open, HrExpr item, const char *close)
{
    HrSyntax *syntax = reader->syntax;
    HrExpr space = hr_schema_space(reader), once = hr_expr_shared(syntax, item);
    HrExpr more =
        hr_expr_repeat(syntax,
                       hr_expr_sequence_of(syntax, space, literal(reader, ","), space, once), 0,
                       HR_REPEAT_UNBOUNDED);

    return hr_expr_sequence_of(syntax, literal(reader, open), space,
                               hr_expr_optional(syntax, hr_expr_sequence_of(syntax, once, more)),
                               space, literal(reader, close));
}

HrExpr hr_schema_any_object(HrSchemaReader *reader)
{
    HrExpr value = hr_schema_any_value(reader), space = hr_schema_space(reader);

    return list_of(reader, "{",
                   hr_expr_sequence_of(reader->syntax, hr_schema_any_string(reader), space,
                                       literal(reader, ":"), space, value),
                   "}");
}

HrExpr hr_schema_any_array(HrSchemaReader *reader)
{
    return list_of(reader, "[", hr_schema_any_value(reader), "]");
}

HrExpr hr_schema_any_value(HrSchemaReader *reader)
{
    if (reader->value == 0) {
        uint32_t rule = hr_syntax_add_rule(reader->syntax);

        reader->value = hr_expr_rule(reader->syntax, rule);
        hr_syntax_define(reader->syntax, rule,
                         hr_expr_choice_of(reader->syntax, hr_schema_any_object(reader),
                                           hr_schema_any_array(reader),
                                           hr_schema_any_string(reader),
                                           hr_schema_any_number(reader), literal(reader, "true"),
                                           literal(reader, "false"), literal(reader, "null")));
    }
    return reader->value;
}

/* ---- Constants ---- */

static void print_string(GString *text, const char *bytes, size_t len)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";

    g_string_append_c(text, '"');
    for (size_t i = 0; i < len; i++) {
        const char *found = bytes[i] ? strchr(plain, bytes[i]) : NULL;
        if (found)
            g_string_append_printf(text, "\\%c", letters[found - plain]);
        else if ((guchar)bytes[i] < 0x20)
            g_string_append_printf(text, "\\u%04x", bytes[i]);
        else
            g_string_append_c(text, bytes[i]);
    }
    g_string_append_c(text, '"');
}

static bool print_items(GString *text, const HrValue *value, unsigned depth)
{
    bool is_dict = hr_value_kind(value) == HR_VALUE_DICT;

    g_string_append_c(text, is_dict ? '{' : '[');
    for (size_t i = 0; i < hr_value_size(value); i++) {
        const char *key = NULL;
        const HrValue *item = is_dict ? hr_value_entry(value, i, &key) : hr_value_at(value, i);
        if (i > 0)
            g_string_append_c(text, ',');
        if (is_dict) {
            print_string(text, key, strlen(key));
            g_string_append_c(text, ':');
        }
        if (!hr_schema_print(text, item, depth + 1))
            return false;
    }
    g_string_append_c(text, is_dict ? '}' : ']');
    return true;
}

bool hr_schema_print(GString *text, const HrValue *value, unsigned depth)
{
    char number[HR_FLOAT_REPR_MAX];
    const char *bytes;
    size_t len;

    if (depth > MAX_PRINT_DEPTH)
        return false;
    switch (hr_value_kind(value)) {
    case HR_VALUE_NULL:
        g_string_append(text, "null");
        return true;
    case HR_VALUE_BOOL:
        g_string_append(text, hr_value_get_bool(value) ? "true" : "false");
        return true;
    case HR_VALUE_INT:
        g_string_append_printf(text, "%" PRId64, hr_value_get_int(value));
        return true;
    case HR_VALUE_FLOAT:
        hr_float_repr(hr_value_get_float(value), number);
        g_string_append(text, number);
        return isfinite(hr_value_get_float(value));
    case HR_VALUE_STRING:
        bytes = hr_value_get_string(value, &len);
        print_string(text, bytes, len);
        return true;
    case HR_VALUE_LIST:
    case HR_VALUE_DICT:
        return print_items(text, value, depth);
    default:
        return false;
    }
}

HrExpr hr_schema_constant(HrSchemaReader *reader, const HrValue *value)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (!hr_schema_print(text, value, 0))
        return hr_schema_fail(reader, "a constant has no JSON, or is nested too deeply");
    return hr_expr_literal(reader->syntax, text->str, (gssize)text->len);
}
