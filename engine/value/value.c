/* value.c: the life of a value: making, sharing, reading and freeing one.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * It does not build text (text.c), keep dicts (dict.c) or compare (compare.c). Freeing works
 * through a list of dead values that is threaded through the values themselves: a value nested a
 * million deep needs no stack and no memory to go.
 */
#include "value/value.h"

#include <math.h>
#include <string.h>

struct HrReaper {
    HrValue *dead; /* linked by next_dead; what hung below them waits in here as well */
};

static HrValue *new_value(HrValueKind kind)
{
    HrValue *value = g_new0(HrValue, 1);
    g_atomic_ref_count_init(&value->refs);
    value->kind = kind;
    return value;
}

/* ---- Making ---- */

HrValue *hr_value_new_undefined(const char *message)
{
    HrValue *value = new_value(HR_VALUE_UNDEFINED);
    value->undefined.message = g_strdup(message);
    return value;
}

HrValue *hr_value_new_null(void)
{
    return new_value(HR_VALUE_NULL);
}

HrValue *hr_value_new_bool(bool boolean)
{
    HrValue *value = new_value(HR_VALUE_BOOL);
    value->boolean = boolean;
    return value;
}

HrValue *hr_value_new_int(int64_t integer)
{
    HrValue *value = new_value(HR_VALUE_INT);
    value->integer = integer;
    return value;
}

HrValue *hr_value_new_float(double real)
{
    HrValue *value = new_value(HR_VALUE_FLOAT);
    value->real = real;
    return value;
}

HrValue *hr_value_new_form(HrForm form)
{
    HrValue *value = new_value(HR_VALUE_LIST);
    value->form = form;
    return value;
}

HrValue *hr_value_new_list(void)
{
    return hr_value_new_form(HR_FORM_PLAIN);
}

HrValue *hr_value_new_range(int64_t start, int64_t stop, int64_t step)
{
    HrValue *value = hr_value_new_form(HR_FORM_RANGE);
    value->list.range = g_new(int64_t, 3);
    memcpy(value->list.range, ((int64_t[]){ start, stop, step }), 3 * sizeof(int64_t));
    return value;
}

HrValue *hr_value_new_tuple2(HrValue *take_first, HrValue *take_second)
{
    HrValue *tuple = hr_value_new_form(HR_FORM_TUPLE);
    hr_value_append(tuple, take_first);
    hr_value_append(tuple, take_second);
    return tuple;
}

HrValue *hr_value_new_dict(void)
{
    HrValue *value = new_value(HR_VALUE_DICT);
    value->dict = hr_dict_new();
    return value;
}

HrValue *hr_value_new_object(const HrObjectClass *class, void *take_data)
{
    HrValue *value = new_value(HR_VALUE_CALLABLE);
    value->object.class = class;
    value->object.data = take_data;
    return value;
}

void *hr_value_object(const HrValue *value, const HrObjectClass *class)
{
    return value->kind == HR_VALUE_CALLABLE && value->object.class == class ? value->object.data
                                                                            : NULL;
}

void hr_value_append(HrValue *list, HrValue *take_item)
{
    if (list->list.n == list->list.capacity) {
        list->list.capacity = MAX(8, list->list.capacity * 2);
        list->list.items = g_renew(HrValue *, list->list.items, list->list.capacity);
    }
    list->list.items[list->list.n++] = take_item;
}

void hr_value_set(HrValue *dict, const char *key, HrValue *take_value)
{
    /* Keys come from the same hands as the values do, and nobody vouched for them. */
    hr_dict_insert(dict->dict, hr_value_new_string(key, -1, false), take_value);
}

void hr_value_dict_insert(HrValue *dict, HrValue *take_key, HrValue *take_value)
{
    hr_dict_insert(dict->dict, take_key, take_value);
}

/* ---- Sharing and freeing ---- */

HrValue *hr_value_ref(HrValue *value)
{
    g_atomic_ref_count_inc(&value->refs);
    return value;
}

