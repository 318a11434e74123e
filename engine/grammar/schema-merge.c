/* schema-merge.c: two schemas as one that both must allow.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "grammar/schema-reader.h"

#include "value/value.h"

#define MAX_KEPT 20000 /* schemas made by merging; each takes some hundred bytes */

static HrValue *keep(HrSchemaReader *reader, HrValue *take_value)
{
    g_ptr_array_add(reader->kept, take_value);
    if (reader->kept->len > MAX_KEPT)
        hr_schema_fail(reader, "its combinations are too many");
    return take_value;
}

HrValue *hr_schema_without(HrSchemaReader *reader, HrValue *schema, const char *const *keywords)
{
    HrValue *copy = keep(reader, hr_value_new_dict());

    for (size_t i = 0; i < hr_value_size(schema); i++) {
        const char *keyword;
        HrValue *value = hr_value_entry(schema, i, &keyword);
        if (!g_strv_contains(keywords, keyword))
            hr_value_set(copy, keyword, hr_value_ref(value));
    }
    return copy;
}

static HrValue *both(HrValue *a, HrValue *b)
{
    HrValue *dict = hr_value_new_dict(), *list = hr_value_new_list();

    hr_value_append(list, hr_value_ref(a));
    hr_value_append(list, hr_value_ref(b));
    hr_value_set(dict, "allOf", list);
    return dict;
}

/* Properties that both name must meet both. */
static HrValue *merge_properties(HrValue *a, HrValue *b)
{
    HrValue *merged = hr_value_new_dict();

    for (size_t i = 0; i < hr_value_size(a); i++) {
        const char *name;
        HrValue *mine = hr_value_entry(a, i, &name), *other = hr_value_lookup(b, name);
        hr_value_set(merged, name, other ? both(mine, other) : hr_value_ref(mine));
    }
    for (size_t i = 0; i < hr_value_size(b); i++) {
        const char *name;
        HrValue *value = hr_value_entry(b, i, &name);
        if (!hr_value_lookup(a, name))
            hr_value_set(merged, name, hr_value_ref(value));
    }
    return merged;
}

static HrValue *concatenate(HrValue *a, HrValue *b)
{
    HrValue *list = hr_value_new_list();

    for (size_t i = 0; i < hr_value_size(a); i++)
        hr_value_append(list, hr_value_ref(hr_value_at(a, i)));
    for (size_t i = 0; i < hr_value_size(b); i++)
        hr_value_append(list, hr_value_ref(hr_value_at(b, i)));
    return list;
}

static bool contains(HrValue *list, HrValue *value)
{
    for (size_t i = 0; i < hr_value_size(list); i++)
        if (hr_value_equal(hr_value_at(list, i), value))
            return true;
    return false;
}

static HrValue *as_list(HrValue *value)
{
    HrValue *list;

    if (hr_value_kind(value) == HR_VALUE_LIST)
        return hr_value_ref(value);
    list = hr_value_new_list();
    hr_value_append(list, hr_value_ref(value));
    return list;
}

/* What both lists have; of types, an integer is a number. */
static HrValue *intersect(HrValue *a, HrValue *b)
{
    g_autoptr(HrValue) left = as_list(a), right = as_list(b),
                       number = hr_value_new_string("number", -1, false);
    HrValue *list = hr_value_new_list();

    for (size_t i = 0; i < hr_value_size(left); i++) {
        HrValue *item = hr_value_at(left, i);
        bool is_integer =
            hr_value_kind(item) == HR_VALUE_STRING && hr_string_equal(item, "integer");
        if (contains(right, item) || (is_integer && contains(right, number)))
            hr_value_append(list, hr_value_ref(item));
    }
    for (size_t i = 0; i < hr_value_size(right); i++) {
        HrValue *item = hr_value_at(right, i);
        bool is_integer =
            hr_value_kind(item) == HR_VALUE_STRING && hr_string_equal(item, "integer");
        if (is_integer && !contains(left, item) && contains(left, number))
            hr_value_append(list, hr_value_ref(item));
    }
    return list;
}

static HrValue *stricter(HrValue *a, HrValue *b, bool larger)
{
    int order = 0;

    if (!hr_value_compare(a, b, &order))
        return hr_value_ref(a);
    return hr_value_ref((order < 0) == larger ? b : a);
}

