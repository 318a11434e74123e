/* schema-exclusive.c: whether schemas exclude each other, so that what one of them is met with
 * meets none of the others.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A grammar is a choice: it cannot take back what two branches of a oneOf both allow. So this looks
 * for a reason why no such value is there: another type, other values, ranges that do not touch, or
 * a property that one asks for and the other refuses. Not to find one proves nothing.
 */
#include "grammar/schema-reader.h"

#include "value/value.h"

#include <string.h>

#define MAX_DEPTH 8 /* properties of properties; people tell objects apart by one of the first */
#define MAX_BRANCHES 64 /* compared with each other */
/* Comparisons in all. Those of people need a few dozen; crafted ones would never end. */
#define MAX_COMPARISONS 20000

typedef enum {
    TYPE_NULL = 1 << 0,
    TYPE_BOOLEAN = 1 << 1,
    TYPE_INTEGER = 1 << 2,
    TYPE_FRACTION = 1 << 3, /* a number that is no integer */
    TYPE_STRING = 1 << 4,
    TYPE_ARRAY = 1 << 5,
    TYPE_OBJECT = 1 << 6,
    TYPE_NUMBER = TYPE_INTEGER | TYPE_FRACTION,
    TYPE_ANY = (1 << 7) - 1,
} TypeMask;

typedef struct {
    HrSchemaReader *reader;
    unsigned n_left; /* of MAX_COMPARISONS */
} Comparison;

static bool never_both(Comparison *comparison, HrValue *a, HrValue *b, unsigned depth);

static HrValue *get(const HrValue *schema, const char *keyword, HrValueKind kind)
{
    HrValue *value = hr_value_lookup(schema, keyword);

    return value && hr_value_kind(value) == kind ? value : NULL;
}

/* ---- Types ---- */

static TypeMask mask_of_name(const char *name)
{
    static const struct {
        const char *name;
        TypeMask mask;
    } types[] = {
        {"null", TYPE_NULL},     {"boolean", TYPE_BOOLEAN}, {"integer", TYPE_INTEGER},
        {"number", TYPE_NUMBER}, {"string", TYPE_STRING},   {"array", TYPE_ARRAY},
        {"object", TYPE_OBJECT},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_equal(types[i].name, name))
            return types[i].mask;
    return TYPE_ANY;
}

static TypeMask mask_of_value(const HrValue *value)
{
    switch (hr_value_kind(value)) {
    case HR_VALUE_NULL:
        return TYPE_NULL;
    case HR_VALUE_BOOL:
        return TYPE_BOOLEAN;
    case HR_VALUE_INT:
    case HR_VALUE_FLOAT: /* 1.0 is an integer */
        return TYPE_NUMBER;
    case HR_VALUE_STRING:
        return TYPE_STRING;
    case HR_VALUE_LIST:
        return TYPE_ARRAY;
    case HR_VALUE_DICT:
        return TYPE_OBJECT;
    default:
        return TYPE_ANY;
    }
}

static TypeMask mask_of_values(const HrValue *schema)
{
    HrValue *constant = hr_value_lookup(schema, "const"),
            *list = get(schema, "enum", HR_VALUE_LIST);
    TypeMask mask = 0;

    if (constant)
        return mask_of_value(constant);
    for (size_t i = 0; list && i < hr_value_size(list); i++)
        mask |= mask_of_value(hr_value_at(list, i));
    return list ? mask : TYPE_ANY;
}

static TypeMask mask_of(const HrValue *schema)
{
    HrValue *type = hr_value_lookup(schema, "type"),
            *nullable = get(schema, "nullable", HR_VALUE_BOOL);
    TypeMask mask = type ? 0 : TYPE_ANY;

    if (type && hr_value_kind(type) == HR_VALUE_STRING)
        mask = mask_of_name(hr_value_get_string(type, NULL));
    for (size_t i = 0; type && hr_value_kind(type) == HR_VALUE_LIST && i < hr_value_size(type); i++)
        if (hr_value_kind(hr_value_at(type, i)) == HR_VALUE_STRING)
            mask |= mask_of_name(hr_value_get_string(hr_value_at(type, i), NULL));
    mask &= mask_of_values(schema);
    return nullable && hr_value_get_bool(nullable) ? mask | TYPE_NULL : mask;
}

/* ---- Values ---- */

/* The value number index of const or enum; NULL behind the last, or where there is neither. */
static HrValue *value_at(const HrValue *schema, size_t index)
{
    HrValue *constant = hr_value_lookup(schema, "const"),
            *list = get(schema, "enum", HR_VALUE_LIST);

    if (constant)
        return index == 0 ? constant : NULL;
    return list && index < hr_value_size(list) ? hr_value_at(list, index) : NULL;
}

