/* methods.c: methods of lists and dicts, and which method a value has.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Those that would modify their object are not here: attribute.c refuses them.
 */
#include <string.h>

#include "template/eval.h"

/* ---- dict ---- */

static HrValue *dict_get(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    if (!hr_value_hashable(argv[0]))
        return hr_eval_fail(ev, "unhashable type: '%s'", hr_value_type_name(argv[0]));
    if (!hr_eval_charge_value(ev, argv[0]))
        return NULL;
    HrValue *found = hr_value_dict_find(self, argv[0]);
    return found ? hr_value_ref(found) : argv[1] ? hr_value_ref(argv[1]) : hr_value_new_null();
}

/* The keys (want_key), the values (want_value) or pairs of both. */
static HrValue *dict_view(HrEval *ev, const HrValue *dict, HrForm form)
{
    g_autoptr(HrValue) view = hr_value_new_form(form);

    for (size_t i = 0; i < hr_value_size(dict); i++) {
        HrValue *key = hr_value_dict_key(dict, i), *value = hr_value_entry(dict, i, NULL), *item;
        if (form == HR_FORM_ITEMS)
            item = hr_value_new_tuple2(hr_value_ref(key), hr_value_ref(value));
        else
            item = hr_value_ref(form == HR_FORM_KEYS ? key : value);
        if (!hr_eval_append(ev, view, item))
            return NULL;
    }
    return g_steal_pointer(&view);
}

static HrValue *dict_keys(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return dict_view(ev, self, HR_FORM_KEYS);
}

static HrValue *dict_values(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return dict_view(ev, self, HR_FORM_VALUES);
}

static HrValue *dict_items(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return dict_view(ev, self, HR_FORM_ITEMS);
}

/* Nothing can change either of them, so one is as good as two. */
static HrValue *copy(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return hr_value_ref(self);
}

const HrBuiltin hr_dict_methods[] = {
    { "get", "key default", 1, .call = dict_get },
    { "keys", "", 0, .call = dict_keys },
    { "values", "", 0, .call = dict_values },
    { "items", "", 0, .call = dict_items },
    { "copy", "", 0, .call = copy },
    { NULL },
};

/* ---- list and tuple ---- */

static HrValue *list_count(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    int64_t n = 0;

    for (size_t i = 0; i < self->list.n; i++) {
        bool same;
        if (!hr_equal(ev, self->list.items[i], argv[0], &same))
            return NULL;
        n += same;
    }
    return hr_value_new_int(n);
}

/* start and stop as list.index takes them. */
static bool index_range(HrEval *ev, HrValue *const *argv, int64_t n, int64_t *ret_start,
                        int64_t *ret_stop)
{
    int64_t start, stop;

    if (!hr_arg_int(ev, argv[1], 0, &start) || !hr_arg_int(ev, argv[2], n, &stop))
        return false;
    *ret_start = CLAMP(start < 0 ? start + n : start, 0, n);
    *ret_stop = CLAMP(stop < 0 ? stop + n : stop, 0, n);
    return true;
}

static HrValue *list_index(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    int64_t start, stop;

    if (!index_range(ev, argv, (int64_t)self->list.n, &start, &stop))
        return NULL;
    for (int64_t i = start; i < stop; i++) {
        bool same;
        if (!hr_equal(ev, self->list.items[i], argv[0], &same))
            return NULL;
        if (same)
            return hr_value_new_int(i);
    }
    g_autoptr(HrValue) item = hr_eval_repr(ev, argv[0]);
    return item ? hr_eval_fail(ev, "%s is not in %s", item->string.bytes, hr_value_type_name(self))
                : NULL;
}

/* Tuples and ranges take all but the last. */
const HrBuiltin hr_list_methods[] = {
    { "count", "value", 1, .call = list_count },
    { "index", "value start stop", 1, .call = list_index },
    { "copy", "", 0, .call = copy },
    { NULL },
};

/* ---- Which method a value has ---- */

/* Names for the two items of a groupby filter's group. */
static HrValue *group_item(const HrValue *group, const char *name)
{
    if (!group->grouped)
        return NULL;
    if (strcmp(name, "grouper") == 0)
        return hr_value_ref(group->list.items[0]);
    return strcmp(name, "list") == 0 ? hr_value_ref(group->list.items[1]) : NULL;
}

HrValue *hr_method(HrEval *ev, HrValue *object, const char *name)
{
    const HrBuiltin *table = NULL;

    if (hr_is_string(object))
        table = hr_string_methods;
    else if (object->kind == HR_VALUE_DICT)
        table = hr_dict_methods;
    else if (object->kind == HR_VALUE_LIST &&
             (object->form <= HR_FORM_TUPLE || object->form == HR_FORM_RANGE)) {
        HrValue *member = group_item(object, name);
        if (member)
            return member;
        if (object->form == HR_FORM_PLAIN || strcmp(name, "copy") != 0)
            table = hr_list_methods;
    }
    const HrBuiltin *method = table ? hr_builtin_find(table, name) : NULL;
    return method ? hr_builtin_bind(method, object) : NULL;
}
