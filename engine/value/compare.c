/* compare.c: equality, order, hashes and truth of values, as Python has them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "value/value.h"

#include <math.h>
#include <string.h>

static bool is_number(const HrValue *value)
{
    return value->kind == HR_VALUE_BOOL || value->kind == HR_VALUE_INT ||
           value->kind == HR_VALUE_FLOAT;
}

static int order(double a, double b)
{
    return (a > b) - (a < b);
}

/* An int against a float without rounding the int. real is not NaN. */
static int compare_int_float(int64_t integer, double real)
{
    if (real >= 0x1p63)
        return -1;
    if (real < -0x1p63)
        return 1;
    int64_t whole = (int64_t)real;
    if (integer != whole)
        return integer < whole ? -1 : 1;
    return order(0, real - (double)whole);
}

/* False where one of them is NaN. */
static bool compare_numbers(const HrValue *a, const HrValue *b, int *ret_order)
{
    bool a_float = a->kind == HR_VALUE_FLOAT, b_float = b->kind == HR_VALUE_FLOAT;

    if ((a_float && isnan(a->real)) || (b_float && isnan(b->real)))
        return false;
    if (a_float && b_float)
        *ret_order = order(a->real, b->real);
    else if (a_float)
        *ret_order = -compare_int_float(hr_value_get_int(b), a->real);
    else if (b_float)
        *ret_order = compare_int_float(hr_value_get_int(a), b->real);
    else
        *ret_order = (hr_value_get_int(a) > hr_value_get_int(b)) -
                     (hr_value_get_int(a) < hr_value_get_int(b));
    return true;
}

/* ---- Equality ---- */

static bool equal(const HrValue *a, const HrValue *b, unsigned depth);

static bool equal_lists(const HrValue *a, const HrValue *b, unsigned depth)
{
    if (a->form != b->form || a->list.n != b->list.n)
        return false;
    for (size_t i = 0; i < a->list.n; i++)
        if (!equal(a->list.items[i], b->list.items[i], depth + 1))
            return false;
    return true;
}

static bool equal_dicts(const HrValue *a, const HrValue *b, unsigned depth)
{
    if (hr_dict_size(a->dict) != hr_dict_size(b->dict))
        return false;
    for (size_t i = 0; i < hr_dict_size(a->dict); i++) {
        const HrValue *other = hr_dict_find(b->dict, hr_dict_key_at(a->dict, i));
        if (other == NULL || !equal(hr_dict_value_at(a->dict, i), other, depth + 1))
            return false;
    }
    return true;
}

static bool equal(const HrValue *a, const HrValue *b, unsigned depth)
{
    int result;

    if (a == b)
        return true;
    if (depth > HR_VALUE_MAX_DEPTH)
        return false;
    if (is_number(a) && is_number(b))
        return compare_numbers(a, b, &result) && result == 0;
    if (a->kind != b->kind)
        return false;
    switch ((HrValueKind)a->kind) {
    case HR_VALUE_UNDEFINED:
    case HR_VALUE_NULL:
        return true;
    case HR_VALUE_STRING:
        return a->string.len == b->string.len &&
               memcmp(a->string.bytes, b->string.bytes, a->string.len) == 0;
    case HR_VALUE_LIST:
        return equal_lists(a, b, depth);
    case HR_VALUE_DICT:
        return equal_dicts(a, b, depth);
    default:
        return false; /* objects are equal to themselves only */
    }
}

bool hr_value_equal(const HrValue *a, const HrValue *b)
{
    return equal(a, b, 0);
}

/* ---- Order ---- */

static bool compare(const HrValue *a, const HrValue *b, int *ret_order, unsigned depth)
{
    if (depth > HR_VALUE_MAX_DEPTH)
        return false;
    if (is_number(a) && is_number(b))
        return compare_numbers(a, b, ret_order);
    if (a->kind == HR_VALUE_STRING && b->kind == HR_VALUE_STRING) {
        /* Bytes of UTF-8 are in the order of their code points. */
        int result = memcmp(a->string.bytes, b->string.bytes, MIN(a->string.len, b->string.len));
        *ret_order =
            result ? result : (a->string.len > b->string.len) - (a->string.len < b->string.len);
        return true;
    }
    if (a->kind != HR_VALUE_LIST || b->kind != HR_VALUE_LIST || a->form != b->form ||
        a->form > HR_FORM_TUPLE)
        return false;
    for (size_t i = 0; i < MIN(a->list.n, b->list.n); i++)
        if (!equal(a->list.items[i], b->list.items[i], depth + 1))
            return compare(a->list.items[i], b->list.items[i], ret_order, depth + 1);
    *ret_order = (a->list.n > b->list.n) - (a->list.n < b->list.n);
    return true;
}

bool hr_value_compare(const HrValue *a, const HrValue *b, int *ret_order)
{
    return compare(a, b, ret_order, 0);
}

/* ---- Sizes ---- */

