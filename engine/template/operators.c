/* operators.c: + - * / // % ** as Python has them, with integers of 64 bits that fail instead of
 * growing.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <string.h>

#include "template/eval.h"

static const char *const symbols[] = {
    [HR_OP_ADD] = "+", [HR_OP_SUB] = "-", [HR_OP_MUL] = "*", [HR_OP_DIV] = "/",
    [HR_OP_FLOORDIV] = "//", [HR_OP_MOD] = "%", [HR_OP_POW] = "** or pow()",
};

static bool is_integer(const HrValue *value)
{
    return value->kind == HR_VALUE_INT || value->kind == HR_VALUE_BOOL;
}

static bool is_number(const HrValue *value)
{
    return is_integer(value) || value->kind == HR_VALUE_FLOAT;
}

static HrValue *fail_types(HrEval *ev, HrOperator op, const HrValue *left, const HrValue *right)
{
    return hr_eval_fail(ev, "unsupported operand type(s) for %s: '%s' and '%s'", symbols[op],
                        hr_value_type_name(left), hr_value_type_name(right));
}

static HrValue *fail_overflow(HrEval *ev)
{
    return hr_eval_fail(ev, "an integer does not fit in 64 bits");
}

/* ---- Integers ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static HrValue *int_pow(HrEval *ev, int64_t base, int64_t exponent)
{
    int64_t result = 1;

    if (exponent < 0) {
        if (base == 0)
            return hr_eval_fail(ev, "0.0 cannot be raised to a negative power");
        return hr_value_new_float(pow((double)base, (double)exponent));
    }
    for (; exponent > 0; exponent >>= 1) {
        if ((exponent & 1) && __builtin_mul_overflow(result, base, &result))
            return fail_overflow(ev);
        if (exponent > 1 && __builtin_mul_overflow(base, base, &base))
            return fail_overflow(ev);
    }
    return hr_value_new_int(result);
}

static HrValue *int_binary(HrEval *ev, HrOperator op, int64_t a, int64_t b)
{
    int64_t result = 0;

    if (b == 0 && (op == HR_OP_DIV || op == HR_OP_FLOORDIV || op == HR_OP_MOD))
        return hr_eval_fail(ev, op == HR_OP_DIV ? "division by zero"
                                                : "integer division or modulo by zero");
    switch (op) {
    case HR_OP_ADD:
        return __builtin_add_overflow(a, b, &result) ? fail_overflow(ev) : hr_value_new_int(result);
    case HR_OP_SUB:
        return __builtin_sub_overflow(a, b, &result) ? fail_overflow(ev) : hr_value_new_int(result);
    case HR_OP_MUL:
        return __builtin_mul_overflow(a, b, &result) ? fail_overflow(ev) : hr_value_new_int(result);
    case HR_OP_DIV:
        return hr_value_new_float((double)a / (double)b);
    case HR_OP_FLOORDIV:
        return a == INT64_MIN && b == -1 ? fail_overflow(ev) : hr_value_new_int(floor_div(a, b));
    case HR_OP_MOD:
        return hr_value_new_int(b == -1 ? 0 : a - floor_div(a, b) * b);
    default:
        return int_pow(ev, a, b);
    }
}

/* ---- Floats ---- */

/* The remainder has the divisor's sign. */
static double float_mod(double a, double b)
{
    double rest = fmod(a, b);
    if (rest != 0)
        return (rest < 0) != (b < 0) ? rest + b : rest;
    return copysign(0, b);
}

static double float_floor_div(double a, double b)
{
    double quotient = (a - float_mod(a, b)) / b;
    double whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1 : whole;
}

static HrValue *float_pow(HrEval *ev, double a, double b)
{
    if (a == 0 && b < 0)
        return hr_eval_fail(ev, "0.0 cannot be raised to a negative power");
    if (a < 0 && b != floor(b))
        return hr_eval_fail(ev, "a root of a negative number is not supported");
    double result = pow(a, b);
    if (isinf(result) && isfinite(a) && isfinite(b))
        return hr_eval_fail(ev, "(34, 'Numerical result out of range')");
    return hr_value_new_float(result);
}

static HrValue *float_binary(HrEval *ev, HrOperator op, double a, double b)
{
    if (b == 0 && (op == HR_OP_DIV || op == HR_OP_FLOORDIV || op == HR_OP_MOD))
        return hr_eval_fail(ev, op == HR_OP_DIV   ? "float division by zero"
                                : op == HR_OP_MOD ? "float modulo"
                                                  : "float floor division by zero");
    switch (op) {
    case HR_OP_ADD:
        return hr_value_new_float(a + b);
    case HR_OP_SUB:
        return hr_value_new_float(a - b);
    case HR_OP_MUL:
        return hr_value_new_float(a * b);
    case HR_OP_DIV:
        return hr_value_new_float(a / b);
    case HR_OP_FLOORDIV:
        return hr_value_new_float(float_floor_div(a, b));
    case HR_OP_MOD:
        return hr_value_new_float(float_mod(a, b));
    default:
        return float_pow(ev, a, b);
    }
}

/* ---- Sequences ---- */

static bool append_escaped_unless_markup(HrEval *ev, HrText *text, HrValue *string, bool markup)
{
    HrArgs none = { NULL, NULL, NULL };
    g_autoptr(HrValue) escaped = NULL;

    if (!markup || string->form == HR_FORM_MARKUP) {
        hr_text_append_string(text, string);
        return true;
    }
    g_auto(HrArgs) args = none;
    hr_args_init(&args);
    escaped = hr_filter(ev, "escape", string, &args);
    if (escaped == NULL)
        return false;
    hr_text_append_string(text, escaped);
    return true;
}

