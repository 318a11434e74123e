/* schema-number.c: numbers within bounds, digit by digit.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A number with k decimals between two bounds is a whole number between bounds 10^k times as large,
 * with a point in it. Whole numbers of n digits between two others are told apart by the digits
 * that they have in common with the bounds.
 */
#include "grammar/schema-reader.h"

#include <math.h>
#include <string.h>

#define MAX_DIGITS 15           /* of a bound and of its decimals together: exact in a double */
#define MAX_DECIMALS 6
#define LARGEST 999999999999999 /* MAX_DIGITS nines: what "no bound" means */

typedef struct {
    HrSchemaReader *reader;
    unsigned point; /* decimals; 0: none and no point */
} Digits;

static HrExpr digit_between(HrSchemaReader *reader, char low, char high)
{
    HrCodeRange range = {(guchar)low, (guchar)high};

    return hr_expr_class(reader->syntax, &range, 1);
}

/* Digits at and behind `at` of n, any of them; the point comes before the last `point`. */
static HrExpr any_digits(const Digits *d, size_t at, size_t n)
{
    g_autoptr(GArray) items = g_array_new(false, false, sizeof(HrExpr));

    for (; at < n; at++) {
        HrExpr dot = hr_expr_literal(d->reader->syntax, ".", 1),
               digit = digit_between(d->reader, '0', '9');
        if (d->point > 0 && at == n - d->point)
            g_array_append_val(items, dot);
        g_array_append_val(items, digit);
    }
    return hr_expr_sequence(d->reader->syntax, (const HrExpr *)items->data, items->len);
}

/* Numbers with the digits low[at..n) to high[at..n), both n long. */
static HrExpr between(const Digits *d, const char *low, const char *high, size_t at, size_t n)
{
    HrSyntax *syntax = d->reader->syntax;
    g_autoptr(GArray) items = g_array_new(false, false, sizeof(HrExpr));
    HrExpr item, before = HR_EXPR_EMPTY;
    char least = low[at], most = high[at];

    if (at == n)
        return HR_EXPR_EMPTY;
    if (d->point > 0 && at == n - d->point)
        before = hr_expr_literal(syntax, ".", 1);
    if (least == most) {
        item = hr_expr_sequence_of(syntax, before, digit_between(d->reader, least, most),
                                   between(d, low, high, at + 1, n));
        return item;
    }
    if (strspn(low + at + 1, "0") < n - at - 1) {
        item = hr_expr_sequence_of(syntax, before, digit_between(d->reader, least, least),
                                   between(d, low, &"999999999999999999999999"[24 - n], at + 1, n));
        g_array_append_val(items, item);
        least++;
    }
    if (strspn(high + at + 1, "9") < n - at - 1) {
        item =
            hr_expr_sequence_of(syntax, before, digit_between(d->reader, most, most),
                                between(d, &"000000000000000000000000"[24 - n], high, at + 1, n));
        g_array_append_val(items, item);
        most--;
    }
    if (least <= most) {
        item = hr_expr_sequence_of(syntax, before, digit_between(d->reader, least, most),
                                   any_digits(d, at + 1, n));
        g_array_append_val(items, item);
    }
    return hr_expr_choice(syntax, (const HrExpr *)items->data, items->len);
}

static int64_t power_of_ten(unsigned n)
{
    int64_t power = 1;

    while (n-- > 0)
        power *= 10;
    return power;
}

/* low and high: not negative, times 10^point. By their number of digits, since the first one must
 * not be 0 (but for 0.…). */
static HrExpr natural(const Digits *d, int64_t low, int64_t high)
{
    g_autoptr(GArray) items = g_array_new(false, false, sizeof(HrExpr));

    for (unsigned n = d->point + 1; n <= MAX_DIGITS + 2; n++) {
        int64_t first = MAX(low, n == d->point + 1 ? 0 : power_of_ten(n - 1)),
                last = MIN(high, power_of_ten(n) - 1);
        char low_digits[32], high_digits[32];

        if (first > last)
            continue;
        g_snprintf(low_digits, sizeof low_digits, "%0*" G_GINT64_FORMAT, (int)n, first);
        g_snprintf(high_digits, sizeof high_digits, "%0*" G_GINT64_FORMAT, (int)n, last);
        HrExpr item = between(d, low_digits, high_digits, 0, n);
        g_array_append_val(items, item);
    }
    return hr_expr_choice(d->reader->syntax, (const HrExpr *)items->data, items->len);
}

/* Both times 10^point. */
static HrExpr scaled(HrSchemaReader *reader, int64_t low, int64_t high, unsigned point)
{
    Digits d = {reader, point};
    HrExpr positive = low <= high && high >= 0 ? natural(&d, MAX(low, 0), high) : HR_EXPR_NOTHING;
    HrExpr negative = HR_EXPR_NOTHING;

    if (low <= high && low < 0)
        negative = hr_expr_sequence_of(reader->syntax, hr_expr_literal(reader->syntax, "-", 1),
                                       natural(&d, MAX(-high, 1), -low));
    return hr_expr_choice_of(reader->syntax, positive, negative);
}

/* ---- Bounds ---- */

static bool get_bound(HrSchemaReader *reader, const HrValue *schema, const char *keyword,
                      double *ret_bound)
{
    HrValue *value = hr_value_lookup(schema, keyword);

    if (!value || hr_value_kind(value) == HR_VALUE_BOOL)
        return false;
    if (hr_value_kind(value) != HR_VALUE_INT && hr_value_kind(value) != HR_VALUE_FLOAT) {
        hr_schema_fail(reader, "%s must be a number", keyword);
        return false;
    }
    *ret_bound = hr_value_kind(value) == HR_VALUE_INT ? (double)hr_value_get_int(value)
                                                      : hr_value_get_float(value);
    return true;
}

