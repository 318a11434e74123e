/* schema.c: which form a schema has, and what it refers to.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "grammar/schema-reader.h"

#include "value/value.h"

#include <string.h>

#define MAX_IGNORED 64 /* names that are told */

/* ---- Errors ---- */

HrExpr hr_schema_fail(HrSchemaReader *reader, const char *format, ...)
{
    va_list args;

    if (reader->error)
        return HR_EXPR_NOTHING;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    reader->error =
        g_error_new(HR_ERROR, HR_ERROR_SETTINGS, "The JSON schema cannot be used: %s.", message);
    return HR_EXPR_NOTHING;
}

void hr_schema_ignore(HrSchemaReader *reader, const char *keyword)
{
    for (guint i = 0; i < reader->ignored->len; i++)
        if (g_str_equal(reader->ignored->pdata[i], keyword))
            return;
    if (reader->ignored->len < MAX_IGNORED)
        g_ptr_array_add(reader->ignored, g_strndup(keyword, 80));
}

static HrValue *get(const HrValue *schema, const char *keyword)
{
    return hr_value_lookup(schema, keyword);
}

static HrValue *get_kind(const HrValue *schema, const char *keyword, HrValueKind kind)
{
    HrValue *value = get(schema, keyword);

    return value && hr_value_kind(value) == kind ? value : NULL;
}

uint32_t hr_schema_count(HrSchemaReader *reader, const HrValue *schema, const char *keyword,
                         uint32_t fallback)
{
    HrValue *value = get(schema, keyword);
    double number;

    if (!value)
        return fallback;
    number = hr_value_kind(value) == HR_VALUE_INT     ? (double)hr_value_get_int(value)
             : hr_value_kind(value) == HR_VALUE_FLOAT ? hr_value_get_float(value)
                                                      : -1;
    if (number < 0 || number != (double)(int64_t)CLAMP(number, 0, 1e15))
        hr_schema_fail(reader, "%s must be a count", keyword);
    return number > HR_REPEAT_MAX_COUNT
               ? (fallback == HR_REPEAT_UNBOUNDED ? fallback : HR_REPEAT_MAX_COUNT + 1)
               : (uint32_t)MAX(number, 0);
}

/* ---- References ---- */

/* One step of a JSON pointer: ~1 is /, ~0 is ~. */
static char *decode_step(const char *step)
{
    g_autofree char *unescaped = g_uri_unescape_string(step, NULL);
    GString *text = g_string_new(unescaped ? unescaped : step);

    g_string_replace(text, "~1", "/", 0);
    g_string_replace(text, "~0", "~", 0);
    return g_string_free(text, false);
}

static HrValue *child_at(HrValue *value, const char *step)
{
    if (hr_value_kind(value) == HR_VALUE_DICT)
        return hr_value_lookup(value, step);
    if (hr_value_kind(value) == HR_VALUE_LIST && g_ascii_isdigit(*step)) {
        guint64 index = g_ascii_strtoull(step, NULL, 10);
        return index < hr_value_size(value) ? hr_value_at(value, (size_t)index) : NULL;
    }
    return NULL;
}

static HrValue *find_target(HrSchemaReader *reader, const char *reference)
{
    HrValue *value = reader->root;
    g_auto(GStrv) steps = NULL;

    if (*reference != '#' || (reference[1] != '\0' && reference[1] != '/')) {
        hr_schema_fail(
            reader, "it refers to %.200s; only references within the schema (#/...) are followed",
            reference);
        return NULL;
    }
    steps = g_strsplit(reference[1] ? reference + 2 : "", "/", HR_SCHEMA_MAX_DEPTH);
    for (char **step = steps; reference[1] && *step && value; step++) {
        g_autofree char *name = decode_step(*step);
        value = child_at(value, name);
    }
    if (!value)
        hr_schema_fail(reader, "it refers to %.200s, which is not there", reference);
    return value;
}

static HrValue *next_target(HrSchemaReader *reader, HrValue *schema)
{
    HrValue *reference =
        hr_value_kind(schema) == HR_VALUE_DICT ? get_kind(schema, "$ref", HR_VALUE_STRING) : NULL;

    return reference ? find_target(reader, hr_value_get_string(reference, NULL)) : NULL;
}