/* Markup and plain text join as markup, the plain text escaped. */
static HrValue *join_strings(HrEval *ev, HrValue *left, HrValue *right)
{
    bool markup = left->form == HR_FORM_MARKUP || right->form == HR_FORM_MARKUP;
    g_auto(HrText) text = { 0 };

    hr_text_init(&text, &ev->budget);
    if (!append_escaped_unless_markup(ev, &text, left, markup) ||
        !append_escaped_unless_markup(ev, &text, right, markup))
        return NULL;
    HrValue *joined = hr_eval_finish_text(ev, &text);
    if (joined && markup)
        joined->form = HR_FORM_MARKUP;
    return joined;
}

static HrValue *join_lists(HrEval *ev, const HrValue *left, const HrValue *right)
{
    g_autoptr(HrValue) joined = hr_value_new_form(left->form);

    for (size_t i = 0; i < left->list.n + right->list.n; i++) {
        HrValue *item =
            i < left->list.n ? left->list.items[i] : right->list.items[i - left->list.n];
        if (!hr_eval_append(ev, joined, hr_value_ref(item)))
            return NULL;
    }
    return g_steal_pointer(&joined);
}

static bool is_plain_sequence(const HrValue *value)
{
    return value->kind == HR_VALUE_LIST &&
           (value->form == HR_FORM_PLAIN || value->form == HR_FORM_TUPLE);
}

static HrValue *add(HrEval *ev, HrValue *left, HrValue *right)
{
    if (hr_is_string(left)) {
        if (hr_is_string(right))
            return join_strings(ev, left, right);
        return hr_eval_fail(ev, "can only concatenate str (not \"%s\") to str",
                            hr_value_type_name(right));
    }
    if (is_plain_sequence(left)) {
        if (is_plain_sequence(right) && left->form == right->form)
            return join_lists(ev, left, right);
        const char *name = hr_value_type_name(left);
        return hr_eval_fail(ev, "can only concatenate %s (not \"%s\") to %s", name,
                            hr_value_type_name(right), name);
    }
    return fail_types(ev, HR_OP_ADD, left, right);
}

/* sequence * count */
static HrValue *repeat(HrEval *ev, const HrValue *sequence, int64_t count)
{
    size_t len = hr_is_string(sequence) ? sequence->string.len : sequence->list.n;
    size_t times = count < 0 ? 0 : (size_t)count;
    g_auto(HrText) text = { 0 };

    if (len > 0 && times > HR_TEMPLATE_MAX_REPEAT / len)
        return hr_eval_fail(ev, "a repetition makes more than %zu bytes or items",
                            HR_TEMPLATE_MAX_REPEAT);
    if (len == 0)
        times = 0;
    if (hr_is_string(sequence)) {
        hr_text_init(&text, &ev->budget);
        for (size_t i = 0; i < times; i++)
            hr_text_append_string(&text, sequence);
        HrValue *result = hr_eval_charge(ev, times / 8) ? hr_eval_finish_text(ev, &text) : NULL;
        if (result)
            result->form = sequence->form;
        return result;
    }
    g_autoptr(HrValue) list = hr_value_new_form(sequence->form);
    for (size_t i = 0; i < times * len; i++)
        if (!hr_eval_append(ev, list, hr_value_ref(sequence->list.items[i % len])))
            return NULL;
    return g_steal_pointer(&list);
}

static HrValue *multiply(HrEval *ev, HrValue *left, HrValue *right)
{
    if ((hr_is_string(left) || is_plain_sequence(left)) && is_integer(right))
        return repeat(ev, left, hr_value_get_int(right));
    if ((hr_is_string(right) || is_plain_sequence(right)) && is_integer(left))
        return repeat(ev, right, hr_value_get_int(left));
    return fail_types(ev, HR_OP_MUL, left, right);
}

/* ---- All of them ---- */

HrValue *hr_binary(HrEval *ev, HrOperator op, HrValue *left, HrValue *right)
{
    if (hr_is_undefined(left))
        return hr_eval_fail_undefined(ev, left);
    if (op == HR_OP_MOD && hr_is_string(left))
        return hr_printf(ev, left, right);
    if (hr_is_undefined(right))
        return hr_eval_fail_undefined(ev, right);
    if (is_integer(left) && is_integer(right))
        return int_binary(ev, op, hr_value_get_int(left), hr_value_get_int(right));
    if (is_number(left) && is_number(right))
        return float_binary(ev, op, hr_value_get_float(left), hr_value_get_float(right));
    if (op == HR_OP_ADD)
        return add(ev, left, right);
    if (op == HR_OP_MUL)
        return multiply(ev, left, right);
    return fail_types(ev, op, left, right);
}

HrValue *hr_negate(HrEval *ev, HrValue *value, bool negate)
{
    if (hr_is_undefined(value))
        return hr_eval_fail_undefined(ev, value);
    if (value->kind == HR_VALUE_FLOAT)
        return hr_value_new_float(negate ? -value->real : value->real);
    if (!is_integer(value))
        return hr_eval_fail(ev, "bad operand type for unary %c: '%s'", negate ? '-' : '+',
                            hr_value_type_name(value));
    int64_t integer = hr_value_get_int(value);
    if (negate && integer == INT64_MIN)
        return fail_overflow(ev);
    return hr_value_new_int(negate ? -integer : integer);
}
