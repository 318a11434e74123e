/* filter-number.c: filters that give numbers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "template/eval.h"
#include "template/key.h"
#include "template/unicode.h"

/* ---- Conversion ---- */

/* The text of a number literal without blanks around and "_" between digits, or NULL. */
static char *clean_number(const HrValue *string)
{
    const char *text = string->string.bytes;
    size_t start = hr_leading_space(text, string->string.len);
    size_t end = hr_without_trailing_space(text, string->string.len);
    GString *clean = g_string_new(NULL);

    for (size_t i = start; i < end; i++) {
        if (text[i] != '_') {
            g_string_append_c(clean, text[i]);
            continue;
        }
        if (i == start || i + 1 == end || !g_ascii_isalnum(text[i - 1]) ||
            !g_ascii_isalnum(text[i + 1])) {
            g_string_free(clean, TRUE);
            return NULL;
        }
    }
    return g_string_free(clean, FALSE);
}

static bool parse_int(const HrValue *string, guint base, int64_t *ret_value)
{
    g_autofree char *text = string->string.len < 256 ? clean_number(string) : NULL;
    char *end;

    if (text == NULL)
        return false;
    const char *digits = text + (*text == '-' || *text == '+');
    char mark = digits[0] == '0' ? g_ascii_tolower(digits[1]) : '\0';
    guint marked = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 0;
    if (marked && (base == marked || base == 0)) {
        digits += 2;
        base = marked;
    } else if (base == 0)
        base = 10;
    if (!g_ascii_isalnum(*digits))
        return false;
    errno = 0;
    /* g_ascii_strtoull would take "0x" on its own account. */
    guint64 number = base == 16 && g_ascii_tolower(digits[1]) == 'x'
                         ? (errno = ERANGE, 0)
                         : g_ascii_strtoull(digits, &end, base);
    if (errno || *end != '\0' || number > INT64_MAX)
        return false;
    *ret_value = *text == '-' ? -(int64_t)number : (int64_t)number;
    return true;
}

static bool parse_float(const HrValue *string, double *ret_value)
{
    g_autofree char *text = string->string.len < 1024 ? clean_number(string) : NULL;
    char *end;

    if (text == NULL || *text == '\0')
        return false;
    /* strtod knows hexadecimal floats and "nan(...)", Python's float() does not. */
    if (strpbrk(text, "xX(") != NULL)
        return false;
    *ret_value = g_ascii_strtod(text, &end);
    return *end == '\0';
}

static HrValue *fallback_or(const HrValue *argument, HrValue *take_fallback)
{
    if (argument == NULL)
        return take_fallback;
    hr_value_unref(take_fallback);
    return hr_value_ref((HrValue *)argument);
}

/* int(float). What is too large for us is a number nevertheless, and gets no fallback. */
static HrValue *truncated(HrEval *ev, double real, const HrValue *fallback)
{
    if (!isfinite(real))
        return fallback_or(fallback, hr_value_new_int(0));
    if (fabs(real) >= 0x1p63)
        return hr_eval_fail(ev, "an integer does not fit in 64 bits");
    return hr_value_new_int((int64_t)real);
}

static HrValue *filter_int(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    int64_t base, integer;
    double real;

    if (hr_is_undefined(self))
        return hr_eval_fail_undefined(ev, self);
    if (!hr_arg_int(ev, argv[1], 10, &base))
        return NULL;
    if (base != 0 && (base < 2 || base > 36))
        return fallback_or(argv[0], hr_value_new_int(0));
    if (self->kind == HR_VALUE_INT || self->kind == HR_VALUE_BOOL)
        return hr_value_new_int(hr_value_get_int(self));
    if (self->kind == HR_VALUE_FLOAT)
        return truncated(ev, self->real, argv[0]);
    if (hr_is_string(self) && parse_int(self, (guint)base, &integer))
        return hr_value_new_int(integer);
    if (hr_is_string(self) && parse_float(self, &real))
        return truncated(ev, real, argv[0]);
    return fallback_or(argv[0], hr_value_new_int(0));
}

static HrValue *filter_float(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    double real;

    if (hr_is_undefined(self))
        return hr_eval_fail_undefined(ev, self);
    if (self->kind == HR_VALUE_INT || self->kind == HR_VALUE_BOOL || self->kind == HR_VALUE_FLOAT)
        return hr_value_new_float(hr_value_get_float(self));
    if (hr_is_string(self) && parse_float(self, &real))
        return hr_value_new_float(real);
    return fallback_or(argv[0], hr_value_new_float(0));
}

/* ---- Arithmetic ---- */

static HrValue *filter_abs(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    if (hr_is_undefined(self))
        return hr_eval_fail_undefined(ev, self);
    if (self->kind == HR_VALUE_FLOAT)
        return hr_value_new_float(fabs(self->real));
    if (self->kind != HR_VALUE_INT && self->kind != HR_VALUE_BOOL)
        return hr_eval_fail(ev, "bad operand type for abs(): '%s'", hr_value_type_name(self));
    return hr_negate(ev, self, hr_value_get_int(self) < 0);
}

