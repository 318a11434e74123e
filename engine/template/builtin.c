/* builtin.c: calling what is written in C: binding arguments to parameters, methods as values.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "template/eval.h"

const HrBuiltin *hr_builtin_find(const HrBuiltin *table, const char *name)
{
    for (; table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

/* The position of name among words with spaces between, or -1. */
static int parameter_index(const char *parameters, const char *name)
{
    size_t len = strlen(name);
    int index = 0;

    for (const char *word = parameters; *word; index++) {
        size_t n = strcspn(word, " ");
        if (n == len && memcmp(word, name, n) == 0)
            return index;
        word += n + (word[n] == ' ');
    }
    return -1;
}

static size_t count_parameters(const char *parameters)
{
    size_t n = *parameters != '\0';
    for (; *parameters; parameters++)
        n += *parameters == ' ';
    return n;
}

static bool bind(HrEval *ev, const HrBuiltin *builtin, const HrArgs *args, HrValue **argv)
{
    const char *parameters = builtin->parameters ? builtin->parameters : "";
    size_t n = count_parameters(parameters);

    if (args->positional->len > n)
        return hr_eval_fail(ev, "%s() takes at most %zu arguments (%u given)", builtin->name, n,
                            args->positional->len);
    for (size_t i = 0; i < args->positional->len; i++)
        argv[i] = g_ptr_array_index(args->positional, i);
    for (size_t i = 0; i < args->names->len; i++) {
        const char *name = g_ptr_array_index(args->names, i);
        int index = parameter_index(parameters, name);
        if (index < 0)
            return hr_eval_fail(ev, "%s() got an unexpected keyword argument '%s'", builtin->name,
                                name);
        if (argv[index])
            return hr_eval_fail(ev, "%s() got multiple values for argument '%s'", builtin->name,
                                name);
        argv[index] = g_ptr_array_index(args->named, i);
    }
    for (size_t i = 0; i < builtin->n_required; i++)
        if (argv[i] == NULL)
            return hr_eval_fail(ev, "%s() misses an argument: it takes (%s)", builtin->name,
                                parameters);
    return true;
}

HrValue *hr_builtin_call(HrEval *ev, const HrBuiltin *builtin, HrValue *self, const HrArgs *args)
{
    HrValue *argv[HR_BUILTIN_MAX_PARAMETERS] = { NULL };

    if (self && !hr_eval_charge_value(ev, self))
        return NULL;
    if (builtin->call_args)
        return builtin->call_args(ev, self, args);
    return bind(ev, builtin, args, argv) ? builtin->call(ev, self, argv) : NULL;
}

bool hr_arg_int(HrEval *ev, const HrValue *arg, int64_t fallback, int64_t *ret_value)
{
    if (arg == NULL || arg->kind == HR_VALUE_NULL)
        *ret_value = fallback;
    else if (arg->kind == HR_VALUE_INT || arg->kind == HR_VALUE_BOOL)
        *ret_value = hr_value_get_int(arg);
    else
        return hr_eval_fail(ev, "'%s' object cannot be interpreted as an integer",
                            hr_value_type_name(arg));
    return true;
}

bool hr_arg_bool(const HrValue *arg, bool fallback)
{
    return arg ? hr_value_truthy(arg) : fallback;
}

/* ---- As values ---- */

typedef struct {
    const HrBuiltin *builtin;
    HrValue *self; /* or NULL */
} Bound;

static void bound_free(void *data, HrReaper *reaper)
{
    Bound *bound = data;
    hr_value_reap(reaper, bound->self);
    g_free(bound);
}

static HrValue *bound_call(HrEval *ev, HrValue *self, const HrArgs *args);

static const struct HrObjectBehaviour bound_behaviour = { bound_call, NULL };
static const HrObjectClass bound_class = {"builtin_function_or_method", bound_free,
                                          &bound_behaviour};

static HrValue *bound_call(HrEval *ev, HrValue *self, const HrArgs *args)
{
    const Bound *bound = hr_value_object(self, &bound_class);
    return hr_builtin_call(ev, bound->builtin, bound->self, args);
}

HrValue *hr_builtin_bind(const HrBuiltin *builtin, HrValue *self)
{
    Bound *bound = g_new0(Bound, 1);
    bound->builtin = builtin;
    bound->self = self ? hr_value_ref(self) : NULL;
    return hr_value_new_object(&bound_class, bound);
}