static bool have_other_values(const HrValue *a, const HrValue *b)
{
    HrValue *first, *second;

    if (!value_at(a, 0) || !value_at(b, 0) || hr_value_lookup(a, "nullable") ||
        hr_value_lookup(b, "nullable"))
        return false;
    for (size_t i = 0; (first = value_at(a, i)); i++)
        for (size_t k = 0; (second = value_at(b, k)); k++)
            if (hr_value_equal(first, second))
                return false;
    return true;
}

/* Whether the most that a allows is less than the least of b. */
static bool ends_before(const HrValue *a, const char *most, const HrValue *b, const char *least)
{
    HrValue *end = hr_value_lookup(a, most), *start = hr_value_lookup(b, least);
    int order;

    return end && start && (mask_of_value(end) & mask_of_value(start) & TYPE_NUMBER) &&
           hr_value_compare(end, start, &order) && order < 0;
}

static bool are_apart(const HrValue *a, const HrValue *b, const char *least, const char *most)
{
    return ends_before(a, most, b, least) || ends_before(b, most, a, least);
}

static bool have_other_ranges(const HrValue *a, const HrValue *b, TypeMask shared)
{
    if ((shared & ~TYPE_NUMBER) == 0)
        return are_apart(a, b, "minimum", "maximum");
    if (shared == TYPE_STRING)
        return are_apart(a, b, "minLength", "maxLength");
    return shared == TYPE_ARRAY && are_apart(a, b, "minItems", "maxItems");
}

/* ---- Objects ---- */

static HrValue *property(const HrValue *schema, const char *name)
{
    HrValue *properties = get(schema, "properties", HR_VALUE_DICT);

    return properties ? hr_value_lookup(properties, name) : NULL;
}

static bool refuses(const HrValue *schema, const char *name)
{
    HrValue *more = get(schema, "additionalProperties", HR_VALUE_BOOL);

    return !property(schema, name) && more && !hr_value_get_bool(more) &&
           !hr_value_lookup(schema, "patternProperties");
}

/* A property that a asks for, and that b refuses, or has in another way. */
static bool tells_apart(Comparison *comparison, const HrValue *a, const HrValue *b, unsigned depth)
{
    HrValue *list = get(a, "required", HR_VALUE_LIST);

    for (size_t i = 0; list && i < hr_value_size(list); i++) {
        HrValue *item = hr_value_at(list, i), *of_a, *of_b;
        const char *name;
        if (hr_value_kind(item) != HR_VALUE_STRING)
            continue;
        name = hr_value_get_string(item, NULL);
        if (refuses(b, name))
            return true;
        of_a = property(a, name);
        of_b = property(b, name);
        /* Where b need not have it at all, it may still have it only as it says. */
        if (of_a && of_b && never_both(comparison, of_a, of_b, depth + 1))
            return true;
    }
    return false;
}

/* ---- Two, and all ---- */

static bool never_both(Comparison *comparison, HrValue *a, HrValue *b, unsigned depth)
{
    HrValue *first, *second;
    TypeMask shared;

    if (depth > MAX_DEPTH || comparison->n_left == 0)
        return false;
    comparison->n_left--;
    first = hr_schema_resolve(comparison->reader, a);
    second = hr_schema_resolve(comparison->reader, b);
    if (!first || !second || hr_value_kind(first) != HR_VALUE_DICT ||
        hr_value_kind(second) != HR_VALUE_DICT)
        return false;
    shared = mask_of(first) & mask_of(second);
    if (!shared || have_other_values(first, second) || have_other_ranges(first, second, shared))
        return true;
    return shared == TYPE_OBJECT && (tells_apart(comparison, first, second, depth) ||
                                     tells_apart(comparison, second, first, depth));
}

static bool all_exclude(Comparison *comparison, const HrValue *parts)
{
    size_t n = hr_value_size(parts);

    if (n > MAX_BRANCHES)
        return false;
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++)
            if (!never_both(comparison, hr_value_at(parts, i), hr_value_at(parts, k), 0))
                return false;
    return true;
}

bool hr_schema_exclude_each_other(HrSchemaReader *reader, const HrValue *parts)
{
    Comparison comparison = {.reader = reader, .n_left = MAX_COMPARISONS};
    bool had_error = reader->error, result = all_exclude(&comparison, parts);

    /* What is wrong with a branch is for who reads it to say. */
    if (!had_error)
        g_clear_error(&reader->error);
    return result;
}
