/* exec.c: statements other than loops.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "template/eval.h"

/* ---- Output ---- */

bool hr_write(HrEval *ev, const HrValue *value)
{
    if (!hr_text_append_str(ev->out, value))
        return hr_eval_fail(ev, "a value is nested too deeply to be printed");
    if (ev->out->failed || ev->out->len > ev->limits.output_bytes)
        return hr_eval_fail(ev, "the template writes more than %zu bytes", ev->limits.output_bytes);
    return true;
}

static HrExec exec_output(HrEval *ev, const HrNode *node)
{
    for (size_t i = 0; i < node->list.n; i++) {
        g_autoptr(HrValue) value = hr_eval(ev, node->list.items[i]);
        if (value == NULL || !hr_write(ev, value))
            return HR_EXEC_FAILED;
    }
    return HR_EXEC_DONE;
}

/* ---- Blocks whose text is collected ---- */

HrExec hr_exec_scoped(HrEval *ev, const HrNodeList *body, HrScope *parent)
{
    HrScope *outer = ev->scope;

    ev->scope = hr_scope_new(parent);
    HrExec result = hr_exec(ev, body);
    hr_scope_unref(ev->scope, NULL);
    ev->scope = outer;
    return result;
}

/* Runs a body and gives its text, if it ran to its end. */
static HrExec collect(HrEval *ev, const HrNodeList *body, HrValue **ret_text)
{
    g_auto(HrText) text = { 0 };
    HrText *outer = ev->out;

    hr_text_init(&text, &ev->budget);
    ev->out = &text;
    HrExec result = hr_exec_scoped(ev, body, ev->scope);
    ev->out = outer;
    if (result != HR_EXEC_DONE)
        return result;
    return (*ret_text = hr_eval_finish_text(ev, &text)) ? HR_EXEC_DONE : HR_EXEC_FAILED;
}

/* Filters of a block, outermost first in the tree, on its text. */
static HrValue *apply_filters(HrEval *ev, const HrNode *filter, HrValue *text)
{
    g_auto(HrArgs) args = { 0 };

    if (filter == NULL)
        return hr_value_ref(text);
    hr_args_init(&args);
    if (!hr_eval_enter(ev))
        return NULL;
    g_autoptr(HrValue) input = apply_filters(ev, filter->apply.input, text);
    hr_eval_leave(ev);
    if (input == NULL || !hr_args_eval(ev, &filter->apply.args, &args))
        return NULL;
    return hr_filter(ev, filter->apply.name, input, &args);
}

static HrExec exec_filter_block(HrEval *ev, const HrNode *node)
{
    g_autoptr(HrValue) text = NULL;
    HrExec result = collect(ev, &node->filter_block.body, &text);

    if (result != HR_EXEC_DONE)
        return result;
    g_autoptr(HrValue) filtered = apply_filters(ev, node->filter_block.filter, text);
    return filtered && hr_write(ev, filtered) ? HR_EXEC_DONE : HR_EXEC_FAILED;
}

static HrExec exec_set_block(HrEval *ev, const HrNode *node)
{
    g_autoptr(HrValue) text = NULL;
    HrExec result = collect(ev, &node->set.body, &text);

    if (result != HR_EXEC_DONE)
        return result;
    g_autoptr(HrValue) value = apply_filters(ev, node->set.value, text);
    return value && hr_assign(ev, node->set.target, value) ? HR_EXEC_DONE : HR_EXEC_FAILED;
}

/* ---- Names ---- */

static HrExec exec_set(HrEval *ev, const HrNode *node)
{
    g_autoptr(HrValue) value = hr_eval(ev, node->set.value);
    return value && hr_assign(ev, node->set.target, value) ? HR_EXEC_DONE : HR_EXEC_FAILED;
}

static HrExec exec_macro(HrEval *ev, const HrNode *node)
{
    HrValue *macro = hr_macro_new(ev, node->macro);
    return macro && hr_scope_set(ev, ev->scope, node->macro->name, macro) ? HR_EXEC_DONE
                                                                          : HR_EXEC_FAILED;
}

