/* scope.c: which value a name stands for.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Scopes form a chain outwards: blocks look through to what surrounds them, assignments stay in the
 * innermost one. A macro remembers the scope that it was written in, by reference. Names are
 * interned, so pointers tell them apart.
 */
#include "template/eval.h"

typedef struct {
    const char *name;
    HrValue *value;
} Entry;

struct HrScope {
    unsigned refs;
    HrScope *parent;
    bool captured;
    Entry *entries;
    size_t n, capacity;
};

HrScope *hr_scope_new(HrScope *parent)
{
    HrScope *scope = g_new0(HrScope, 1);
    scope->refs = 1;
    scope->parent = parent ? hr_scope_ref(parent) : NULL;
    return scope;
}

HrScope *hr_scope_ref(HrScope *scope)
{
    scope->refs++;
    return scope;
}

static void drop_value(HrValue *value, HrReaper *reaper)
{
    if (reaper)
        hr_value_reap(reaper, value);
    else
        hr_value_unref(value);
}

/* The chain is as long as blocks are nested in the source, which the parser limits. */
void hr_scope_unref(HrScope *scope, HrReaper *reaper)
{
    while (scope && --scope->refs == 0) {
        HrScope *parent = scope->parent;
        for (size_t i = 0; i < scope->n; i++)
            drop_value(scope->entries[i].value, reaper);
        g_free(scope->entries);
        g_free(scope);
        scope = parent;
    }
}

void hr_scope_clear(HrScope *scope)
{
    while (scope->n > 0)
        hr_value_unref(scope->entries[--scope->n].value);
}

bool hr_scope_set(HrEval *ev, HrScope *scope, const char *name, HrValue *take_value)
{
    if (!hr_eval_charge(ev, scope->n / 16)) {
        hr_value_unref(take_value);
        return false;
    }
    for (size_t i = 0; i < scope->n; i++)
        if (scope->entries[i].name == name) {
            HrValue *old = scope->entries[i].value;
            scope->entries[i].value = take_value;
            hr_value_unref(old);
            return true;
        }
    if (scope->n == scope->capacity) {
        scope->capacity = MAX(4, scope->capacity * 2);
        scope->entries = g_renew(Entry, scope->entries, scope->capacity);
    }
    scope->entries[scope->n++] = (Entry){ name, take_value };
    return true;
}

HrValue *hr_scope_find(HrEval *ev, const HrScope *scope, const char *name)
{
    for (; scope; scope = scope->parent) {
        if (!hr_eval_charge(ev, scope->n / 16))
            return NULL;
        for (size_t i = 0; i < scope->n; i++)
            if (scope->entries[i].name == name)
                return scope->entries[i].value;
    }
    return NULL;
}

void hr_scope_capture(HrEval *ev, HrScope *scope)
{
    if (scope->captured)
        return;
    scope->captured = true;
    g_ptr_array_add(ev->captured, hr_scope_ref(scope));
}

static bool unpack(HrEval *ev, const HrNode *target, HrValue *value)
{
    size_t wanted = target->list.n;

    if (value->kind != HR_VALUE_LIST && value->kind != HR_VALUE_DICT && !hr_is_string(value) &&
        !hr_is_undefined(value))
        return hr_eval_fail(ev, "cannot unpack non-iterable %s object", hr_value_type_name(value));
    g_autoptr(HrValue) items = hr_eval_iterate(ev, value);
    if (items == NULL)
        return false;
    if (items->list.n < wanted)
        return hr_eval_fail(ev, "not enough values to unpack (expected %zu, got %zu)", wanted,
                            items->list.n);
    if (items->list.n > wanted)
        return hr_eval_fail(ev, "too many values to unpack (expected %zu)", wanted);
    for (size_t i = 0; i < wanted; i++)
        if (!hr_assign(ev, target->list.items[i], items->list.items[i]))
            return false;
    return true;
}

bool hr_assign(HrEval *ev, const HrNode *target, HrValue *value)
{
    if (target->kind == HR_NODE_NAME)
        return hr_scope_set(ev, ev->scope, target->name, hr_value_ref(value));
    if (target->kind != HR_NODE_MEMBER)
        return unpack(ev, target, value);
    g_autoptr(HrValue) object = hr_eval(ev, target->attribute.object);
    return object && hr_namespace_set(ev, object, target->attribute.name, hr_value_ref(value));
}
