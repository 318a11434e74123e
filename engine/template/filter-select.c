/* filter-select.c: filters that apply a filter, a test or an attribute to every item.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "template/eval.h"
#include "template/key.h"

/* Positional arguments from `from` on, and all named ones except skip. */
static void rest_of(const HrArgs *args, size_t from, HrArgs *rest)
{
    hr_args_init(rest);
    for (size_t i = from; i < args->positional->len; i++)
        g_ptr_array_add(rest->positional, hr_value_ref(g_ptr_array_index(args->positional, i)));
    for (size_t i = 0; i < args->names->len; i++) {
        g_ptr_array_add(rest->names, g_strdup(g_ptr_array_index(args->names, i)));
        g_ptr_array_add(rest->named, hr_value_ref(g_ptr_array_index(args->named, i)));
    }
}

static HrValue *named_argument(const HrArgs *args, const char *name)
{
    int i = hr_args_find(args, name);
    return i < 0 ? NULL : g_ptr_array_index(args->named, i);
}

/* None, False, 0 and so on have no items, and that is no error for these filters. */
static HrValue *items_of(HrEval *ev, HrValue *value)
{
    return hr_value_truthy(value) ? hr_eval_iterate(ev, value) : hr_value_new_list();
}

/* ---- map ---- */

static HrValue *map_attribute(HrEval *ev, const HrValue *items, const HrArgs *args)
{
    HrValue *attribute = named_argument(args, "attribute"),
            *fallback = named_argument(args, "default");
    g_autoptr(HrValue) mapped = hr_value_new_form(HR_FORM_GENERATOR);

    for (size_t i = 0; i < args->names->len; i++) {
        HrValue *value = g_ptr_array_index(args->named, i);
        if (value != attribute && value != fallback)
            return hr_eval_fail(ev, "Unexpected keyword argument '%s'",
                                (char *)g_ptr_array_index(args->names, i));
    }
    for (size_t i = 0; i < items->list.n; i++) {
        HrValue *value = hr_key_attribute(ev, items->list.items[i], attribute, fallback);
        if (value == NULL || !hr_eval_append(ev, mapped, value))
            return NULL;
    }
    return g_steal_pointer(&mapped);
}

static HrValue *map_filter(HrEval *ev, const HrValue *items, const HrArgs *args)
{
    g_autoptr(HrValue) mapped = hr_value_new_form(HR_FORM_GENERATOR);
    const HrValue *name = g_ptr_array_index(args->positional, 0);
    g_auto(HrArgs) rest = { 0 };

    rest_of(args, 1, &rest);
    if (!hr_is_string(name))
        return hr_eval_fail(ev, "map requires a filter argument");
    for (size_t i = 0; i < items->list.n; i++) {
        if (!hr_eval_enter(ev)) /* map('map', 'map', ...) */
            return NULL;
        HrValue *value = hr_filter(ev, name->string.bytes, items->list.items[i], &rest);
        hr_eval_leave(ev);
        if (value == NULL || !hr_eval_append(ev, mapped, value))
            return NULL;
    }
    return g_steal_pointer(&mapped);
}

static HrValue *filter_map(HrEval *ev, HrValue *self, const HrArgs *args)
{
    g_autoptr(HrValue) items = items_of(ev, self);

    if (items == NULL)
        return NULL;
    if (items->list.n == 0)
        return hr_value_new_form(HR_FORM_GENERATOR);
    if (args->positional->len > 0)
        return map_filter(ev, items, args);
    if (hr_args_find(args, "attribute") < 0)
        return hr_eval_fail(ev, "map requires a filter argument");
    return map_attribute(ev, items, args);
}

/* ---- select and reject ---- */

/* Items for which the test holds (keep) or does not. by_attribute: the first argument names what is
 * tested. */
static HrValue *select_items(HrEval *ev, HrValue *self, const HrArgs *args, bool by_attribute,
                             bool keep)
{
    g_autoptr(HrValue) items = items_of(ev, self);
    g_autoptr(HrValue) selected = hr_value_new_form(HR_FORM_GENERATOR);
    size_t test_at = by_attribute;
    g_auto(HrArgs) rest = { 0 };

    rest_of(args, test_at + 1, &rest);
    if (items == NULL)
        return NULL;
    if (items->list.n == 0)
        return g_steal_pointer(&selected);
    if (args->positional->len < test_at)
        return hr_eval_fail(ev, "Missing parameter for attribute name");
    const HrValue *test =
        args->positional->len > test_at ? g_ptr_array_index(args->positional, test_at) : NULL;
    if (test && !hr_is_string(test))
        return hr_eval_fail(ev, "a test is named by a string, not %s", hr_value_type_name(test));
    for (size_t i = 0; i < items->list.n; i++) {
        HrValue *item = items->list.items[i];
        g_autoptr(HrValue) value =
            by_attribute ? hr_key_attribute(ev, item, g_ptr_array_index(args->positional, 0), NULL)
                         : hr_value_ref(item);
        bool holds = value && !test && hr_value_truthy(value);
        if (value == NULL || (test && !hr_test(ev, test->string.bytes, value, &rest, &holds)))
            return NULL;
        if (holds == keep && !hr_eval_append(ev, selected, hr_value_ref(item)))
            return NULL;
    }
    return g_steal_pointer(&selected);
}

static HrValue *filter_select(HrEval *ev, HrValue *self, const HrArgs *args)
{
    return select_items(ev, self, args, false, true);
}

static HrValue *filter_reject(HrEval *ev, HrValue *self, const HrArgs *args)
{
    return select_items(ev, self, args, false, false);
}

static HrValue *filter_selectattr(HrEval *ev, HrValue *self, const HrArgs *args)
{
    return select_items(ev, self, args, true, true);
}

static HrValue *filter_rejectattr(HrEval *ev, HrValue *self, const HrArgs *args)
{
    return select_items(ev, self, args, true, false);
}

const HrBuiltin hr_select_filters[] = {
    { "map", .call_args = filter_map },
    { "select", .call_args = filter_select },
    { "reject", .call_args = filter_reject },
    { "selectattr", .call_args = filter_selectattr },
    { "rejectattr", .call_args = filter_rejectattr },
    { NULL },
};