/* Values are evaluated outside of the new scope. */
static HrExec exec_with(HrEval *ev, const HrNode *node)
{
    HrScope *outer = ev->scope, *scope = hr_scope_new(outer);
    HrExec result = HR_EXEC_DONE;

    for (size_t i = 0; i < node->with.targets.n && result == HR_EXEC_DONE; i++) {
        g_autoptr(HrValue) value = hr_eval(ev, node->with.values.items[i]);
        ev->scope = scope;
        if (value == NULL || !hr_assign(ev, node->with.targets.items[i], value))
            result = HR_EXEC_FAILED;
        ev->scope = outer;
    }
    if (result == HR_EXEC_DONE) {
        ev->scope = scope;
        result = hr_exec(ev, &node->with.body);
        ev->scope = outer;
    }
    hr_scope_unref(scope, NULL);
    return result;
}

/* ---- Calls and branches ---- */

static HrExec exec_call_block(HrEval *ev, const HrNode *node)
{
    const HrNode *call = node->call_block.call;
    g_auto(HrArgs) args = { 0 };

    hr_args_init(&args);
    g_autoptr(HrValue) callee = hr_eval(ev, call->call.callee);
    if (callee == NULL || !hr_args_eval(ev, &call->call.args, &args))
        return HR_EXEC_FAILED;
    HrValue *caller = hr_macro_new(ev, node->call_block.caller);
    if (caller == NULL)
        return HR_EXEC_FAILED;
    g_ptr_array_add(args.names, g_strdup("caller"));
    g_ptr_array_add(args.named, caller);
    g_autoptr(HrValue) result = hr_call(ev, callee, &args);
    return result && hr_write(ev, result) ? HR_EXEC_DONE : HR_EXEC_FAILED;
}

static HrExec exec_if(HrEval *ev, const HrNode *node)
{
    size_t branch = 0;

    for (; branch < node->branches.tests.n; branch++) {
        g_autoptr(HrValue) test = hr_eval(ev, node->branches.tests.items[branch]);
        if (test == NULL)
            return HR_EXEC_FAILED;
        if (hr_value_truthy(test))
            break;
    }
    return hr_exec(ev, &node->branches.bodies[branch]);
}

static HrExec exec_node(HrEval *ev, const HrNode *node)
{
    switch ((HrNodeKind)node->kind) {
    case HR_NODE_OUTPUT:
        return exec_output(ev, node);
    case HR_NODE_FOR:
        return hr_exec_for(ev, node);
    case HR_NODE_IF:
        return exec_if(ev, node);
    case HR_NODE_SET:
        return exec_set(ev, node);
    case HR_NODE_SET_BLOCK:
        return exec_set_block(ev, node);
    case HR_NODE_MACRO:
        return exec_macro(ev, node);
    case HR_NODE_CALL_BLOCK:
        return exec_call_block(ev, node);
    case HR_NODE_FILTER_BLOCK:
        return exec_filter_block(ev, node);
    case HR_NODE_WITH:
        return exec_with(ev, node);
    case HR_NODE_SCOPE:
        return hr_exec_scoped(ev, &node->list, ev->scope);
    case HR_NODE_BREAK:
        return HR_EXEC_BREAK;
    case HR_NODE_CONTINUE:
        return HR_EXEC_CONTINUE;
    default:
        hr_eval_fail(ev, "not a statement");
        return HR_EXEC_FAILED;
    }
}

HrExec hr_exec(HrEval *ev, const HrNodeList *body)
{
    HrExec result = HR_EXEC_DONE;

    for (size_t i = 0; i < body->n && result == HR_EXEC_DONE; i++) {
        if (!hr_eval_enter(ev))
            return HR_EXEC_FAILED;
        ev->line = body->items[i]->line;
        result = exec_node(ev, body->items[i]);
        hr_eval_leave(ev);
    }
    return result;
}
