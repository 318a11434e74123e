/* call.c: arguments, and the macros of a template.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "template/eval.h"

#include <string.h>

/* ---- Arguments ---- */

void hr_args_init(HrArgs *args)
{
    args->positional = g_ptr_array_new_with_free_func((GDestroyNotify)hr_value_unref);
    args->named = g_ptr_array_new_with_free_func((GDestroyNotify)hr_value_unref);
    args->names = g_ptr_array_new_with_free_func(g_free);
}

void hr_args_clear(HrArgs *args)
{
    g_clear_pointer(&args->positional, g_ptr_array_unref);
    g_clear_pointer(&args->named, g_ptr_array_unref);
    g_clear_pointer(&args->names, g_ptr_array_unref);
}

int hr_args_find(const HrArgs *args, const char *name)
{
    for (size_t i = 0; i < args->names->len; i++)
        if (strcmp(g_ptr_array_index(args->names, i), name) == 0)
            return (int)i;
    return -1;
}

static bool add_named(HrEval *ev, HrArgs *args, const char *name, HrValue *take_value)
{
    g_autoptr(HrValue) value = take_value;
    /* Looking for a name walks the list, so many names cost their square. */
    if (!hr_eval_charge(ev, args->names->len / 8))
        return false;
    if (hr_args_find(args, name) >= 0)
        return hr_eval_fail(ev, "keyword argument repeated: %s", name);
    g_ptr_array_add(args->names, g_strdup(name));
    g_ptr_array_add(args->named, g_steal_pointer(&value));
    return true;
}

static bool eval_star(HrEval *ev, const HrNode *node, HrArgs *args)
{
    g_autoptr(HrValue) value = hr_eval(ev, node);
    g_autoptr(HrValue) items = value ? hr_eval_iterate(ev, value) : NULL;
    if (items == NULL)
        return false;
    for (size_t i = 0; i < items->list.n; i++)
        g_ptr_array_add(args->positional, hr_value_ref(items->list.items[i]));
    return true;
}

static bool eval_star_star(HrEval *ev, const HrNode *node, HrArgs *args)
{
    g_autoptr(HrValue) value = hr_eval(ev, node);
    if (value == NULL)
        return false;
    if (value->kind != HR_VALUE_DICT)
        return hr_eval_fail(ev, "argument after ** must be a mapping, not %s",
                            hr_value_type_name(value));
    for (size_t i = 0; i < hr_value_size(value); i++) {
        const HrValue *key = hr_value_dict_key(value, i);
        if (!hr_is_string(key))
            return hr_eval_fail(ev, "keywords must be strings");
        if (!add_named(ev, args, key->string.bytes, hr_value_ref(hr_value_entry(value, i, NULL))))
            return false;
    }
    return true;
}

bool hr_args_eval(HrEval *ev, const HrCallNodes *nodes, HrArgs *args)
{
    for (size_t i = 0; i < nodes->positional.n; i++) {
        HrValue *value = hr_eval(ev, nodes->positional.items[i]);
        if (value == NULL)
            return false;
        g_ptr_array_add(args->positional, value);
    }
    if (nodes->star && !eval_star(ev, nodes->star, args))
        return false;
    for (size_t i = 0; i < nodes->named.n; i++) {
        HrValue *value = hr_eval(ev, nodes->named.items[i]);
        if (value == NULL || !add_named(ev, args, nodes->names[i], value))
            return false;
    }
    return nodes->star_star == NULL || eval_star_star(ev, nodes->star_star, args);
}

bool hr_is_callable(const HrValue *value)
{
    return hr_is_undefined(value) ||
           (value->kind == HR_VALUE_CALLABLE && value->object.class->behaviour->call);
}

HrValue *hr_call(HrEval *ev, HrValue *callee, const HrArgs *args)
{
    if (hr_is_undefined(callee))
        return hr_eval_fail_undefined(ev, callee);
    if (!hr_is_callable(callee))
        return hr_eval_fail(ev, "'%s' object is not callable", hr_value_type_name(callee));
    return callee->object.class->behaviour->call(ev, callee, args);
}

/* ---- Macros ---- */

typedef struct {
    const HrMacroNode *node;
    HrScope *scope; /* that it was written in */
} Macro;

static void macro_free(void *data, HrReaper *reaper)
{
    Macro *macro = data;
    hr_scope_unref(macro->scope, reaper);
    g_free(macro);
}

static HrValue *macro_call(HrEval *ev, HrValue *self, const HrArgs *args);
static HrValue *macro_attribute(HrEval *ev, HrValue *self, const char *name);

static const struct HrObjectBehaviour macro_behaviour = { macro_call, macro_attribute };
static const HrObjectClass macro_class = { "Macro", macro_free, &macro_behaviour };

HrValue *hr_macro_new(HrEval *ev, const HrMacroNode *node)
{
    /* The scope may live on because of it. */
    if (!hr_eval_charge(ev, 4) || !hr_budget_charge(&ev->budget, 256))
        return hr_eval_fail(ev, "the template makes too many macros");
    Macro *macro = g_new0(Macro, 1);
    macro->node = node;
    macro->scope = hr_scope_ref(ev->scope);
    hr_scope_capture(ev, ev->scope);
    return hr_value_new_object(&macro_class, macro);
}