/* The keywords beside a reference count too. */
HrValue *hr_schema_resolve(HrSchemaReader *reader, HrValue *schema)
{
    static const char *const reference[] = {"$ref", NULL};

    for (unsigned i = 0; i < HR_SCHEMA_MAX_DEPTH && !reader->error; i++) {
        HrValue *target = next_target(reader, schema);
        if (!target)
            return reader->error ? NULL : schema;
        schema =
            hr_value_size(schema) == 1
                ? target
                : hr_schema_merge(reader, target, hr_schema_without(reader, schema, reference));
    }
    hr_schema_fail(reader, "its references go in a circle");
    return NULL;
}

/* Keywords that say nothing about values. */
static bool is_annotation(const char *keyword)
{
    static const char *const annotations[] = {
        "title",  "description", "default",  "examples",      "$schema",    "$id",      "id",
        "$defs",  "definitions", "$comment", "$anchor",       "deprecated", "readOnly", "writeOnly",
        "strict", "name",        "example",  "discriminator", NULL};

    return g_strv_contains(annotations, keyword) || g_str_has_prefix(keyword, "x-");
}

static bool has_more_than(const HrValue *schema, const char *known)
{
    for (size_t i = 0; i < hr_value_size(schema); i++) {
        const char *keyword;
        hr_value_entry(schema, i, &keyword);
        if (!g_str_equal(keyword, known) && !is_annotation(keyword))
            return true;
    }
    return false;
}

/* A reference by itself becomes a rule, so that schemas may contain themselves. */
static HrExpr read_reference(HrSchemaReader *reader, HrValue *schema)
{
    HrValue *target;
    gpointer found;
    uint32_t rule;

    if (has_more_than(schema, "$ref")) {
        HrValue *resolved = hr_schema_resolve(reader, schema);
        return resolved ? hr_schema_read(reader, resolved) : HR_EXPR_NOTHING;
    }
    target = next_target(reader, schema);
    if (!target)
        return HR_EXPR_NOTHING;
    found = g_hash_table_lookup(reader->by_target, target);
    if (found)
        return hr_expr_rule(reader->syntax, GPOINTER_TO_UINT(found) - 1);
    rule = hr_syntax_add_rule(reader->syntax);
    g_hash_table_insert(reader->by_target, target, GUINT_TO_POINTER(rule + 1));
    hr_syntax_define(reader->syntax, rule, hr_schema_read(reader, target));
    return hr_expr_rule(reader->syntax, rule);
}

/* ---- Combinations ---- */

static HrExpr read_all_of(HrSchemaReader *reader, HrValue *schema, const HrValue *parts)
{
    static const char *const keyword[] = {"allOf", NULL};
    HrValue *merged = hr_schema_without(reader, schema, keyword);

    for (size_t i = 0; i < hr_value_size(parts) && !reader->error; i++) {
        HrValue *part = hr_schema_resolve(reader, hr_value_at(parts, i));
        if (part)
            merged = hr_schema_merge(reader, merged, part);
    }
    return reader->error ? HR_EXPR_NOTHING : hr_schema_read(reader, merged);
}

static HrExpr read_any_of(HrSchemaReader *reader, HrValue *schema, const HrValue *parts,
                          const char *keyword)
{
    const char *const keywords[] = {keyword, NULL};
    g_autoptr(GArray) items = g_array_new(false, false, sizeof(HrExpr));
    HrValue *rest =
        has_more_than(schema, keyword) ? hr_schema_without(reader, schema, keywords) : NULL;

    for (size_t i = 0; i < hr_value_size(parts) && !reader->error; i++) {
        HrValue *part =
            rest ? hr_schema_resolve(reader, hr_value_at(parts, i)) : hr_value_at(parts, i);
        HrExpr item =
            !part ? HR_EXPR_NOTHING
                  : hr_schema_read(reader, rest ? hr_schema_merge(reader, rest, part) : part);
        g_array_append_val(items, item);
    }
    return hr_expr_choice(reader->syntax, (const HrExpr *)items->data, items->len);
}

/* ---- Values and types ---- */

