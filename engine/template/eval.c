/* eval.c: expressions, and the errors and limits of a rendering.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "template/eval.h"

#include <string.h>

/* ---- Errors ---- */

void *hr_eval_fail(HrEval *ev, const char *format, ...)
{
    va_list args;

    if (ev->error)
        return NULL;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *valid = g_utf8_make_valid(message, -1);
    ev->error = g_error_new(HR_ERROR, HR_ERROR_TEMPLATE, "line %u: %s", ev->line, valid);
    return NULL;
}

void *hr_eval_fail_undefined(HrEval *ev, const HrValue *undefined)
{
    return hr_eval_fail(ev, "%s", undefined->undefined.message);
}

HrValue *hr_eval_undefined(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    if (strlen(message) > HR_TEMPLATE_MAX_MESSAGE)
        message[HR_TEMPLATE_MAX_MESSAGE] = '\0';
    return hr_value_new_undefined(message);
}

/* ---- Limits ---- */

bool hr_eval_charge(HrEval *ev, size_t steps)
{
    if (steps > ev->steps_left) {
        ev->steps_left = 0;
        return hr_eval_fail(ev, "the template takes more than %zu steps", ev->limits.steps);
    }
    ev->steps_left -= steps;
    return true;
}

bool hr_eval_charge_value(HrEval *ev, const HrValue *value)
{
    if (value->kind == HR_VALUE_STRING)
        return hr_eval_charge(ev, value->string.len / 32);
    return hr_eval_charge(ev, hr_value_size(value));
}

static bool fail_budget(HrEval *ev)
{
    if (ev->budget.exhausted)
        return hr_eval_fail(ev, "the template builds more than %zu bytes of text and lists",
                            ev->limits.work_bytes);
    return hr_eval_fail(ev, "not enough memory");
}

bool hr_eval_append(HrEval *ev, HrValue *list, HrValue *take_item)
{
    /* A place in the list and most of the value that stands there. */
    if (!hr_budget_charge(&ev->budget, sizeof(HrValue *) + sizeof(HrValue)) ||
        !hr_eval_charge(ev, 1)) {
        hr_value_unref(take_item);
        return fail_budget(ev);
    }
    hr_value_append(list, take_item);
    return true;
}

bool hr_eval_enter(HrEval *ev)
{
    if (ev->depth == ev->limits.depth)
        return hr_eval_fail(ev, "the template nests more than %zu evaluations", ev->limits.depth);
    if (!hr_eval_charge(ev, 1))
        return false;
    ev->depth++;
    return true;
}

void hr_eval_leave(HrEval *ev)
{
    ev->depth--;
}

/* ---- Text ---- */

HrValue *hr_eval_finish_text(HrEval *ev, HrText *text)
{
    HrValue *string = hr_text_finish(text);
    if (string == NULL)
        fail_budget(ev);
    return string;
}

HrValue *hr_eval_str(HrEval *ev, HrValue *value)
{
    g_auto(HrText) text = { 0 };

    if (hr_is_string(value))
        return hr_value_ref(value);
    hr_text_init(&text, &ev->budget);
    if (!hr_text_append_str(&text, value))
        return hr_eval_fail(ev, "a value is nested too deeply to be printed");
    return hr_eval_finish_text(ev, &text);
}

HrValue *hr_eval_repr(HrEval *ev, const HrValue *value)
{
    g_auto(HrText) text = { 0 };

    hr_text_init(&text, &ev->budget);
    if (!hr_text_append_repr(&text, value))
        return hr_eval_fail(ev, "a value is nested too deeply to be printed");
    return hr_eval_finish_text(ev, &text);
}

/* ---- Walking ---- */

static HrValue *characters(HrEval *ev, const HrValue *string)
{
    g_autoptr(HrValue) list = hr_value_new_list();

    for (size_t i = 0, len; i < string->string.len; i += len) {
        len = hr_string_char_len(string, i);
        HrValue *character = hr_substring(ev, string, i, len);
        if (character == NULL)
            return NULL;
        character->form = HR_FORM_PLAIN;
        if (!hr_eval_append(ev, list, character))
            return NULL;
    }
    return g_steal_pointer(&list);
}

HrValue *hr_eval_iterate(HrEval *ev, HrValue *value)
{
    g_autoptr(HrValue) list = NULL;

    switch ((HrValueKind)value->kind) {
    case HR_VALUE_UNDEFINED:
        return hr_value_new_list();
    case HR_VALUE_STRING:
        return characters(ev, value);
    case HR_VALUE_DICT:
        list = hr_value_new_list();
        for (size_t i = 0; i < hr_value_size(value); i++)
            if (!hr_eval_append(ev, list, hr_value_ref(hr_value_dict_key(value, i))))
                return NULL;
        return g_steal_pointer(&list);
    case HR_VALUE_LIST:
        if (!hr_eval_charge(ev, value->list.n))
            return NULL;
        if (value->form != HR_FORM_GENERATOR)
            return hr_value_ref(value);
        /* A generator gives what it has once. */
        list = hr_value_new_list();
        list->list = value->list;
        memset(&value->list, 0, sizeof value->list);
        return g_steal_pointer(&list);
    default:
        return hr_eval_fail(ev, "'%s' object is not iterable", hr_value_type_name(value));
    }
}

