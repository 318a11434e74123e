/* globals.c: functions that every template may call.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <locale.h>
#include <string.h>
#include <time.h>

#include "template/eval.h"

/* ---- range ---- */

static HrValue *global_range(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    int64_t start = 0, stop, step;

    if (!hr_arg_int(ev, argv[0], 0, &stop) || !hr_arg_int(ev, argv[2], 1, &step))
        return NULL;
    if (argv[1]) {
        start = stop;
        if (!hr_arg_int(ev, argv[1], 0, &stop))
            return NULL;
    }
    if (step == 0)
        return hr_eval_fail(ev, "range() arg 3 must not be zero");
    g_autoptr(HrValue) range = hr_value_new_range(start, stop, step);
    for (int64_t i = start; step > 0 ? i < stop : i > stop;) {
        if (range->list.n == HR_TEMPLATE_MAX_RANGE)
            return hr_eval_fail(
                ev, "Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d).",
                HR_TEMPLATE_MAX_RANGE);
        if (!hr_eval_append(ev, range, hr_value_new_int(i)))
            return NULL;
        if (__builtin_add_overflow(i, step, &i))
            break;
    }
    return g_steal_pointer(&range);
}

/* ---- dict and namespace ---- */

/* Adds a mapping, or pairs, to a dict. */
static bool add_entries(HrEval *ev, HrValue *dict, HrValue *source)
{
    g_autoptr(HrValue) items = hr_eval_iterate(ev, source);
    if (items == NULL)
        return false;
    for (size_t i = 0; i < items->list.n; i++) {
        HrValue *key = items->list.items[i], *value;
        if (source->kind == HR_VALUE_DICT)
            value = hr_value_dict_find(source, key);
        else {
            if (key->kind != HR_VALUE_LIST || key->list.n != 2)
                return hr_eval_fail(
                    ev, "cannot convert dictionary update sequence element #%zu to a sequence", i);
            value = key->list.items[1];
            key = key->list.items[0];
        }
        if (!hr_value_hashable(key))
            return hr_eval_fail(ev, "unhashable type: '%s'", hr_value_type_name(key));
        if (!hr_budget_charge(&ev->budget, 2 * sizeof(HrValue)))
            return hr_eval_fail(ev, "the template builds too much");
        hr_value_dict_insert(dict, hr_value_ref(key), hr_value_ref(value));
    }
    return true;
}

HrValue *hr_dict_from_args(HrEval *ev, const HrArgs *args)
{
    g_autoptr(HrValue) dict = hr_value_new_dict();

    if (args->positional->len > 1)
        return hr_eval_fail(ev, "dict expected at most 1 argument, got %u", args->positional->len);
    if (args->positional->len == 1 &&
        !add_entries(ev, dict, g_ptr_array_index(args->positional, 0)))
        return NULL;
    for (size_t i = 0; i < args->names->len; i++)
        hr_value_dict_insert(dict,
                             hr_value_new_string(g_ptr_array_index(args->names, i), -1, false),
                             hr_value_ref(g_ptr_array_index(args->named, i)));
    return g_steal_pointer(&dict);
}

static HrValue *global_dict(HrEval *ev, HrValue *self, const HrArgs *args)
{
    return hr_dict_from_args(ev, args);
}

static HrValue *global_namespace(HrEval *ev, HrValue *self, const HrArgs *args)
{
    return hr_namespace_new(ev, args);
}

static HrValue *global_cycler(HrEval *ev, HrValue *self, const HrArgs *args)
{
    return hr_cycler_new(ev, args);
}

static HrValue *global_joiner(HrEval *ev, HrValue *self, const HrArgs *args)
{
    return hr_joiner_new(ev, args);
}

/* ---- Hugging Face's ---- */

/* The template's own message, as it is. */
static HrValue *global_raise(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) message = hr_eval_str(ev, argv[0]);
    if (message == NULL || ev->error)
        return NULL;
    g_autofree char *valid = g_utf8_make_valid(message->string.bytes, (gssize)message->string.len);
    ev->error = g_error_new_literal(HR_ERROR, HR_ERROR_TEMPLATE, valid);
    return NULL;
}

/* English names whatever the user's language, since it is a model that reads them. */
static HrValue *global_strftime(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    char buf[1024]; /* no date that people write is longer */
    time_t now = (time_t)ev->now_unix;
    struct tm local;

    if (!hr_is_string(argv[0]))
        return hr_eval_fail(ev, "strftime() argument 1 must be str, not %s",
                            hr_value_type_name(argv[0]));
    if (argv[0]->string.len > 256 || localtime_r(&now, &local) == NULL)
        return hr_eval_fail(ev, "strftime_now() cannot write this date");
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0)
        return hr_eval_fail(ev, "not enough memory");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored \
    "-Wformat-nonliteral" /* the format is the template's on purpose, and bounded */
    size_t len = strftime_l(buf, sizeof buf, argv[0]->string.bytes, &local, c_locale);
#pragma GCC diagnostic pop
    freelocale(c_locale);
    return hr_value_new_string(buf, (gssize)len, !argv[0]->string.trust && argv[0]->string.trusted);
}

static const HrBuiltin globals[] = {
    { "range", "start stop step", 1, .call = global_range },
    { "dict", .call_args = global_dict },
    { "namespace", .call_args = global_namespace },
    { "cycler", .call_args = global_cycler },
    { "joiner", .call_args = global_joiner },
    { "raise_exception", "message", 1, .call = global_raise },
    { "strftime_now", "format", 1, .call = global_strftime },
    { NULL },
};

HrValue *hr_global(const char *name)
{
    const HrBuiltin *builtin = hr_builtin_find(globals, name);
    return builtin ? hr_builtin_bind(builtin, NULL) : NULL;
}
