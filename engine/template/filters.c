/* filters.c: the table of filters by name, and those that only convert.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "template/eval.h"

static HrValue *filter_default(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    if (hr_is_undefined(self) || (hr_arg_bool(argv[1], false) && !hr_value_truthy(self)))
        return argv[0] ? hr_value_ref(argv[0]) : hr_value_new_string("", 0, true);
    return hr_value_ref(self);
}

static HrValue *filter_string(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return hr_eval_str(ev, self);
}

static HrValue *filter_list(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) items = hr_eval_iterate(ev, self);
    g_autoptr(HrValue) list = hr_value_new_list();

    for (size_t i = 0; items && i < items->list.n; i++)
        if (!hr_eval_append(ev, list, hr_value_ref(items->list.items[i])))
            return NULL;
    return items ? g_steal_pointer(&list) : NULL;
}

HrValue *hr_filter_length(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    if (hr_is_undefined(self))
        return hr_value_new_int(0);
    if (hr_is_string(self))
        return hr_value_new_int((int64_t)self->string.n_chars);
    if (self->kind == HR_VALUE_DICT ||
        (self->kind == HR_VALUE_LIST && self->form != HR_FORM_GENERATOR))
        return hr_value_new_int((int64_t)hr_value_size(self));
    return hr_eval_fail(ev, "object of type '%s' has no len()", hr_value_type_name(self));
}

/* The named attribute and nothing else, unlike a dot. */
static HrValue *filter_attr(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) name = hr_eval_str(ev, argv[0]);
    if (name == NULL)
        return NULL;
    if (self->kind == HR_VALUE_DICT) {
        g_autoptr(HrValue) method = hr_method(ev, self, name->string.bytes);
        return method
                   ? g_steal_pointer(&method)
                   : hr_eval_undefined("'dict object' has no attribute '%s'", name->string.bytes);
    }
    return hr_attribute(ev, self, name->string.bytes);
}

static const HrBuiltin convert_filters[] = {
    { "default", "default_value boolean", 0, .call = filter_default },
    { "d", "default_value boolean", 0, .call = filter_default },
    { "string", "", 0, .call = filter_string },
    { "list", "", 0, .call = filter_list },
    { "length", "", 0, .call = hr_filter_length },
    { "count", "", 0, .call = hr_filter_length },
    { "attr", "name", 1, .call = filter_attr },
    { NULL },
};

static const HrBuiltin *find_filter(const char *name)
{
    const HrBuiltin *const tables[] = {
        convert_filters,   hr_text_filters,   hr_list_filters,
        hr_select_filters, hr_number_filters, hr_json_filters,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        const HrBuiltin *filter = hr_builtin_find(tables[i], name);
        if (filter)
            return filter;
    }
    return NULL;
}

bool hr_has_filter(const char *name)
{
    return find_filter(name) != NULL;
}

HrValue *hr_filter(HrEval *ev, const char *name, HrValue *input, const HrArgs *args)
{
    const HrBuiltin *filter = find_filter(name);
    return filter ? hr_builtin_call(ev, filter, input, args)
                  : hr_eval_fail(ev, "No filter named '%s'.", name);
}