/* ---- Expressions ---- */

static HrValue *eval_name(HrEval *ev, const char *name)
{
    HrValue *value = hr_scope_find(ev, ev->scope, name);
    if (value == NULL)
        value = hr_value_lookup(ev->vars, name);
    if (value)
        return hr_value_ref(value);
    value = hr_global(name);
    return value ? value : hr_eval_undefined("'%s' is undefined", name);
}

static HrValue *eval_list(HrEval *ev, const HrNode *node)
{
    g_autoptr(HrValue) list =
        hr_value_new_form(node->kind == HR_NODE_TUPLE ? HR_FORM_TUPLE : HR_FORM_PLAIN);

    for (size_t i = 0; i < node->list.n; i++) {
        HrValue *item = hr_eval(ev, node->list.items[i]);
        if (item == NULL || !hr_eval_append(ev, list, item))
            return NULL;
    }
    return g_steal_pointer(&list);
}

static HrValue *eval_dict(HrEval *ev, const HrNode *node)
{
    g_autoptr(HrValue) dict = hr_value_new_dict();

    for (size_t i = 0; i < node->list.n; i += 2) {
        g_autoptr(HrValue) key = hr_eval(ev, node->list.items[i]);
        g_autoptr(HrValue) value = key ? hr_eval(ev, node->list.items[i + 1]) : NULL;
        if (value == NULL)
            return NULL;
        if (!hr_value_hashable(key))
            return hr_eval_fail(ev, "unhashable type: '%s'", hr_value_type_name(key));
        if (!hr_budget_charge(&ev->budget, 2 * sizeof(HrValue)))
            return fail_budget(ev), NULL;
        hr_value_dict_insert(dict, g_steal_pointer(&key), g_steal_pointer(&value));
    }
    return g_steal_pointer(&dict);
}

static HrValue *eval_binary(HrEval *ev, const HrNode *node)
{
    g_autoptr(HrValue) left = hr_eval(ev, node->left);
    g_autoptr(HrValue) right = left ? hr_eval(ev, node->right) : NULL;
    if (right == NULL)
        return NULL;
    ev->line = node->line;
    return hr_binary(ev, node->op, left, right);
}

/* and, or: the value that decided. */
static HrValue *eval_logic(HrEval *ev, const HrNode *node)
{
    g_autoptr(HrValue) left = hr_eval(ev, node->left);
    if (left == NULL)
        return NULL;
    if (hr_value_truthy(left) == (node->kind == HR_NODE_OR))
        return g_steal_pointer(&left);
    return hr_eval(ev, node->right);
}

static HrValue *eval_concat(HrEval *ev, const HrNode *node)
{
    g_auto(HrText) text = { 0 };

    hr_text_init(&text, &ev->budget);
    for (size_t i = 0; i < node->list.n; i++) {
        g_autoptr(HrValue) part = hr_eval(ev, node->list.items[i]);
        g_autoptr(HrValue) string = part ? hr_eval_str(ev, part) : NULL;
        if (string == NULL)
            return NULL;
        hr_text_append_string(&text, string);
    }
    return hr_eval_finish_text(ev, &text);
}

static HrValue *eval_compare(HrEval *ev, const HrNode *node)
{
    g_autoptr(HrValue) left = hr_eval(ev, node->compare.first);
    bool holds = true;

    for (size_t i = 0; left && holds && i < node->compare.rest.n; i++) {
        g_autoptr(HrValue) right = hr_eval(ev, node->compare.rest.items[i]);
        ev->line = node->line;
        if (right == NULL || !hr_relation(ev, node->compare.ops[i], left, right, &holds))
            return NULL;
        hr_value_unref(left);
        left = g_steal_pointer(&right);
    }
    return left ? hr_value_new_bool(holds) : NULL;
}

static HrValue *eval_condition(HrEval *ev, const HrNode *node)
{
    g_autoptr(HrValue) test = hr_eval(ev, node->condition.test);
    if (test == NULL)
        return NULL;
    if (hr_value_truthy(test))
        return hr_eval(ev, node->condition.yes);
    if (node->condition.no)
        return hr_eval(ev, node->condition.no);
    return hr_eval_undefined(
        "the inline if-expression on line %u evaluated to false and no else section was defined.",
        node->line);
}

