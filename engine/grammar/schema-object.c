/* schema-object.c: objects, whose properties come in the schema's order, and arrays.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "grammar/schema-reader.h"

#include <string.h>

#define MAX_NAME_BYTES 256 /* of a property's name where others are allowed beside it */

typedef struct {
    HrExpr item; /* "name": value */
    bool required;
} Property;

static HrExpr literal(HrSchemaReader *reader, const char *text)
{
    return hr_expr_literal(reader->syntax, text, -1);
}

/* ---- Names that none of the properties has ---- */

typedef struct {
    HrSchemaReader *reader;
    GPtrArray *names; /* char *, in order */
    bool ascii; /* one of them is not of ASCII: then others are, so that none is spelled half like
                   it */
    HrExpr rest;
} OtherNames;

/* Characters of names that nobody declared: without escapes, so that no name has two spellings. */
static HrExpr plain_character(const OtherNames *o, const char *except, size_t n_except)
{
    g_autoptr(GArray) ranges = g_array_new(false, false, sizeof(HrCodeRange));
    uint32_t next = 0x20;

    for (uint32_t code = 0x20; code <= 0x80; code++) {
        bool excluded = code == '"' || code == '\\' || code == 0x7f ||
                        (code < 0x80 && memchr(except, (int)code, n_except));
        HrCodeRange range = {next, code - 1};
        if (!excluded && code < 0x80)
            continue;
        if (code > next)
            g_array_append_val(ranges, range);
        next = code + 1;
    }
    HrCodeRange beyond = {0x80, 0x10FFFF};
    if (!o->ascii)
        g_array_append_val(ranges, beyond);
    return hr_expr_class(o->reader->syntax, (const HrCodeRange *)ranges->data, ranges->len);
}

