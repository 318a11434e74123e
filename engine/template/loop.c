/* loop.c: "for", and the object that its body knows as "loop".
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "template/eval.h"

typedef struct {
    HrValue *items;        /* a list */
    size_t index;          /* of the current item */
    HrValue *last_changed; /* what changed() was asked last, or NULL */
    size_t depth;          /* of recursion, from 0 */
    const HrNode *node;
    HrScope *scope;        /* around the loop; NULL unless recursive */
} Loop;

static HrExec run_loop(HrEval *ev, const HrNode *node, HrValue *value, HrScope *outer,
                       size_t depth);

static void loop_free(void *data, HrReaper *reaper)
{
    Loop *loop = data;
    hr_value_reap(reaper, loop->items);
    hr_value_reap(reaper, loop->last_changed);
    hr_scope_unref(loop->scope, reaper);
    g_free(loop);
}

static HrValue *loop_call(HrEval *ev, HrValue *self, const HrArgs *args);
static HrValue *loop_attribute(HrEval *ev, HrValue *self, const char *name);

static const struct HrObjectBehaviour loop_behaviour = { loop_call, loop_attribute };
static const HrObjectClass loop_class = { "LoopContext", loop_free, &loop_behaviour };

/* ---- The loop object ---- */

static HrValue *cycle(HrEval *ev, HrValue *self, const HrArgs *args)
{
    const Loop *loop = hr_value_object(self, &loop_class);
    if (args->positional->len == 0)
        return hr_eval_fail(ev, "no items for cycling given");
    return hr_value_ref(g_ptr_array_index(args->positional, loop->index % args->positional->len));
}

static HrValue *changed(HrEval *ev, HrValue *self, const HrArgs *args)
{
    Loop *loop = hr_value_object(self, &loop_class);
    g_autoptr(HrValue) values = hr_value_new_form(HR_FORM_TUPLE);
    bool same = false;

    for (size_t i = 0; i < args->positional->len; i++)
        if (!hr_eval_append(ev, values, hr_value_ref(g_ptr_array_index(args->positional, i))))
            return NULL;
    if (loop->last_changed && !hr_equal(ev, loop->last_changed, values, &same))
        return NULL;
    if (!same) {
        g_clear_pointer(&loop->last_changed, hr_value_unref);
        loop->last_changed = g_steal_pointer(&values);
    }
    return hr_value_new_bool(!same);
}

static const HrBuiltin loop_methods[] = {
    { "cycle", .call_args = cycle },
    { "changed", .call_args = changed },
    { NULL },
};

/* The item before (-1) or behind (1) the current one. */
static HrValue *neighbour(const Loop *loop, int offset)
{
    HrValue *item = hr_value_at(loop->items, loop->index + (size_t)offset);
    if (item)
        return hr_value_ref(item);
    return hr_eval_undefined(offset < 0 ? "there is no previous item" : "there is no next item");
}

