/* key.c: attributes by path, and sorting by them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "template/key.h"

#include <string.h>

/* One step of a path: a number is an index. */
static HrValue *path_step(HrEval *ev, HrValue *item, const char *part)
{
    size_t digits = strspn(part, "0123456789");
    g_autoptr(HrValue) index = digits > 0 && digits < 19 && part[digits] == '\0'
                                   ? hr_value_new_int(g_ascii_strtoll(part, NULL, 10))
                                   : hr_value_new_string(part, -1, true);
    return hr_item(ev, item, index);
}

static HrValue *walk_path(HrEval *ev, HrValue *item, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, ".", -1);
    HrValue *value = hr_value_ref(item);

    if (!hr_eval_charge(ev, g_strv_length(parts))) {
        hr_value_unref(value);
        return NULL;
    }
    for (size_t i = 0; value && parts[i]; i++) {
        HrValue *next = path_step(ev, value, parts[i]);
        hr_value_unref(value);
        value = next;
    }
    return value;
}

HrValue *hr_key_attribute(HrEval *ev, HrValue *item, const HrValue *attribute, HrValue *fallback)
{
    HrValue *value;

    if (!hr_eval_charge_value(ev, attribute))
        return NULL;
    if (hr_is_string(attribute))
        value = walk_path(ev, item, attribute->string.bytes);
    else if (attribute->kind == HR_VALUE_INT) {
        g_autoptr(HrValue) index = hr_value_new_int(attribute->integer);
        value = hr_item(ev, item, index);
    } else
        return hr_eval_fail(ev, "an attribute is a name or a number, not %s",
                            hr_value_type_name(attribute));
    if (value && fallback && hr_is_undefined(value)) {
        hr_value_unref(value);
        return hr_value_ref(fallback);
    }
    return value;
}

/* Text without its case unless that counts. */
static HrValue *fold(HrEval *ev, HrValue *take_value, bool case_sensitive)
{
    g_autoptr(HrValue) value = take_value;
    if (value == NULL || case_sensitive || !hr_is_string(value))
        return g_steal_pointer(&value);
    return hr_builtin_find(hr_string_methods, "lower")->call(ev, value, NULL);
}

/* "a,b": a tuple of both. */
static HrValue *key_of_many(HrEval *ev, HrValue *item, const HrKey *key)
{
    g_auto(GStrv) paths = g_strsplit(key->attribute->string.bytes, ",", -1);
    g_autoptr(HrValue) tuple = hr_value_new_form(HR_FORM_TUPLE);

    for (size_t i = 0; paths[i]; i++) {
        HrValue *part = fold(ev, walk_path(ev, item, paths[i]), key->case_sensitive);
        if (part == NULL || !hr_eval_append(ev, tuple, part))
            return NULL;
    }
    return g_steal_pointer(&tuple);
}

HrValue *hr_key_of(HrEval *ev, HrValue *item, const HrKey *key)
{
    if (key->attribute == NULL || key->attribute->kind == HR_VALUE_NULL)
        return fold(ev, hr_value_ref(item), key->case_sensitive);
    if (key->many && hr_is_string(key->attribute) && strchr(key->attribute->string.bytes, ','))
        return key_of_many(ev, item, key);
    return fold(ev, hr_key_attribute(ev, item, key->attribute, key->fallback), key->case_sensitive);
}

/* Merges the sorted runs [start, middle) and [middle, end) of pairs (key, item). */
static bool merge(HrEval *ev, HrValue **pairs, HrValue **spare, size_t start, size_t middle,
                  size_t end, HrOperator before)
{
    size_t left = start, right = middle;

    for (size_t at = start; at < end; at++) {
        bool take_right = left == middle;
        if (left < middle && right < end &&
            !hr_relation(ev, before, pairs[right]->list.items[0], pairs[left]->list.items[0],
                         &take_right))
            return false;
        spare[at] = take_right ? pairs[right++] : pairs[left++];
    }
    memcpy(pairs + start, spare + start, (end - start) * sizeof *pairs);
    return hr_eval_charge(ev, end - start);
}

static bool merge_sort(HrEval *ev, HrValue **pairs, size_t n, HrOperator before)
{
    g_autofree HrValue **spare = g_try_new(HrValue *, n + 1);

    if (spare == NULL)
        return hr_eval_fail(ev, "not enough memory");
    for (size_t width = 1; width < n; width *= 2)
        for (size_t start = 0; start + width < n; start += 2 * width)
            if (!merge(ev, pairs, spare, start, start + width, MIN(start + 2 * width, n), before))
                return false;
    return true;
}

HrValue *hr_key_sort(HrEval *ev, const HrValue *list, const HrKey *key, bool reverse)
{
    g_autoptr(HrValue) pairs = hr_value_new_list(), sorted = hr_value_new_list();

    for (size_t i = 0; i < list->list.n; i++) {
        HrValue *value = hr_key_of(ev, list->list.items[i], key);
        if (value == NULL ||
            !hr_eval_append(ev, pairs,
                            hr_value_new_tuple2(value, hr_value_ref(list->list.items[i]))))
            return NULL;
    }
    if (!merge_sort(ev, pairs->list.items, pairs->list.n, reverse ? HR_OP_GT : HR_OP_LT))
        return NULL;
    for (size_t i = 0; i < pairs->list.n; i++)
        if (!hr_eval_append(ev, sorted, hr_value_ref(pairs->list.items[i]->list.items[1])))
            return NULL;
    return g_steal_pointer(&sorted);
}