static HrValue *eval_attribute(HrEval *ev, const HrNode *node)
{
    g_autoptr(HrValue) object = hr_eval(ev, node->attribute.object);
    ev->line = node->line;
    return object ? hr_attribute(ev, object, node->attribute.name) : NULL;
}

static HrValue *eval_item(HrEval *ev, const HrNode *node)
{
    g_autoptr(HrValue) object = hr_eval(ev, node->item.object);
    g_autoptr(HrValue) index = object ? hr_eval(ev, node->item.index) : NULL;
    ev->line = node->line;
    return index ? hr_item(ev, object, index) : NULL;
}

static HrValue *eval_slice_part(HrEval *ev, const HrNode *node)
{
    return node ? hr_eval(ev, node) : hr_value_new_null();
}

static HrValue *eval_slice(HrEval *ev, const HrNode *node)
{
    g_autoptr(HrValue) object = hr_eval(ev, node->slice.object);
    g_autoptr(HrValue) start = object ? eval_slice_part(ev, node->slice.start) : NULL;
    g_autoptr(HrValue) stop = start ? eval_slice_part(ev, node->slice.stop) : NULL;
    g_autoptr(HrValue) step = stop ? eval_slice_part(ev, node->slice.step) : NULL;
    ev->line = node->line;
    return step ? hr_slice(ev, object, start, stop, step) : NULL;
}

static HrValue *eval_filter(HrEval *ev, const HrNode *node)
{
    g_auto(HrArgs) args = { 0 };

    hr_args_init(&args);
    g_autoptr(HrValue) input = hr_eval(ev, node->apply.input);
    if (input == NULL || !hr_args_eval(ev, &node->apply.args, &args))
        return NULL;
    ev->line = node->line;
    return hr_filter(ev, node->apply.name, input, &args);
}

static HrValue *eval_test(HrEval *ev, const HrNode *node)
{
    g_auto(HrArgs) args = { 0 };
    bool holds;

    hr_args_init(&args);
    g_autoptr(HrValue) input = hr_eval(ev, node->apply.input);
    if (input == NULL || !hr_args_eval(ev, &node->apply.args, &args))
        return NULL;
    ev->line = node->line;
    return hr_test(ev, node->apply.name, input, &args, &holds) ? hr_value_new_bool(holds) : NULL;
}

static HrValue *eval_call(HrEval *ev, const HrNode *node)
{
    g_auto(HrArgs) args = { 0 };

    hr_args_init(&args);
    g_autoptr(HrValue) callee = hr_eval(ev, node->call.callee);
    if (callee == NULL || !hr_args_eval(ev, &node->call.args, &args))
        return NULL;
    ev->line = node->line;
    return hr_call(ev, callee, &args);
}

static HrValue *eval_unary(HrEval *ev, const HrNode *node)
{
    g_autoptr(HrValue) operand = hr_eval(ev, node->left);
    if (operand == NULL)
        return NULL;
    ev->line = node->line;
    if (node->kind == HR_NODE_NOT)
        return hr_value_new_bool(!hr_value_truthy(operand));
    return hr_negate(ev, operand, node->kind == HR_NODE_NEGATE);
}

static HrValue *eval_node(HrEval *ev, const HrNode *node)
{
    switch ((HrNodeKind)node->kind) {
    case HR_NODE_CONST:
        return hr_value_ref(node->constant);
    case HR_NODE_NAME:
        return eval_name(ev, node->name);
    case HR_NODE_LIST:
    case HR_NODE_TUPLE:
        return eval_list(ev, node);
    case HR_NODE_DICT:
        return eval_dict(ev, node);
    case HR_NODE_NOT:
    case HR_NODE_NEGATE:
    case HR_NODE_POSITIVE:
        return eval_unary(ev, node);
    case HR_NODE_AND:
    case HR_NODE_OR:
        return eval_logic(ev, node);
    case HR_NODE_BINARY:
        return eval_binary(ev, node);
    case HR_NODE_CONCAT:
        return eval_concat(ev, node);
    case HR_NODE_COMPARE:
        return eval_compare(ev, node);
    case HR_NODE_CONDITION:
        return eval_condition(ev, node);
    case HR_NODE_ATTRIBUTE:
        return eval_attribute(ev, node);
    case HR_NODE_ITEM:
        return eval_item(ev, node);
    case HR_NODE_SLICE:
        return eval_slice(ev, node);
    case HR_NODE_FILTER:
        return eval_filter(ev, node);
    case HR_NODE_TEST:
        return eval_test(ev, node);
    case HR_NODE_CALL:
        return eval_call(ev, node);
    default:
        return hr_eval_fail(ev, "not an expression");
    }
}

HrValue *hr_eval(HrEval *ev, const HrNode *node)
{
    if (!hr_eval_enter(ev))
        return NULL;
    ev->line = node->line;
    HrValue *value = eval_node(ev, node);
    hr_eval_leave(ev);
    return value;
}
