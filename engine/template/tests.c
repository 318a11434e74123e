/* tests.c: what stands behind "is".
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <string.h>

#include "template/eval.h"

static HrValue *test_defined(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return hr_value_new_bool(!hr_is_undefined(self));
}

static HrValue *test_undefined(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return hr_value_new_bool(hr_is_undefined(self));
}

static HrValue *test_none(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return hr_value_new_bool(self->kind == HR_VALUE_NULL);
}

static HrValue *test_boolean(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return hr_value_new_bool(self->kind == HR_VALUE_BOOL);
}

static HrValue *test_true(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return hr_value_new_bool(self->kind == HR_VALUE_BOOL && self->boolean);
}

static HrValue *test_false(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return hr_value_new_bool(self->kind == HR_VALUE_BOOL && !self->boolean);
}

static HrValue *test_integer(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return hr_value_new_bool(self->kind == HR_VALUE_INT);
}

static HrValue *test_float(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return hr_value_new_bool(self->kind == HR_VALUE_FLOAT);
}

static HrValue *test_number(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return hr_value_new_bool(self->kind == HR_VALUE_INT || self->kind == HR_VALUE_FLOAT ||
                             self->kind == HR_VALUE_BOOL);
}

static HrValue *test_string(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return hr_value_new_bool(hr_is_string(self));
}

static HrValue *test_mapping(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return hr_value_new_bool(self->kind == HR_VALUE_DICT);
}

/* Python's has both a length and items: dicts and text count. */
static HrValue *test_sequence(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    bool list =
        self->kind == HR_VALUE_LIST &&
        (self->form == HR_FORM_PLAIN || self->form == HR_FORM_TUPLE || self->form == HR_FORM_RANGE);
    return hr_value_new_bool(list || hr_is_string(self) || self->kind == HR_VALUE_DICT ||
                             hr_is_undefined(self));
}

static HrValue *test_iterable(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return hr_value_new_bool(self->kind == HR_VALUE_LIST || hr_is_string(self) ||
                             self->kind == HR_VALUE_DICT || hr_is_undefined(self));
}

static HrValue *test_callable(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return hr_value_new_bool(hr_is_callable(self));
}

static HrValue *test_escaped(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return hr_value_new_bool(hr_is_string(self) && self->form == HR_FORM_MARKUP);
}

/* Constants and small numbers are the same object in Python wherever they come from. */
static HrValue *test_sameas(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    const HrValue *other = argv[0];
    bool constant =
        self->kind == HR_VALUE_NULL || self->kind == HR_VALUE_BOOL || self->kind == HR_VALUE_INT;
    return hr_value_new_bool(
        self == other || (constant && self->kind == other->kind && hr_value_equal(self, other)));
}

/* ---- Text and numbers ---- */

/* Whether str(value) has letters, all of the one case. */
static HrValue *all_case(HrEval *ev, HrValue *value, bool upper)
{
    g_autoptr(HrValue) string = hr_eval_str(ev, value);
    bool any = false, other = false;

    for (size_t i = 0; string && i < string->string.len; i += hr_string_char_len(string, i)) {
        gunichar c = hr_string_char(string, i);
        any |= upper ? g_unichar_isupper(c) : g_unichar_islower(c);
        other |= g_unichar_istitle(c) || (upper ? g_unichar_islower(c) : g_unichar_isupper(c));
    }
    return string ? hr_value_new_bool(any && !other) : NULL;
}

static HrValue *test_lower(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return all_case(ev, self, false);
}

static HrValue *test_upper(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return all_case(ev, self, true);
}

/* value % divisor == remainder */
static HrValue *has_remainder(HrEval *ev, HrValue *value, HrValue *divisor, int64_t remainder)
{
    g_autoptr(HrValue) rest = hr_binary(ev, HR_OP_MOD, value, divisor);
    g_autoptr(HrValue) wanted = hr_value_new_int(remainder);
    return rest ? hr_value_new_bool(hr_value_equal(rest, wanted)) : NULL;
}

static HrValue *test_divisibleby(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return has_remainder(ev, self, argv[0], 0);
}