static HrValue *macro_attribute(HrEval *ev, HrValue *self, const char *name)
{
    const Macro *macro = hr_value_object(self, &macro_class);
    if (strcmp(name, "name") == 0)
        return hr_value_new_string(macro->node->name, -1, true);
    if (strcmp(name, "arguments") != 0)
        return NULL;
    HrValue *names = hr_value_new_form(HR_FORM_TUPLE);
    for (size_t i = 0; i < macro->node->n_parameters; i++)
        hr_value_append(names, hr_value_new_string(macro->node->parameters[i], -1, true));
    return names;
}

/* A call under way: which named arguments a parameter took. */
typedef struct {
    const HrMacroNode *node;
    const HrArgs *args;
    bool *used; /* [args->names->len] */
} Binding;

/* Takes a named argument: a new reference, or NULL. */
static HrValue *take_named(Binding *binding, const char *name)
{
    int found = hr_args_find(binding->args, name);
    if (found < 0)
        return NULL;
    binding->used[found] = true;
    return hr_value_ref(g_ptr_array_index(binding->args->named, found));
}

/* The value of parameter i, in the scope that holds the ones before it. */
static HrValue *parameter_value(HrEval *ev, Binding *binding, size_t i)
{
    const HrMacroNode *node = binding->node;
    size_t first_default = node->n_parameters - node->defaults.n;

    if (i < binding->args->positional->len)
        return hr_value_ref(g_ptr_array_index(binding->args->positional, i));
    HrValue *named = take_named(binding, node->parameters[i]);
    if (named)
        return named;
    if (i >= first_default)
        return hr_eval(ev, node->defaults.items[i - first_default]);
    return hr_eval_undefined("parameter '%s' was not provided", node->parameters[i]);
}

/* caller, for a body that mentions it. */
static bool bind_caller(HrEval *ev, Binding *binding)
{
    for (size_t i = 0; i < binding->node->n_parameters; i++)
        if (binding->node->parameters[i] == ev->tree->name_caller)
            return true;
    if (!binding->node->uses_caller)
        return true;
    HrValue *caller = take_named(binding, "caller");
    return hr_scope_set(ev, ev->scope, ev->tree->name_caller,
                        caller ? caller : hr_eval_undefined("No caller defined"));
}

/* Named arguments that no parameter took. */
static bool bind_kwargs(HrEval *ev, const Binding *binding)
{
    g_autoptr(HrValue) kwargs = hr_value_new_dict();

    for (size_t i = 0; i < binding->args->names->len; i++) {
        const char *name = g_ptr_array_index(binding->args->names, i);
        if (binding->used[i])
            continue;
        if (!binding->node->uses_kwargs)
            return hr_eval_fail(ev, "macro '%s' takes no keyword argument '%s'",
                                binding->node->name, name);
        hr_value_set(kwargs, name, hr_value_ref(g_ptr_array_index(binding->args->named, i)));
    }
    return !binding->node->uses_kwargs ||
           hr_scope_set(ev, ev->scope, ev->tree->name_kwargs, g_steal_pointer(&kwargs));
}

static bool bind_varargs(HrEval *ev, const Binding *binding)
{
    const HrMacroNode *node = binding->node;
    g_autoptr(HrValue) varargs = hr_value_new_form(HR_FORM_TUPLE);

    if (binding->args->positional->len > node->n_parameters && !node->uses_varargs)
        return hr_eval_fail(ev, "macro '%s' takes not more than %zu argument(s)", node->name,
                            node->n_parameters);
    for (size_t i = node->n_parameters; i < binding->args->positional->len; i++)
        if (!hr_eval_append(ev, varargs,
                            hr_value_ref(g_ptr_array_index(binding->args->positional, i))))
            return false;
    return !node->uses_varargs ||
           hr_scope_set(ev, ev->scope, ev->tree->name_varargs, g_steal_pointer(&varargs));
}

static bool bind_macro(HrEval *ev, const HrMacroNode *node, const HrArgs *args)
{
    g_autofree bool *used = g_new0(bool, args->names->len + 1);
    Binding binding = { node, args, used };

    for (size_t i = 0; i < node->n_parameters; i++) {
        HrValue *value = parameter_value(ev, &binding, i);
        if (value == NULL || !hr_scope_set(ev, ev->scope, node->parameters[i], value))
            return false;
    }
    return bind_caller(ev, &binding) && bind_kwargs(ev, &binding) && bind_varargs(ev, &binding);
}

static HrValue *macro_call(HrEval *ev, HrValue *self, const HrArgs *args)
{
    const Macro *macro = hr_value_object(self, &macro_class);
    g_auto(HrText) text = { 0 };
    HrText *out = ev->out;
    HrScope *calling = ev->scope;

    hr_text_init(&text, &ev->budget);
    ev->out = &text;
    ev->scope = hr_scope_new(macro->scope);
    HrExec result = HR_EXEC_FAILED;
    if (bind_macro(ev, macro->node, args))
        result = hr_exec(ev, &macro->node->body);
    hr_scope_unref(ev->scope, NULL);
    ev->scope = calling;
    ev->out = out;
    return result == HR_EXEC_DONE ? hr_eval_finish_text(ev, &text) : NULL;
}