static bool are(HrValueKind kind, const HrValue *a, const HrValue *b)
{
    return hr_value_kind(a) == kind && hr_value_kind(b) == kind;
}

static bool is_one_of(const char *keyword, const char *first, ...) G_GNUC_NULL_TERMINATED;
static bool is_one_of(const char *keyword, const char *first, ...)
{
    va_list names;
    bool found = false;

    va_start(names, first);
    for (const char *name = first; name && !found; name = va_arg(names, const char *))
        found = g_str_equal(keyword, name);
    va_end(names);
    return found;
}

/* One value for a keyword that both have, or NULL where it has to become an allOf of its own. */
static HrValue *merge_keyword(HrSchemaReader *reader, const char *keyword, HrValue *a, HrValue *b)
{
    if (hr_value_equal(a, b))
        return hr_value_ref(a);
    if (g_str_equal(keyword, "properties") && are(HR_VALUE_DICT, a, b))
        return merge_properties(a, b);
    if (g_str_equal(keyword, "required") && are(HR_VALUE_LIST, a, b))
        return concatenate(a, b);
    if (is_one_of(keyword, "type", "enum", NULL))
        return intersect(a, b);
    if (is_one_of(keyword, "minimum", "exclusiveMinimum", "minLength", "minItems", NULL))
        return stricter(a, b, true);
    if (is_one_of(keyword, "maximum", "exclusiveMaximum", "maxLength", "maxItems", NULL))
        return stricter(a, b, false);
    if (is_one_of(keyword, "additionalProperties", "items", NULL)) {
        if (are(HR_VALUE_DICT, a, b))
            return both(a, b);
        bool a_decides =
            hr_value_kind(a) == HR_VALUE_DICT ? hr_value_get_bool(b) : !hr_value_get_bool(a);
        return hr_value_ref(a_decides ? a : b);
    }
    if (g_str_equal(keyword, "allOf") && are(HR_VALUE_LIST, a, b))
        return concatenate(a, b);
    if (g_str_equal(keyword, "const"))
        hr_schema_fail(reader, "two constants are to be met at once");
    return NULL;
}

static bool matters(const char *keyword)
{
    return is_one_of(keyword, "anyOf", "oneOf", "$ref", NULL);
}

HrValue *hr_schema_merge(HrSchemaReader *reader, HrValue *a, HrValue *b)
{
    HrValue *merged, *more = NULL;

    if (hr_value_kind(a) == HR_VALUE_BOOL)
        return hr_value_get_bool(a) ? b : a;
    if (hr_value_kind(b) == HR_VALUE_BOOL)
        return hr_value_get_bool(b) ? a : b;
    merged = keep(reader, hr_value_new_dict());
    if (hr_value_kind(a) != HR_VALUE_DICT || hr_value_kind(b) != HR_VALUE_DICT) {
        hr_schema_fail(reader, "a schema must be an object, true or false");
        return merged;
    }
    for (size_t i = 0; i < hr_value_size(a); i++) {
        const char *keyword;
        HrValue *mine = hr_value_entry(a, i, &keyword), *other = hr_value_lookup(b, keyword);
        HrValue *value = other ? merge_keyword(reader, keyword, mine, other) : hr_value_ref(mine);
        if (!value && matters(keyword)) {
            HrValue *dict = hr_value_new_dict();
            more = more ? more : hr_value_new_list();
            hr_value_set(dict, keyword, hr_value_ref(other));
            hr_value_append(more, dict);
        } else if (!value) {
            hr_schema_ignore(reader, keyword); /* two patterns, two formats: the first holds */
        }
        hr_value_set(merged, keyword, value ? value : hr_value_ref(mine));
    }
    for (size_t i = 0; i < hr_value_size(b); i++) {
        const char *keyword;
        HrValue *value = hr_value_entry(b, i, &keyword);
        if (!hr_value_lookup(a, keyword))
            hr_value_set(merged, keyword, hr_value_ref(value));
    }
    if (more) {
        HrValue *parts = hr_value_lookup(merged, "allOf");
        hr_value_set(merged, "allOf", parts ? concatenate(parts, more) : hr_value_ref(more));
        hr_value_unref(more);
    }
    return merged;
}