static HrValue *loop_attribute(HrEval *ev, HrValue *self, const char *name)
{
    const Loop *loop = hr_value_object(self, &loop_class);
    const struct {
        const char *name;
        size_t number;
    } numbers[] = {
        { "index", loop->index + 1 },
        { "index0", loop->index },
        { "length", loop->items->list.n },
        { "revindex", loop->items->list.n - loop->index },
        { "revindex0", loop->items->list.n - loop->index - 1 },
        { "depth", loop->depth + 1 },
        { "depth0", loop->depth },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (strcmp(numbers[i].name, name) == 0)
            return hr_value_new_int((int64_t)numbers[i].number);
    if (strcmp(name, "first") == 0)
        return hr_value_new_bool(loop->index == 0);
    if (strcmp(name, "last") == 0)
        return hr_value_new_bool(loop->index + 1 == loop->items->list.n);
    if (strcmp(name, "previtem") == 0)
        return neighbour(loop, -1);
    if (strcmp(name, "nextitem") == 0)
        return neighbour(loop, 1);
    const HrBuiltin *method = hr_builtin_find(loop_methods, name);
    return method ? hr_builtin_bind(method, self) : NULL;
}

/* loop(items): the loop's text for other items. */
static HrValue *loop_call(HrEval *ev, HrValue *self, const HrArgs *args)
{
    const Loop *loop = hr_value_object(self, &loop_class);
    g_auto(HrText) text = { 0 };
    HrText *out = ev->out;

    if (loop->scope == NULL)
        return hr_eval_fail(ev,
                            "The loop must have the 'recursive' marker to be called recursively.");
    if (args->positional->len != 1 || args->named->len > 0)
        return hr_eval_fail(ev, "loop() takes one argument");
    hr_text_init(&text, &ev->budget);
    ev->out = &text;
    HrExec result = run_loop(ev, loop->node, g_ptr_array_index(args->positional, 0), loop->scope,
                             loop->depth + 1);
    ev->out = out;
    return result == HR_EXEC_FAILED ? NULL : hr_eval_finish_text(ev, &text);
}

/* ---- Running ---- */

/* The items that the loop's own "if" lets through. */
static HrValue *filter_items(HrEval *ev, const HrNode *node, HrValue *take_items)
{
    g_autoptr(HrValue) items = take_items, kept = hr_value_new_list();
    HrScope *outer = ev->scope;
    bool failed = false;

    for (size_t i = 0; i < items->list.n && !failed; i++) {
        ev->scope = hr_scope_new(outer);
        g_autoptr(HrValue) test = NULL;
        if (hr_assign(ev, node->loop.target, items->list.items[i]))
            test = hr_eval(ev, node->loop.filter);
        failed = test == NULL || (hr_value_truthy(test) &&
                                  !hr_eval_append(ev, kept, hr_value_ref(items->list.items[i])));
        hr_scope_unref(ev->scope, NULL);
        ev->scope = outer;
    }
    return failed ? NULL : g_steal_pointer(&kept);
}

/* One turn, in a scope of its own. */
static HrExec run_turn(HrEval *ev, const HrNode *node, HrValue *loop_value, HrValue *item)
{
    HrScope *outer = ev->scope;
    HrExec result = HR_EXEC_FAILED;

    /* A scope of its own makes a turn worth some evaluations. */
    if (!hr_eval_charge(ev, 3))
        return HR_EXEC_FAILED;
    ev->scope = hr_scope_new(outer);
    if (hr_scope_set(ev, ev->scope, ev->tree->name_loop, hr_value_ref(loop_value)) &&
        hr_assign(ev, node->loop.target, item))
        result = hr_exec(ev, &node->loop.body);
    hr_scope_unref(ev->scope, NULL);
    ev->scope = outer;
    return result;
}

/* ret_completed: whether a turn came to its end without "break" or "continue". */
static HrExec run_turns(HrEval *ev, const HrNode *node, HrValue *items, size_t depth,
                        bool *ret_completed)
{
    Loop *loop = g_new0(Loop, 1);
    g_autoptr(HrValue) loop_value = hr_value_new_object(&loop_class, loop);

    loop->items = hr_value_ref(items);
    loop->node = node;
    loop->depth = depth;
    loop->scope = node->flag ? hr_scope_ref(ev->scope) : NULL;
    *ret_completed = false;
    for (; loop->index < items->list.n; loop->index++) {
        HrExec result = run_turn(ev, node, loop_value, items->list.items[loop->index]);
        if (result == HR_EXEC_FAILED)
            return result;
        if (result == HR_EXEC_BREAK)
            break;
        *ret_completed |= result == HR_EXEC_DONE;
    }
    return HR_EXEC_DONE;
}

static HrExec run_loop(HrEval *ev, const HrNode *node, HrValue *value, HrScope *outer, size_t depth)
{
    HrScope *calling = ev->scope;
    HrExec result = HR_EXEC_FAILED;

    ev->scope = outer;
    g_autoptr(HrValue) items = hr_eval_iterate(ev, value);
    if (items && node->loop.filter)
        items = filter_items(ev, node, g_steal_pointer(&items));
    bool completed;
    if (items)
        result = run_turns(ev, node, items, depth, &completed);
    /* "else" is for loops of which no turn was completed: that is how Jinja2 tells an empty one. */
    if (result == HR_EXEC_DONE && !completed)
        result = hr_exec_scoped(ev, &node->loop.otherwise, ev->scope);
    ev->scope = calling;
    return result;
}

HrExec hr_exec_for(HrEval *ev, const HrNode *node)
{
    g_autoptr(HrValue) value = hr_eval(ev, node->loop.items);
    return value ? run_loop(ev, node, value, ev->scope, 0) : HR_EXEC_FAILED;
}