static bool has_type(const HrValue *value, const char *type)
{
    switch (hr_value_kind(value)) {
    case HR_VALUE_NULL:
        return g_str_equal(type, "null");
    case HR_VALUE_BOOL:
        return g_str_equal(type, "boolean");
    case HR_VALUE_INT:
        return g_str_equal(type, "integer") || g_str_equal(type, "number");
    case HR_VALUE_FLOAT:
        return g_str_equal(type, "number");
    case HR_VALUE_STRING:
        return g_str_equal(type, "string");
    case HR_VALUE_LIST:
        return g_str_equal(type, "array");
    case HR_VALUE_DICT:
        return g_str_equal(type, "object");
    default:
        return false;
    }
}

static bool allows_type(const HrValue *schema, const HrValue *value)
{
    HrValue *type = get(schema, "type");

    if (type && hr_value_kind(type) == HR_VALUE_STRING)
        return has_type(value, hr_value_get_string(type, NULL));
    if (!type || hr_value_kind(type) != HR_VALUE_LIST)
        return true;
    for (size_t i = 0; i < hr_value_size(type); i++) {
        HrValue *item = hr_value_at(type, i);
        if (hr_value_kind(item) == HR_VALUE_STRING &&
            has_type(value, hr_value_get_string(item, NULL)))
            return true;
    }
    return false;
}

static HrExpr read_enum(HrSchemaReader *reader, const HrValue *schema, const HrValue *values)
{
    g_autoptr(GArray) items = g_array_new(false, false, sizeof(HrExpr));

    for (size_t i = 0; i < hr_value_size(values) && !reader->error; i++) {
        HrValue *value = hr_value_at(values, i);
        if (!allows_type(schema, value))
            continue;
        HrExpr item = hr_schema_constant(reader, value);
        g_array_append_val(items, item);
    }
    return hr_expr_choice(reader->syntax, (const HrExpr *)items->data, items->len);
}

static HrExpr read_type(HrSchemaReader *reader, const HrValue *schema, const char *type)
{
    if (g_str_equal(type, "object"))
        return hr_schema_object(reader, schema);
    if (g_str_equal(type, "array"))
        return hr_schema_array(reader, schema);
    if (g_str_equal(type, "string"))
        return hr_schema_string(reader, schema);
    if (g_str_equal(type, "integer") || g_str_equal(type, "number"))
        return hr_schema_number(reader, schema, *type == 'i');
    if (g_str_equal(type, "boolean"))
        return hr_expr_choice_of(reader->syntax, hr_expr_literal(reader->syntax, "true", -1),
                                 hr_expr_literal(reader->syntax, "false", -1));
    if (g_str_equal(type, "null"))
        return hr_expr_literal(reader->syntax, "null", -1);
    if (g_str_equal(type, "any"))
        return hr_schema_any_value(reader);
    return hr_schema_fail(reader, "%.80s is no type", type);
}

static HrExpr read_types(HrSchemaReader *reader, const HrValue *schema, const HrValue *types)
{
    g_autoptr(GArray) items = g_array_new(false, false, sizeof(HrExpr));

    for (size_t i = 0; i < hr_value_size(types) && !reader->error; i++) {
        HrValue *type = hr_value_at(types, i);
        HrExpr item = hr_value_kind(type) == HR_VALUE_STRING
                          ? read_type(reader, schema, hr_value_get_string(type, NULL))
                          : hr_schema_fail(reader, "a type must be a string");
        g_array_append_val(items, item);
    }
    return hr_expr_choice(reader->syntax, (const HrExpr *)items->data, items->len);
}

/* A schema without a type means any value that its keywords do not speak of; people mean the type
 * that they do speak of. */
