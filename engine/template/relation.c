/* relation.c: == != < <= > >= in, and not in.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "template/eval.h"

/* Comparing may look at every item of both sides, at any depth, many times over where items are
 * shared: it is paid for by the pair. */
static bool charge_pair(HrEval *ev, const HrValue *left, const HrValue *right)
{
    size_t visits = MIN(ev->steps_left, (size_t)1 << 20);
    size_t left_over = hr_value_count(left, visits);
    left_over = hr_value_count(right, left_over);
    return hr_eval_charge(ev, visits - left_over) &&
           (left_over > 0 || hr_eval_fail(ev, "values too large to compare"));
}

bool hr_equal(HrEval *ev, const HrValue *left, const HrValue *right, bool *ret_equal)
{
    if (left != right &&
        (left->kind == HR_VALUE_LIST || left->kind == HR_VALUE_DICT || hr_is_string(left)) &&
        left->kind == right->kind && !charge_pair(ev, left, right))
        return false;
    *ret_equal = hr_value_equal(left, right);
    return true;
}

static bool ordered(HrEval *ev, HrOperator op, const HrValue *left, const HrValue *right,
                    bool *ret_holds)
{
    static const char *const symbols[] = {
        [HR_OP_LT] = "<", [HR_OP_LE] = "<=", [HR_OP_GT] = ">", [HR_OP_GE] = ">="};
    int order;

    if (hr_is_undefined(left) || hr_is_undefined(right))
        return hr_eval_fail_undefined(ev, hr_is_undefined(left) ? left : right);
    if (!charge_pair(ev, left, right))
        return false;
    if (!hr_value_compare(left, right, &order)) {
        if (left->kind == HR_VALUE_FLOAT || right->kind == HR_VALUE_FLOAT) {
            int ignored;
            g_autoptr(HrValue) zero = hr_value_new_int(0);
            /* NaN has no order with anything, and that is no error. */
            bool left_number =
                left->kind == HR_VALUE_FLOAT || hr_value_compare(left, zero, &ignored);
            bool right_number =
                right->kind == HR_VALUE_FLOAT || hr_value_compare(right, zero, &ignored);
            if (left_number && right_number) {
                *ret_holds = false;
                return true;
            }
        }
        return hr_eval_fail(ev, "'%s' not supported between instances of '%s' and '%s'",
                            symbols[op], hr_value_type_name(left), hr_value_type_name(right));
    }
    *ret_holds = op == HR_OP_LT   ? order < 0
                 : op == HR_OP_LE ? order <= 0
                 : op == HR_OP_GT ? order > 0
                                  : order >= 0;
    return true;
}

static bool list_contains(HrEval *ev, const HrValue *list, const HrValue *item, bool *ret_contains)
{
    *ret_contains = false;
    for (size_t i = 0; i < list->list.n && !*ret_contains; i++)
        if (!hr_eval_charge(ev, 1) || !hr_equal(ev, list->list.items[i], item, ret_contains))
            return false;
    return true;
}

bool hr_contains(HrEval *ev, HrValue *container, HrValue *item, bool *ret_contains)
{
    switch ((HrValueKind)container->kind) {
    case HR_VALUE_STRING:
        if (hr_is_undefined(item))
            return hr_eval_fail(ev, "'in <string>' requires string as left operand, not Undefined");
        if (!hr_is_string(item))
            return hr_eval_fail(ev, "'in <string>' requires string as left operand, not %s",
                                hr_value_type_name(item));
        if (!hr_eval_charge_value(ev, container))
            return false;
        *ret_contains = memmem(container->string.bytes, container->string.len, item->string.bytes,
                               item->string.len) != NULL;
        return true;
    case HR_VALUE_DICT:
        if (!hr_value_hashable(item))
            return hr_eval_fail(ev, "unhashable type: '%s'", hr_value_type_name(item));
        if (!hr_eval_charge_value(ev, item))
            return false;
        *ret_contains = hr_value_dict_find(container, item) != NULL;
        return true;
    case HR_VALUE_UNDEFINED:
        *ret_contains = false;
        return true;
    case HR_VALUE_LIST: {
        g_autoptr(HrValue) items = hr_eval_iterate(ev, container);
        return items && list_contains(ev, items, item, ret_contains);
    }
    default:
        return hr_eval_fail(ev, "argument of type '%s' is not iterable",
                            hr_value_type_name(container));
    }
}

bool hr_relation(HrEval *ev, HrOperator op, HrValue *left, HrValue *right, bool *ret_holds)
{
    bool holds;

    switch (op) {
    case HR_OP_EQ:
    case HR_OP_NE:
        if (!hr_equal(ev, left, right, &holds))
            return false;
        *ret_holds = holds == (op == HR_OP_EQ);
        return true;
    case HR_OP_IN:
    case HR_OP_NOT_IN:
        if (!hr_contains(ev, right, left, &holds))
            return false;
        *ret_holds = holds == (op == HR_OP_IN);
        return true;
    default:
        return ordered(ev, op, left, right, ret_holds);
    }
}