/* names[first..end) agree in their first `depth` bytes: what may follow those in another name. */
static HrExpr other_from(OtherNames *o, guint first, guint end, size_t depth)
{
    g_autoptr(GArray) items = g_array_new(false, false, sizeof(HrExpr));
    g_autoptr(GString) next_bytes = g_string_new(NULL);
    bool is_name = false;

    for (guint i = first, next; i < end; i = next) {
        guchar byte = (guchar)((const char *)o->names->pdata[i])[depth];
        for (next = i + 1;
             next < end && (guchar)((const char *)o->names->pdata[next])[depth] == byte; next++)
            ;
        if (byte == 0) {
            is_name = true;
            continue;
        }
        if (byte >= 0x80 || byte < 0x20 || byte == '"' || byte == '\\') /* no other name has such */
            continue;
        g_string_append_c(next_bytes, (char)byte);
        HrExpr inner =
            hr_expr_sequence_of(o->reader->syntax,
                                hr_expr_literal(o->reader->syntax, (const char *)&byte, 1),
                                other_from(o, i, next, depth + 1));
        g_array_append_val(items, inner);
    }
    HrExpr differs =
        hr_expr_sequence_of(o->reader->syntax, plain_character(o, next_bytes->str, next_bytes->len),
                            o->rest);
    g_array_append_val(items, differs);
    if (!is_name) {
        HrExpr empty = HR_EXPR_EMPTY;
        g_array_append_val(items, empty);
    }
    return hr_expr_choice(o->reader->syntax, (const HrExpr *)items->data, items->len);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Any name that is not among `names`, which are put in order. */
static HrExpr other_name(HrSchemaReader *reader, GPtrArray *names)
{
    OtherNames o = {.reader = reader, .names = names};

    for (guint i = 0; i < names->len; i++) {
        if (strlen(names->pdata[i]) > MAX_NAME_BYTES)
            return hr_schema_fail(reader, "a property's name is longer than %d bytes",
                                  MAX_NAME_BYTES);
        o.ascii = o.ascii || !g_str_is_ascii(names->pdata[i]);
    }
    o.rest =
        hr_expr_repeat(reader->syntax, hr_expr_shared(reader->syntax, plain_character(&o, "", 0)),
                       0, HR_REPEAT_UNBOUNDED);
    g_ptr_array_sort(names, compare_names);
    return hr_expr_sequence_of(reader->syntax, literal(reader, "\""),
                               other_from(&o, 0, names->len, 0), literal(reader, "\""));
}

/* ---- Objects ---- */

static bool is_required(const HrValue *schema, const char *name)
{
    HrValue *required = hr_value_lookup(schema, "required");

    for (size_t i = 0;
         required && hr_value_kind(required) == HR_VALUE_LIST && i < hr_value_size(required); i++) {
        HrValue *item = hr_value_at(required, i);
        if (hr_value_kind(item) == HR_VALUE_STRING &&
            g_str_equal(hr_value_get_string(item, NULL), name))
            return true;
    }
    return false;
}

static HrExpr pair(HrSchemaReader *reader, HrExpr name, HrExpr value)
{
    return hr_expr_sequence_of(reader->syntax, name, hr_schema_space(reader), literal(reader, ":"),
                               hr_schema_space(reader), value);
}

static HrExpr named(HrSchemaReader *reader, const char *name, HrExpr value)
{
    g_autoptr(HrValue) text = hr_value_new_string(name, -1, false);

    return pair(reader, hr_schema_constant(reader, text), value);
}

/* In the schema's order; ret_names: the names of all. */
static GArray *read_properties(HrSchemaReader *reader, const HrValue *schema,
                               const HrValue *properties, HrValue *others, GPtrArray *ret_names)
{
    GArray *list = g_array_new(false, false, sizeof(Property));
    HrValue *required = hr_value_lookup(schema, "required");

    for (size_t i = 0; properties && i < hr_value_size(properties) && !reader->error; i++) {
        const char *name;
        HrValue *value = hr_value_entry(properties, i, &name);
        Property property = {0, is_required(schema, name)};
        property.item =
            hr_expr_shared(reader->syntax, named(reader, name, hr_schema_read(reader, value)));
        g_array_append_val(list, property);
        g_ptr_array_add(ret_names, (gpointer)name);
    }
    /* Names that have to be there and are not described. */
    for (size_t i = 0; required && hr_value_kind(required) == HR_VALUE_LIST &&
                       i < hr_value_size(required) && !reader->error;
         i++) {
        HrValue *item = hr_value_at(required, i);
        const char *name =
            hr_value_kind(item) == HR_VALUE_STRING ? hr_value_get_string(item, NULL) : NULL;
        Property property = {0, true};
        if (!name || g_ptr_array_find_with_equal_func(ret_names, name, g_str_equal, NULL))
            continue;
        property.item = hr_expr_shared(reader->syntax, named(reader, name,
                                                             others ? hr_schema_read(reader, others)
                                                                    : hr_schema_any_value(reader)));
        g_array_append_val(list, property);
        g_ptr_array_add(ret_names, (gpointer)name);
    }
    return list;
}

/* What comes behind the first i properties, with and without one before: rules that each name the
 * next. extra: one more pair that may come any number of times, or HR_EXPR_NOTHING. */
static HrExpr chain(HrSchemaReader *reader, const GArray *properties, HrExpr extra)
{
    HrSyntax *syntax = reader->syntax;
    HrExpr comma =
        hr_expr_shared(syntax, hr_expr_sequence_of(syntax, hr_schema_space(reader),
                                                   literal(reader, ","), hr_schema_space(reader)));
    HrExpr more = extra == HR_EXPR_NOTHING
                      ? HR_EXPR_EMPTY
                      : hr_expr_repeat(syntax, hr_expr_sequence_of(syntax, comma, extra), 0,
                                       HR_REPEAT_UNBOUNDED);
    HrExpr behind = more;
    HrExpr first = extra == HR_EXPR_NOTHING
                       ? HR_EXPR_EMPTY
                       : hr_expr_optional(syntax, hr_expr_sequence_of(syntax, extra, more));

    for (guint i = properties->len; i-- > 0;) {
        const Property *property = &g_array_index(properties, Property, i);
        HrExpr next = hr_expr_shared(syntax, behind);
        HrExpr with = hr_expr_sequence_of(syntax, property->item, next);
        HrExpr with_comma = hr_expr_sequence_of(syntax, comma, property->item, next);

        behind = property->required ? with_comma : hr_expr_choice_of(syntax, with_comma, next);
        first = property->required ? with
                                   : hr_expr_choice_of(syntax, with, hr_expr_shared(syntax, first));
    }
    return first;
}

/* NULL: no others. Where a schema describes properties, others come only if it says so. */
static HrValue *schema_of_others(const HrValue *schema)
{
    HrValue *others = hr_value_lookup(schema, "additionalProperties");

    if (hr_value_lookup(schema, "patternProperties") || hr_value_lookup(schema, "propertyNames"))
        return NULL;
    if (others && hr_value_kind(others) == HR_VALUE_BOOL)
        return hr_value_get_bool(others) ? others : NULL;
    return others && hr_value_kind(others) == HR_VALUE_DICT ? others : NULL;
}

HrExpr hr_schema_object(HrSchemaReader *reader, const HrValue *schema)
{
    HrValue *properties = hr_value_lookup(schema, "properties"),
            *said = hr_value_lookup(schema, "additionalProperties");
    HrValue *others, *required = hr_value_lookup(schema, "required");
    HrExpr extra = HR_EXPR_NOTHING;

    if (properties && hr_value_kind(properties) != HR_VALUE_DICT)
        return hr_schema_fail(reader, "properties must be an object");
    if (!properties && !said && !required && !hr_value_lookup(schema, "patternProperties") &&
        !hr_value_lookup(schema, "propertyNames"))
        return hr_schema_any_object(reader);
    others = schema_of_others(schema);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(GArray) list = read_properties(reader, schema, properties, others, names);
    if (others)
        extra = hr_expr_shared(reader->syntax, pair(reader, other_name(reader, names),
                                                    hr_schema_read(reader, others)));
    return hr_expr_sequence_of(reader->syntax, literal(reader, "{"), hr_schema_space(reader),
                               chain(reader, list, extra), hr_schema_space(reader),
                               literal(reader, "}"));
}

/* ---- Arrays ---- */

static HrExpr enclosed(HrSchemaReader *reader, HrExpr items)
{
    return hr_expr_sequence_of(reader->syntax, literal(reader, "["), hr_schema_space(reader), items,
                               hr_schema_space(reader), literal(reader, "]"));
}

static HrExpr separator(HrSchemaReader *reader)
{
    return hr_expr_sequence_of(reader->syntax, hr_schema_space(reader), literal(reader, ","),
                               hr_schema_space(reader));
}

/* items that are described one by one, then `rest` of the others; all of the first are said. */
static HrExpr tuple(HrSchemaReader *reader, const HrValue *first, HrValue *rest, uint32_t min,
                    uint32_t max)
{
    g_autoptr(GArray) items = g_array_new(false, false, sizeof(HrExpr));
    uint32_t n = (uint32_t)MIN(hr_value_size(first), (size_t)max);
    HrExpr comma = hr_expr_shared(reader->syntax, separator(reader));

    for (uint32_t i = 0; i < n && !reader->error; i++) {
        HrExpr item = hr_schema_read(reader, hr_value_at(first, i));
        if (i > 0)
            g_array_append_val(items, comma);
        g_array_append_val(items, item);
    }
    bool has_rest = rest && (hr_value_kind(rest) == HR_VALUE_DICT ||
                             (hr_value_kind(rest) == HR_VALUE_BOOL && hr_value_get_bool(rest)));
    if (min > n && !has_rest && rest)
        return HR_EXPR_NOTHING;
    if (max > n && (has_rest || min > n)) {
        HrExpr value = has_rest ? hr_schema_read(reader, rest) : hr_schema_any_value(reader);
        HrExpr more =
            hr_expr_repeat(reader->syntax, hr_expr_sequence_of(reader->syntax, comma, value),
                           min > n ? min - n : 0, max == HR_REPEAT_UNBOUNDED ? max : max - n);
        g_array_append_val(items, more);
    }
    return enclosed(reader,
                    hr_expr_sequence(reader->syntax, (const HrExpr *)items->data, items->len));
}

HrExpr hr_schema_array(HrSchemaReader *reader, const HrValue *schema)
{
    HrValue *items = hr_value_lookup(schema, "items"),
            *first = hr_value_lookup(schema, "prefixItems");
    uint32_t min = hr_schema_count(reader, schema, "minItems", 0),
             max = hr_schema_count(reader, schema, "maxItems", HR_REPEAT_UNBOUNDED);
    HrExpr item, list;

    if (min > max)
        return HR_EXPR_NOTHING;
    if (items && hr_value_kind(items) == HR_VALUE_LIST && hr_value_size(items) > 0)
        return tuple(reader, items, hr_value_lookup(schema, "additionalItems"), min, max);
    if (first && hr_value_kind(first) == HR_VALUE_LIST && hr_value_size(first) > 0)
        return tuple(reader, first, items, min, max);
    if (items && hr_value_kind(items) == HR_VALUE_BOOL && !hr_value_get_bool(items))
        max = 0;
    if (max == 0)
        return min > 0 ? HR_EXPR_NOTHING : enclosed(reader, HR_EXPR_EMPTY);
    if (!items && min == 0 && max == HR_REPEAT_UNBOUNDED)
        return hr_schema_any_array(reader);
    item = hr_expr_shared(reader->syntax, items && hr_value_kind(items) == HR_VALUE_DICT
                                              ? hr_schema_read(reader, items)
                                              : hr_schema_any_value(reader));
    list = hr_expr_sequence_of(
        reader->syntax, item,
        hr_expr_repeat(reader->syntax, hr_expr_sequence_of(reader->syntax, separator(reader), item),
                       min > 0 ? min - 1 : 0, max == HR_REPEAT_UNBOUNDED ? max : max - 1));
    return enclosed(reader, min > 0 ? list : hr_expr_optional(reader->syntax, list));
}