void hr_value_reap(HrReaper *reaper, HrValue *take_value)
{
    if (take_value == NULL || !g_atomic_ref_count_dec(&take_value->refs))
        return;
    take_value->next_dead = reaper->dead;
    reaper->dead = take_value;
}

/* Frees what one value owns, except values: those are reaped. */
static void release(HrValue *value, HrReaper *reaper)
{
    switch ((HrValueKind)value->kind) {
    case HR_VALUE_STRING:
        g_free(value->string.bytes);
        g_free(value->string.trust);
        break;
    case HR_VALUE_UNDEFINED:
        g_free(value->undefined.message);
        break;
    case HR_VALUE_LIST:
        for (size_t i = 0; i < value->list.n; i++)
            hr_value_reap(reaper, value->list.items[i]);
        g_free(value->list.items);
        g_free(value->list.range);
        break;
    case HR_VALUE_DICT:
        hr_dict_free(value->dict, reaper);
        break;
    case HR_VALUE_CALLABLE:
        if (value->object.class->free)
            value->object.class->free(value->object.data, reaper);
        break;
    case HR_VALUE_NULL:
    case HR_VALUE_BOOL:
    case HR_VALUE_INT:
    case HR_VALUE_FLOAT:
        break;
    }
}

void hr_value_unref(HrValue *value)
{
    HrReaper reaper = { NULL };

    hr_value_reap(&reaper, value);
    while (reaper.dead) {
        HrValue *dead = reaper.dead;
        reaper.dead = dead->next_dead;
        release(dead, &reaper);
        g_free(dead);
    }
}

/* ---- Reading: a value of another kind reads as nothing ---- */

HrValueKind hr_value_kind(const HrValue *value)
{
    return value->kind;
}

bool hr_value_get_bool(const HrValue *value)
{
    return value->kind == HR_VALUE_BOOL && value->boolean;
}

int64_t hr_value_get_int(const HrValue *value)
{
    if (value->kind == HR_VALUE_BOOL)
        return value->boolean;
    if (value->kind == HR_VALUE_FLOAT) {
        if (isnan(value->real))
            return 0;
        /* 2^63 is the first double that does not fit. */
        return value->real >= 0x1p63   ? INT64_MAX
               : value->real < -0x1p63 ? INT64_MIN
                                       : (int64_t)value->real;
    }
    return value->kind == HR_VALUE_INT ? value->integer : 0;
}

double hr_value_get_float(const HrValue *value)
{
    if (value->kind == HR_VALUE_FLOAT)
        return value->real;
    return (double)hr_value_get_int(value);
}

const char *hr_value_get_string(const HrValue *value, size_t *ret_len)
{
    if (value->kind != HR_VALUE_STRING)
        return NULL;
    if (ret_len)
        *ret_len = value->string.len;
    return value->string.bytes;
}

size_t hr_value_size(const HrValue *value)
{
    if (value->kind == HR_VALUE_LIST)
        return value->list.n;
    return value->kind == HR_VALUE_DICT ? hr_dict_size(value->dict) : 0;
}

HrValue *hr_value_at(const HrValue *list, size_t index)
{
    return list->kind == HR_VALUE_LIST && index < list->list.n ? list->list.items[index] : NULL;
}

HrValue *hr_value_entry(const HrValue *dict, size_t index, const char **ret_key)
{
    if (index >= hr_value_size(dict) || dict->kind != HR_VALUE_DICT)
        return NULL;
    if (ret_key) {
        const HrValue *key = hr_dict_key_at(dict->dict, index);
        *ret_key = key->kind == HR_VALUE_STRING ? key->string.bytes : "";
    }
    return hr_dict_value_at(dict->dict, index);
}

HrValue *hr_value_lookup(const HrValue *dict, const char *key)
{
    return dict->kind == HR_VALUE_DICT ? hr_dict_find_text(dict->dict, key, strlen(key)) : NULL;
}

HrValue *hr_value_dict_find(const HrValue *dict, const HrValue *key)
{
    return hr_dict_find(dict->dict, key);
}

HrValue *hr_value_dict_key(const HrValue *dict, size_t index)
{
    return hr_dict_key_at(dict->dict, index);
}