static HrValue *test_even(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) two = hr_value_new_int(2);
    return has_remainder(ev, self, two, 0);
}

static HrValue *test_odd(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) two = hr_value_new_int(2);
    return has_remainder(ev, self, two, 1);
}

/* ---- Relations ---- */

static HrValue *relation(HrEval *ev, HrOperator op, HrValue *left, HrValue *right)
{
    bool holds;
    return hr_relation(ev, op, left, right, &holds) ? hr_value_new_bool(holds) : NULL;
}

static HrValue *test_eq(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return relation(ev, HR_OP_EQ, self, argv[0]);
}

static HrValue *test_ne(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return relation(ev, HR_OP_NE, self, argv[0]);
}

static HrValue *test_lt(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return relation(ev, HR_OP_LT, self, argv[0]);
}

static HrValue *test_le(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return relation(ev, HR_OP_LE, self, argv[0]);
}

static HrValue *test_gt(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return relation(ev, HR_OP_GT, self, argv[0]);
}

static HrValue *test_ge(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return relation(ev, HR_OP_GE, self, argv[0]);
}

static HrValue *test_in(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return relation(ev, HR_OP_IN, self, argv[0]);
}

/* ---- What is built in ---- */

static HrValue *test_filter(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return hr_value_new_bool(hr_is_string(self) && hr_has_filter(self->string.bytes));
}

static HrValue *test_test(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return hr_value_new_bool(hr_is_string(self) && hr_has_test(self->string.bytes));
}

static const HrBuiltin tests[] = {
    {"defined", "", 0, .call = test_defined},
    {"undefined", "", 0, .call = test_undefined},
    {"none", "", 0, .call = test_none},
    {"boolean", "", 0, .call = test_boolean},
    {"true", "", 0, .call = test_true},
    {"false", "", 0, .call = test_false},
    {"integer", "", 0, .call = test_integer},
    {"float", "", 0, .call = test_float},
    {"number", "", 0, .call = test_number},
    {"string", "", 0, .call = test_string},
    {"mapping", "", 0, .call = test_mapping},
    {"sequence", "", 0, .call = test_sequence},
    {"iterable", "", 0, .call = test_iterable},
    {"callable", "", 0, .call = test_callable},
    {"escaped", "", 0, .call = test_escaped},
    {"sameas", "other", 1, .call = test_sameas},
    {"lower", "", 0, .call = test_lower},
    {"upper", "", 0, .call = test_upper},
    {"even", "", 0, .call = test_even},
    {"odd", "", 0, .call = test_odd},
    {"divisibleby", "num", 1, .call = test_divisibleby},
    {"eq", "b", 1, .call = test_eq},
    {"equalto", "b", 1, .call = test_eq},
    {"==", "b", 1, .call = test_eq},
    {"ne", "b", 1, .call = test_ne},
    {"!=", "b", 1, .call = test_ne},
    {"lt", "b", 1, .call = test_lt},
    {"lessthan", "b", 1, .call = test_lt},
    {"<", "b", 1, .call = test_lt},
    {"le", "b", 1, .call = test_le},
    {"<=", "b", 1, .call = test_le},
    {"gt", "b", 1, .call = test_gt},
    {"greaterthan", "b", 1, .call = test_gt},
    {">", "b", 1, .call = test_gt},
    {"ge", "b", 1, .call = test_ge},
    {">=", "b", 1, .call = test_ge},
    {"in", "seq", 1, .call = test_in},
    {"filter", "", 0, .call = test_filter},
    {"test", "", 0, .call = test_test},
    {NULL},
};

bool hr_has_test(const char *name)
{
    return hr_builtin_find(tests, name) != NULL;
}

bool hr_test(HrEval *ev, const char *name, HrValue *input, const HrArgs *args, bool *ret_holds)
{
    const HrBuiltin *test = hr_builtin_find(tests, name);
    if (test == NULL)
        return hr_eval_fail(ev, "No test named '%s'.", name);
    g_autoptr(HrValue) result = hr_builtin_call(ev, test, input, args);
    if (result)
        *ret_holds = hr_value_truthy(result);
    return result != NULL;
}