/* Python's round(): exact decimal rounding, halves to even. */
static double round_to(double value, int precision)
{
    char buf[512]; /* 309 digits before the point, at most 100 behind */

    if (precision >= 0) {
        g_ascii_formatd(buf, sizeof buf,
                        precision > 99 ? "%.99f"
                                       : (char[]){'%', '.', (char)('0' + precision / 10),
                                                  (char)('0' + precision % 10), 'f', '\0'},
                        value);
        return g_ascii_strtod(buf, NULL);
    }
    double scale = pow(10, -precision);
    return isinf(scale) ? 0 : nearbyint(value / scale) * scale;
}

static HrValue *filter_round(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    int64_t precision;

    if (hr_is_undefined(self))
        return hr_eval_fail_undefined(ev, self);
    if (self->kind != HR_VALUE_INT && self->kind != HR_VALUE_BOOL && self->kind != HR_VALUE_FLOAT)
        return hr_eval_fail(ev, "type %s doesn't define __round__ method",
                            hr_value_type_name(self));
    if (!hr_arg_int(ev, argv[0], 0, &precision))
        return NULL;
    precision = CLAMP(precision, -400, 400);
    double value = hr_value_get_float(self), scale = pow(10, (double)precision);
    if (argv[1] && hr_string_equal(argv[1], "ceil"))
        return hr_value_new_float(ceil(value * scale) / scale);
    if (argv[1] && hr_string_equal(argv[1], "floor"))
        return hr_value_new_float(floor(value * scale) / scale);
    if (argv[1] && !hr_string_equal(argv[1], "common"))
        return hr_eval_fail(ev, "method must be common, ceil or floor");
    if (self->kind != HR_VALUE_FLOAT && precision >= 0)
        return hr_value_new_int(hr_value_get_int(self));
    double rounded = isfinite(value) ? round_to(value, (int)precision) : value;
    return self->kind == HR_VALUE_FLOAT ? hr_value_new_float(rounded)
                                        : hr_value_new_int((int64_t)rounded);
}

static HrValue *filter_sum(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) items = hr_eval_iterate(ev, self);
    g_autoptr(HrValue) total = argv[1] ? hr_value_ref(argv[1]) : hr_value_new_int(0);

    if (items == NULL)
        return NULL;
    if (hr_is_string(total))
        return hr_eval_fail(ev, "sum() can't sum strings [use ''.join(seq) instead]");
    for (size_t i = 0; i < items->list.n; i++) {
        g_autoptr(HrValue) item = argv[0] && argv[0]->kind != HR_VALUE_NULL
                                      ? hr_key_attribute(ev, items->list.items[i], argv[0], NULL)
                                      : hr_value_ref(items->list.items[i]);
        HrValue *next = item ? hr_binary(ev, HR_OP_ADD, total, item) : NULL;
        if (next == NULL)
            return NULL;
        hr_value_unref(total);
        total = next;
    }
    return g_steal_pointer(&total);
}

static HrValue *filter_filesizeformat(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    static const char *const decimal[] = { "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB" };
    static const char *const binary[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB" };
    bool is_binary = hr_arg_bool(argv[0], false);
    g_autoptr(HrValue) unfit = hr_value_new_null();
    HrValue *const fallback[HR_BUILTIN_MAX_PARAMETERS] = { unfit };
    g_autoptr(HrValue) number = filter_float(ev, self, fallback);
    double base = is_binary ? 1024 : 1000, unit = base;
    char digits[64], buf[80];

    if (number == NULL)
        return NULL;
    if (number == unfit)
        return hr_eval_fail(ev, "a size must be a number, not %s", hr_value_type_name(self));
    if (number->real == 1)
        return hr_value_new_string("1 Byte", -1, true);
    if (number->real < base) {
        g_snprintf(buf, sizeof buf, "%" G_GINT64_FORMAT " Bytes", hr_value_get_int(number));
        return hr_value_new_string(buf, -1, true);
    }
    size_t i = 0;
    while (i < 7 && number->real >= unit * base) {
        unit *= base;
        i++;
    }
    g_ascii_formatd(digits, sizeof digits, "%.1f", number->real / unit);
    g_snprintf(buf, sizeof buf, "%s %s", digits, is_binary ? binary[i] : decimal[i]);
    return hr_value_new_string(buf, -1, true);
}

const HrBuiltin hr_number_filters[] = {
    { "int", "default base", 0, .call = filter_int },
    { "float", "default", 0, .call = filter_float },
    { "abs", "", 0, .call = filter_abs },
    { "round", "precision method", 0, .call = filter_round },
    { "sum", "attribute start", 0, .call = filter_sum },
    { "filesizeformat", "binary", 0, .call = filter_filesizeformat },
    { NULL },
};