static size_t count(const HrValue *value, size_t limit, unsigned depth)
{
    if (limit == 0 || depth > HR_VALUE_MAX_DEPTH)
        return limit;
    size_t own = 1 + (value->kind == HR_VALUE_STRING ? value->string.len / 32 : 0);
    limit = limit > own ? limit - own : 0;
    for (size_t i = 0; limit > 0 && i < hr_value_size(value); i++) {
        const HrValue *item =
            value->kind == HR_VALUE_LIST ? value->list.items[i] : hr_dict_value_at(value->dict, i);
        limit = count(item, limit, depth + 1);
    }
    return limit;
}

size_t hr_value_count(const HrValue *value, size_t limit)
{
    return count(value, limit, 0);
}

/* ---- Hashes ---- */

static bool hashable(const HrValue *value, unsigned depth)
{
    if (value->kind == HR_VALUE_DICT || depth > HR_VALUE_MAX_DEPTH)
        return false;
    if (value->kind != HR_VALUE_LIST)
        return true;
    if (value->form != HR_FORM_TUPLE)
        return value->form == HR_FORM_GENERATOR || value->form == HR_FORM_RANGE;
    for (size_t i = 0; i < value->list.n; i++)
        if (!hashable(value->list.items[i], depth + 1))
            return false;
    return true;
}

bool hr_value_hashable(const HrValue *value)
{
    if (value->kind == HR_VALUE_LIST && hr_value_count(value, HR_VALUE_MAX_KEY_NODES) == 0)
        return false;
    return hashable(value, 0);
}

/* One round of multiply-and-fold over 128 bits: every input bit reaches every output bit. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    unsigned __int128 product = (unsigned __int128)(hash ^ word) * 0x9E3779B97F4A7C15u;
    return (uint64_t)product ^ (uint64_t)(product >> 64) ^ 0xD6E8FEB86659FD93u;
}

static uint64_t hash_bytes(const char *bytes, size_t len, uint64_t hash)
{
    for (; len >= 8; bytes += 8, len -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        hash = mix(hash, word);
    }
    uint64_t tail = len;
    for (size_t i = 0; i < len; i++)
        tail = tail << 8 | (uint8_t)bytes[i];
    return mix(hash, tail);
}

static uint64_t hash_value(const HrValue *value, uint64_t hash, unsigned depth)
{
    if (value->kind == HR_VALUE_STRING)
        return hash_bytes(value->string.bytes, value->string.len, hash);
    if (value->kind == HR_VALUE_FLOAT &&
        value->real != trunc(value->real)) /* NaN too: equal to nothing, so hash as it likes */
        return mix(hash, 1);
    if (is_number(value))
        return mix(hash, (uint64_t)hr_value_get_int(value));
    if (value->kind == HR_VALUE_LIST && depth < HR_VALUE_MAX_DEPTH)
        for (size_t i = 0; i < value->list.n; i++)
            hash = mix(hash, hash_value(value->list.items[i], hash, depth + 1));
    return mix(hash, value->kind);
}

uint64_t hr_value_hash(const HrValue *value, uint64_t seed)
{
    return hash_value(value, seed, 0);
}

/* ---- Truth and names ---- */

bool hr_value_truthy(const HrValue *value)
{
    switch ((HrValueKind)value->kind) {
    case HR_VALUE_UNDEFINED:
    case HR_VALUE_NULL:
        return false;
    case HR_VALUE_BOOL:
        return value->boolean;
    case HR_VALUE_INT:
        return value->integer != 0;
    case HR_VALUE_FLOAT:
        return value->real != 0;
    case HR_VALUE_STRING:
        return value->string.len > 0;
    case HR_VALUE_LIST:
        return value->form == HR_FORM_GENERATOR || value->list.n > 0;
    case HR_VALUE_DICT:
        return hr_dict_size(value->dict) > 0;
    case HR_VALUE_CALLABLE:
        return true;
    }
    return false;
}

static const char *list_type_name(HrForm form)
{
    switch (form) {
    case HR_FORM_TUPLE:
        return "tuple";
    case HR_FORM_GENERATOR:
        return "generator";
    case HR_FORM_KEYS:
        return "dict_keys";
    case HR_FORM_VALUES:
        return "dict_values";
    case HR_FORM_ITEMS:
        return "dict_items";
    case HR_FORM_RANGE:
        return "range";
    default:
        return "list";
    }
}

const char *hr_value_type_name(const HrValue *value)
{
    switch ((HrValueKind)value->kind) {
    case HR_VALUE_UNDEFINED:
        return "Undefined";
    case HR_VALUE_NULL:
        return "NoneType";
    case HR_VALUE_BOOL:
        return "bool";
    case HR_VALUE_INT:
        return "int";
    case HR_VALUE_FLOAT:
        return "float";
    case HR_VALUE_STRING:
        return value->form == HR_FORM_MARKUP ? "Markup" : "str";
    case HR_VALUE_LIST:
        return list_type_name(value->form);
    case HR_VALUE_DICT:
        return "dict";
    case HR_VALUE_CALLABLE:
        return value->object.class->type_name;
    }
    return "object";
}