static const char *guess_type(const HrValue *schema)
{
    static const char *const keywords[][2] = {
        {"properties", "object"},       {"additionalProperties", "object"},
        {"required", "object"},         {"items", "array"},
        {"prefixItems", "array"},       {"minItems", "array"},
        {"maxItems", "array"},          {"pattern", "string"},
        {"format", "string"},           {"minLength", "string"},
        {"maxLength", "string"},        {"minimum", "number"},
        {"maximum", "number"},          {"exclusiveMinimum", "number"},
        {"exclusiveMaximum", "number"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(keywords); i++)
        if (get(schema, keywords[i][0]))
            return keywords[i][1];
    return "any";
}

/* ---- Any schema ---- */

static void tell_unknown_keywords(HrSchemaReader *reader, const HrValue *schema)
{
    static const char *const known[] = {"type",
                                        "properties",
                                        "required",
                                        "additionalProperties",
                                        "items",
                                        "prefixItems",
                                        "minItems",
                                        "maxItems",
                                        "minLength",
                                        "maxLength",
                                        "pattern",
                                        "format",
                                        "minimum",
                                        "maximum",
                                        "exclusiveMinimum",
                                        "exclusiveMaximum",
                                        "enum",
                                        "const",
                                        "anyOf",
                                        "oneOf",
                                        "allOf",
                                        "$ref",
                                        "nullable",
                                        "additionalItems",
                                        NULL};

    for (size_t i = 0; i < hr_value_size(schema); i++) {
        const char *keyword;
        hr_value_entry(schema, i, &keyword);
        if (!g_strv_contains(known, keyword) && !is_annotation(keyword))
            hr_schema_ignore(reader, keyword);
    }
}

static HrExpr read_dict(HrSchemaReader *reader, HrValue *schema)
{
    HrValue *value = get(schema, "type");

    tell_unknown_keywords(reader, schema);
    if (get_kind(schema, "$ref", HR_VALUE_STRING))
        return read_reference(reader, schema);
    if (get_kind(schema, "allOf", HR_VALUE_LIST))
        return read_all_of(reader, schema, get(schema, "allOf"));
    if (get_kind(schema, "anyOf", HR_VALUE_LIST))
        return read_any_of(reader, schema, get(schema, "anyOf"), "anyOf");
    if (get_kind(schema, "oneOf", HR_VALUE_LIST) &&
        !hr_schema_exclude_each_other(reader, get(schema, "oneOf")))
        hr_schema_ignore(reader, "oneOf");
    if (get_kind(schema, "oneOf", HR_VALUE_LIST))
        return read_any_of(reader, schema, get(schema, "oneOf"), "oneOf");
    if (get(schema, "const"))
        return hr_schema_constant(reader, get(schema, "const"));
    if (get_kind(schema, "enum", HR_VALUE_LIST))
        return read_enum(reader, schema, get(schema, "enum"));
    if (value && hr_value_kind(value) == HR_VALUE_LIST)
        return read_types(reader, schema, value);
    if (value && hr_value_kind(value) != HR_VALUE_STRING)
        return hr_schema_fail(reader, "a type must be a string");
    return read_type(reader, schema, value ? hr_value_get_string(value, NULL) : guess_type(schema));
}

HrExpr hr_schema_read(HrSchemaReader *reader, HrValue *schema)
{
    HrExpr expr = HR_EXPR_NOTHING;
    HrValue *nullable;

    if (reader->error || reader->syntax->too_large)
        return HR_EXPR_NOTHING;
    if (hr_value_kind(schema) == HR_VALUE_BOOL)
        return hr_value_get_bool(schema) ? hr_schema_any_value(reader) : HR_EXPR_NOTHING;
    if (hr_value_kind(schema) != HR_VALUE_DICT)
        return hr_schema_fail(reader, "a schema must be an object, true or false");
    if (++reader->depth > HR_SCHEMA_MAX_DEPTH)
        hr_schema_fail(reader, "it is nested too deeply, or refers to itself without end");
    else
        expr = read_dict(reader, schema);
    reader->depth--;
    nullable = get_kind(schema, "nullable", HR_VALUE_BOOL);
    if (nullable && hr_value_get_bool(nullable))
        expr = hr_expr_choice_of(reader->syntax, expr, hr_expr_literal(reader->syntax, "null", -1));
    return expr;
}

HrExpr hr_schema_expr(HrSyntax *syntax, HrValue *schema, GPtrArray *ignored, GError **error)
{
    g_autoptr(GHashTable) by_target = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func((GDestroyNotify)hr_value_unref);
    HrSchemaReader reader = {
        .syntax = syntax, .root = schema, .by_target = by_target, .kept = kept, .ignored = ignored};
    HrExpr expr = hr_schema_read(&reader, schema);

    if (reader.error)
        g_propagate_error(error, reader.error);
    return expr;
}
