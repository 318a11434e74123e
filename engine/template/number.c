/* number.c: numbers and strings laid out in a field.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "template/number.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Digits behind the point that are ever worth printing: a double has 1074 at most. */
#define MAX_PRECISION 1100

/* ---- Digits ---- */

/* Digits of an unsigned number in a base; buf holds 65 bytes. */
static void to_base(uint64_t number, unsigned base, bool upper, char *buf)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char reversed[65];
    size_t n = 0;

    do
        reversed[n++] = digits[number % base];
    while (number /= base);
    for (size_t i = 0; i < n; i++)
        buf[i] = reversed[n - 1 - i];
    buf[n] = '\0';
}

static bool int_digits(HrEval *ev, uint64_t number, const HrNumberFormat *format, GString *out,
                       const char **ret_prefix)
{
    char buf[65];

    switch (format->type) {
    case 'x':
    case 'X':
        to_base(number, 16, format->type == 'X', buf);
        *ret_prefix = format->type == 'X' ? "0X" : "0x";
        break;
    case 'o':
        to_base(number, 8, false, buf);
        *ret_prefix = "0o";
        break;
    case 'b':
        to_base(number, 2, false, buf);
        *ret_prefix = "0b";
        break;
    default:
        to_base(number, 10, false, buf);
        *ret_prefix = "";
    }
    if (!format->alternate)
        *ret_prefix = "";
    for (int n = (int)strlen(buf); n < format->precision; n++)
        g_string_append_c(out, '0'); /* "%.5d" */
    g_string_append(out, buf);
    return true;
}

/* Without its sign. */
static void float_digits(double real, const HrNumberFormat *format, GString *out)
{
    int precision = MIN(format->precision, MAX_PRECISION);
    char type = format->type, spec[16], buf[HR_FLOAT_REPR_MAX];

    if (!isfinite(real)) {
        g_string_append(out, isnan(real) ? "nan" : "inf");
        if (g_ascii_isupper(type))
            g_string_ascii_up(out);
        return;
    }
    if (type == '\0' && precision < 0) {
        hr_float_repr(real, buf);
        g_string_append(out, buf);
        return;
    }
    bool percent = type == '%', plain = type == '\0';
    type = percent ? 'f' : plain || type == 'n' ? 'g' : type;
    g_snprintf(spec, sizeof spec, "%%%s.%d%c", format->alternate ? "#" : "",
               precision < 0 ? 6 : precision, type);
    g_autofree char *wide = g_malloc(MAX_PRECISION + 512);
    g_ascii_formatd(wide, MAX_PRECISION + 512, spec, percent ? real * 100 : real);
    g_string_append(out, wide);
    if (plain && !strpbrk(wide, ".e"))
        g_string_append(out, ".0"); /* a float shows that it is one */
    if (percent)
        g_string_append_c(out, '%');
}

/* A separator between every three digits before the point (four of them for other bases). */
static void group(GString *digits, char separator, size_t every)
{
    size_t whole = strspn(digits->str, "0123456789abcdefABCDEF");
    if (every == 3)
        whole = strspn(digits->str, "0123456789");
    for (size_t at = whole; at > every; at -= every)
        g_string_insert_c(digits, (gssize)(at - every), separator);
}

/* ---- Fields ---- */

static void append_fill(HrText *text, const HrNumberFormat *format, size_t n)
{
    gunichar fill = format->zero && format->fill == ' ' ? '0' : format->fill;
    while (n-- > 0 && !text->failed)
        hr_text_append_char(text, fill, format->fill_trusted);
}

static bool write_number_field(HrEval *ev, HrText *text, const char *sign, const char *prefix,
                               const char *digits, const HrNumberFormat *format)
{
    size_t len = strlen(sign) + strlen(prefix) + strlen(digits);
    size_t room = (size_t)format->width > len ? (size_t)format->width - len : 0;
    char align = format->align ? format->align : format->zero ? '=' : '>';
    size_t left = align == '<' || align == '=' ? 0 : align == '^' ? room / 2 : room;

    if (!hr_eval_charge(ev, room))
        return false;
    append_fill(text, format, left);
    hr_text_append(text, sign, -1, true);
    hr_text_append(text, prefix, -1, true);
    append_fill(text, format, align == '=' ? room : 0);
    hr_text_append(text, digits, -1, true);
    append_fill(text, format, align == '=' ? 0 : room - left);
    return true;
}

bool hr_number_write(HrEval *ev, HrText *text, const HrValue *value, const HrNumberFormat *format)
{
    bool is_float =
        value->kind == HR_VALUE_FLOAT || (format->type && strchr("eEfFgGn%", format->type));
    g_autoptr(GString) digits = g_string_new(NULL);
    const char *prefix = "";
    bool negative;

    if (hr_is_undefined(value))
        return hr_eval_fail_undefined(ev, value);
    if (value->kind != HR_VALUE_INT && value->kind != HR_VALUE_BOOL &&
        value->kind != HR_VALUE_FLOAT)
        return hr_eval_fail(ev, "%%%c format: a real number is required, not %s",
                            format->type ? format->type : 'd', hr_value_type_name(value));
    if (value->kind == HR_VALUE_FLOAT && format->type && strchr("xXobdc", format->type))
        return hr_eval_fail(ev, "%%%c format: an integer is required, not float", format->type);
    if (is_float) {
        double real = hr_value_get_float(value);
        negative = signbit(real) && !isnan(real);
        float_digits(negative ? -real : real, format, digits);
    } else {
        int64_t integer = hr_value_get_int(value);
        negative = integer < 0;
        if (!int_digits(ev, negative ? 0 - (uint64_t)integer : (uint64_t)integer, format, digits,
                        &prefix))
            return false;
    }
    if (format->grouping)
        group(digits, format->grouping, format->type && strchr("xXob", format->type) ? 4 : 3);
    const char *sign = negative ? "-" : format->sign == '+' ? "+" : format->sign == ' ' ? " " : "";
    return write_number_field(ev, text, sign, prefix, digits->str, format);
}

bool hr_string_write(HrEval *ev, HrText *text, const HrValue *string, const HrNumberFormat *format)
{
    size_t chars = string->string.n_chars, len = string->string.len;

    if (format->precision >= 0 && (size_t)format->precision < chars) {
        chars = (size_t)format->precision;
        len = hr_string_offset(string, chars);
    }
    size_t room = (size_t)format->width > chars ? (size_t)format->width - chars : 0;
    size_t left = format->align == '>' ? room : format->align == '^' ? room / 2 : 0;
    if (!hr_eval_charge(ev, room))
        return false;
    append_fill(text, format, left);
    hr_text_append_slice(text, string, 0, len);
    append_fill(text, format, room - left);
    return true;
}