typedef struct {
    double low, high;
    bool excludes_low, excludes_high;
} Bounds;

/* Older schemas say exclusiveMinimum: true beside a minimum. */
static bool says_true(const HrValue *schema, const char *keyword)
{
    HrValue *value = hr_value_lookup(schema, keyword);

    return value && hr_value_kind(value) == HR_VALUE_BOOL && hr_value_get_bool(value);
}

/* False: none is given. */
static bool get_bounds(HrSchemaReader *reader, const HrValue *schema, Bounds *ret_bounds)
{
    Bounds b = {-LARGEST, LARGEST, false, false};
    double bound;
    bool any = false;

    if (get_bound(reader, schema, "minimum", &bound)) {
        b.low = MAX(b.low, bound);
        b.excludes_low = says_true(schema, "exclusiveMinimum");
        any = true;
    }
    if (get_bound(reader, schema, "maximum", &bound)) {
        b.high = MIN(b.high, bound);
        b.excludes_high = says_true(schema, "exclusiveMaximum");
        any = true;
    }
    if (get_bound(reader, schema, "exclusiveMinimum", &bound)) {
        b.excludes_low = bound >= b.low || b.excludes_low;
        b.low = MAX(b.low, bound);
        any = true;
    }
    if (get_bound(reader, schema, "exclusiveMaximum", &bound)) {
        b.excludes_high = bound <= b.high || b.excludes_high;
        b.high = MIN(b.high, bound);
        any = true;
    }
    *ret_bounds = b;
    return any;
}

/* The whole numbers that, divided by 10^point, are within the bounds, as far as they have
 * MAX_DIGITS. */
static void scale(const Bounds *b, unsigned point, int64_t *ret_low, int64_t *ret_high)
{
    double factor = (double)power_of_ten(point);
    double low = MAX(ceil(b->low * factor), -LARGEST), high = MIN(floor(b->high * factor), LARGEST);

    /* What is printed is read again as a double: that has to be within. */
    while (low <= high && (low / factor < b->low || (b->excludes_low && low / factor <= b->low)))
        low++;
    while (low <= high &&
           (high / factor > b->high || (b->excludes_high && high / factor >= b->high)))
        high--;
    *ret_low = (int64_t)MIN(low, LARGEST + 1.0);
    *ret_high = (int64_t)MAX(high, -LARGEST - 1.0);
}

static HrExpr bounded(HrSchemaReader *reader, const Bounds *b, bool integer)
{
    g_autoptr(GArray) items = g_array_new(false, false, sizeof(HrExpr));
    int64_t low, high;

    if (!(b->low <= b->high))
        return HR_EXPR_NOTHING;
    if (fabs(b->low) > LARGEST || fabs(b->high) > LARGEST)
        return hr_schema_fail(reader, "a number's bound has more than %d digits", MAX_DIGITS);
    for (unsigned point = 0; point <= (integer ? 0 : MAX_DECIMALS); point++) {
        scale(b, point, &low, &high);
        HrExpr item = scaled(reader, low, high, point);
        g_array_append_val(items, item);
    }
    return hr_expr_choice(reader->syntax, (const HrExpr *)items->data, items->len);
}

/* ---- Without bounds ---- */

static HrExpr digits(HrSchemaReader *reader, uint32_t min, uint32_t max)
{
    return hr_expr_repeat(reader->syntax, digit_between(reader, '0', '9'), min, max);
}

static HrExpr whole(HrSchemaReader *reader)
{
    HrSyntax *syntax = reader->syntax;
    HrExpr large = hr_expr_sequence_of(syntax, digit_between(reader, '1', '9'),
                                       digits(reader, 0, MAX_DIGITS - 1));

    return hr_expr_sequence_of(syntax, hr_expr_optional(syntax, hr_expr_literal(syntax, "-", 1)),
                               hr_expr_choice_of(syntax, hr_expr_literal(syntax, "0", 1), large));
}

/* Exponents of two digits: what no reader of JSON refuses. */
HrExpr hr_schema_any_number(HrSchemaReader *reader)
{
    HrSyntax *syntax = reader->syntax;

    if (reader->number == 0) {
        static const HrCodeRange e[] = {{'E', 'E'}, {'e', 'e'}}, sign[] = {{'+', '+'}, {'-', '-'}};
        HrExpr fraction = hr_expr_sequence_of(syntax, hr_expr_literal(syntax, ".", 1),
                                              digits(reader, 1, MAX_DIGITS));
        HrExpr exponent =
            hr_expr_sequence_of(syntax, hr_expr_class(syntax, e, 2),
                                hr_expr_optional(syntax, hr_expr_class(syntax, sign, 2)),
                                digits(reader, 1, 2));
        reader->number =
            hr_expr_shared(syntax, hr_expr_sequence_of(syntax, whole(reader),
                                                       hr_expr_optional(syntax, fraction),
                                                       hr_expr_optional(syntax, exponent)));
    }
    return reader->number;
}

HrExpr hr_schema_number(HrSchemaReader *reader, const HrValue *schema, bool integer)
{
    Bounds bounds;

    if (get_bounds(reader, schema, &bounds))
        return hr_expr_shared(reader->syntax, bounded(reader, &bounds, integer));
    return integer ? hr_expr_shared(reader->syntax, whole(reader)) : hr_schema_any_number(reader);
}
