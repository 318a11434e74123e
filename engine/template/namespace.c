/* namespace.c: the objects that a template makes for itself: namespace(), cycler(), joiner().
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A namespace is the only thing that a template can change. Namespaces may hold one another, so the
 * rendering keeps a list of them and empties them at its end.
 */
#include <string.h>

#include "template/eval.h"

/* ---- namespace ---- */

typedef struct {
    HrValue *members; /* a dict */
} Namespace;

static void namespace_free(void *data, HrReaper *reaper)
{
    Namespace *space = data;
    hr_value_reap(reaper, space->members);
    g_free(space);
}

static HrValue *namespace_attribute(HrEval *ev, HrValue *self, const char *name);

static const struct HrObjectBehaviour namespace_behaviour = { NULL, namespace_attribute };
static const HrObjectClass namespace_class = { "Namespace", namespace_free, &namespace_behaviour };

static HrValue *namespace_attribute(HrEval *ev, HrValue *self, const char *name)
{
    const Namespace *space = hr_value_object(self, &namespace_class);
    HrValue *member = hr_value_lookup(space->members, name);
    return member ? hr_value_ref(member) : NULL;
}

HrValue *hr_namespace_new(HrEval *ev, const HrArgs *args)
{
    g_autoptr(HrValue) members = hr_dict_from_args(ev, args);
    if (members == NULL)
        return NULL;
    Namespace *space = g_new0(Namespace, 1);
    space->members = g_steal_pointer(&members);
    HrValue *value = hr_value_new_object(&namespace_class, space);
    if (!hr_budget_charge(&ev->budget, 256)) {
        hr_value_unref(value);
        return hr_eval_fail(ev, "the template makes too many namespaces");
    }
    g_ptr_array_add(ev->namespaces, hr_value_ref(value));
    return value;
}

bool hr_namespace_set(HrEval *ev, HrValue *value, const char *name, HrValue *take_member)
{
    g_autoptr(HrValue) member = take_member;
    Namespace *space = hr_value_object(value, &namespace_class);

    if (hr_is_undefined(value))
        return hr_eval_fail_undefined(ev, value);
    if (space == NULL)
        return hr_eval_fail(ev, "cannot assign attribute on non-namespace object");
    hr_value_dict_insert(space->members, hr_value_new_string(name, -1, true),
                         g_steal_pointer(&member));
    return true;
}

void hr_namespace_clear(HrValue *value)
{
    Namespace *space = hr_value_object(value, &namespace_class);
    hr_value_unref(space->members);
    space->members = hr_value_new_dict();
}

/* ---- cycler ---- */

typedef struct {
    HrValue *items; /* a list, not empty */
    size_t position;
} Cycler;

static void cycler_free(void *data, HrReaper *reaper)
{
    Cycler *cycler = data;
    hr_value_reap(reaper, cycler->items);
    g_free(cycler);
}

static HrValue *cycler_attribute(HrEval *ev, HrValue *self, const char *name);

static const struct HrObjectBehaviour cycler_behaviour = { NULL, cycler_attribute };
static const HrObjectClass cycler_class = { "Cycler", cycler_free, &cycler_behaviour };

static HrValue *cycler_next(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    Cycler *cycler = hr_value_object(self, &cycler_class);
    HrValue *item = hr_value_at(cycler->items, cycler->position);
    cycler->position = (cycler->position + 1) % cycler->items->list.n;
    return hr_value_ref(item);
}

static HrValue *cycler_reset(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    Cycler *cycler = hr_value_object(self, &cycler_class);
    cycler->position = 0;
    return hr_value_new_null();
}

static const HrBuiltin cycler_methods[] = {
    { "next", .call = cycler_next },
    { "reset", .call = cycler_reset },
    { NULL },
};

static HrValue *cycler_attribute(HrEval *ev, HrValue *self, const char *name)
{
    const Cycler *cycler = hr_value_object(self, &cycler_class);
    if (strcmp(name, "current") == 0)
        return hr_value_ref(hr_value_at(cycler->items, cycler->position));
    const HrBuiltin *method = hr_builtin_find(cycler_methods, name);
    return method ? hr_builtin_bind(method, self) : NULL;
}

HrValue *hr_cycler_new(HrEval *ev, const HrArgs *args)
{
    g_autoptr(HrValue) items = hr_value_new_list();

    if (args->positional->len == 0)
        return hr_eval_fail(ev, "at least one item has to be provided");
    for (size_t i = 0; i < args->positional->len; i++)
        if (!hr_eval_append(ev, items, hr_value_ref(g_ptr_array_index(args->positional, i))))
            return NULL;
    Cycler *cycler = g_new0(Cycler, 1);
    cycler->items = g_steal_pointer(&items);
    return hr_value_new_object(&cycler_class, cycler);
}

/* ---- joiner ---- */

typedef struct {
    HrValue *separator;
    bool used;
} Joiner;

static void joiner_free(void *data, HrReaper *reaper)
{
    Joiner *joiner = data;
    hr_value_reap(reaper, joiner->separator);
    g_free(joiner);
}

static HrValue *joiner_call(HrEval *ev, HrValue *self, const HrArgs *args);

static const struct HrObjectBehaviour joiner_behaviour = { joiner_call, NULL };
static const HrObjectClass joiner_class = { "Joiner", joiner_free, &joiner_behaviour };

/* Nothing the first time, then the separator. */
static HrValue *joiner_call(HrEval *ev, HrValue *self, const HrArgs *args)
{
    Joiner *joiner = hr_value_object(self, &joiner_class);
    if (joiner->used)
        return hr_value_ref(joiner->separator);
    joiner->used = true;
    return hr_value_new_string("", 0, true);
}

HrValue *hr_joiner_new(HrEval *ev, const HrArgs *args)
{
    Joiner *joiner = g_new0(Joiner, 1);
    joiner->separator = args->positional->len ? hr_value_ref(g_ptr_array_index(args->positional, 0))
                                              : hr_value_new_string(", ", 2, true);
    return hr_value_new_object(&joiner_class, joiner);
}
