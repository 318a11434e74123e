/* printf.c: "text %s" % values, as Python formats it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "template/number.h"

typedef struct {
    HrEval *ev;
    const HrValue *format;
    HrValue *arguments; /* a tuple, a dict or the only value */
    size_t next;        /* of a tuple; 1 once the only value was taken */
    HrText text;
} Printer;

/* The next value, or the one that a star stands for. Borrowed. */
static HrValue *take_argument(Printer *printer)
{
    bool tuple =
        printer->arguments->kind == HR_VALUE_LIST && printer->arguments->form == HR_FORM_TUPLE;
    size_t n = tuple ? printer->arguments->list.n : 1;

    if (printer->next >= n)
        return hr_eval_fail(printer->ev, "not enough arguments for format string");
    HrValue *value = tuple ? printer->arguments->list.items[printer->next] : printer->arguments;
    printer->next++;
    return value;
}

/* "(name)" at *at. Borrowed. */
static HrValue *named_argument(Printer *printer, size_t *at)
{
    const char *start = printer->format->string.bytes + *at + 1;
    const char *end = strchr(start, ')');

    if (end == NULL)
        return hr_eval_fail(printer->ev, "incomplete format key");
    if (printer->arguments->kind != HR_VALUE_DICT)
        return hr_eval_fail(printer->ev, "format requires a mapping");
    *at += 2 + (size_t)(end - start);
    g_autofree char *name = g_strndup(start, (size_t)(end - start));
    HrValue *value = hr_value_lookup(printer->arguments, name);
    printer->next = 1;
    return value ? value : hr_eval_fail(printer->ev, "'%s'", name);
}

/* Digits or "*" at *at. */
static bool read_count(Printer *printer, size_t *at, int *ret_count)
{
    const char *bytes = printer->format->string.bytes;
    int64_t count = 0;

    if (bytes[*at] == '*') {
        const HrValue *value = take_argument(printer);
        if (value == NULL || !hr_arg_int(printer->ev, value, 0, &count))
            return false;
        ++*at;
    }
    for (; g_ascii_isdigit(bytes[*at]); ++*at)
        count = MIN(count * 10 + (bytes[*at] - '0'), (int64_t)HR_TEMPLATE_MAX_REPEAT + 1);
    if (ABS(count) > (int64_t)HR_TEMPLATE_MAX_REPEAT)
        return hr_eval_fail(printer->ev, "a field of more than %zu characters",
                            HR_TEMPLATE_MAX_REPEAT);
    *ret_count = (int)count;
    return true;
}

static void read_flags(Printer *printer, size_t *at, HrNumberFormat *format)
{
    for (;; ++*at) {
        switch (printer->format->string.bytes[*at]) {
        case '-':
            format->align = '<';
            break;
        case '+':
            format->sign = '+';
            break;
        case ' ':
            format->sign = format->sign == '+' ? '+' : ' ';
            break;
        case '0':
            format->zero = true;
            break;
        case '#':
            format->alternate = true;
            break;
        default:
            return;
        }
    }
}

static HrValue *convert_text(Printer *printer, HrValue *value, char type)
{
    return type == 's' ? hr_eval_str(printer->ev, value) : hr_eval_repr(printer->ev, value);
}

static HrValue *convert_char(Printer *printer, HrValue *value)
{
    if (hr_is_string(value) && value->string.n_chars == 1)
        return hr_value_ref(value);
    if (value->kind != HR_VALUE_INT || value->integer < 1 || value->integer > 0x10FFFF ||
        (value->integer >= 0xD800 && value->integer <= 0xDFFF))
        return hr_eval_fail(printer->ev, "%%c requires int or char");
    char utf8[6];
    /* Not trusted: whoever chose the number chose the text. */
    return hr_value_new_string(utf8, g_unichar_to_utf8((gunichar)value->integer, utf8), false);
}

static bool write_conversion(Printer *printer, HrValue *value, HrNumberFormat *format)
{
    g_autoptr(HrValue) string = NULL;

    switch (format->type) {
    case 's':
    case 'r':
    case 'a':
        string = convert_text(printer, value, format->type);
        break;
    case 'c':
        string = convert_char(printer, value);
        break;
    case 'i':
    case 'u':
        format->type = 'd';
        /* fall through */
    default:
        if (format->align == '\0')
            format->align = format->zero ? '=' : '>';
        if (strchr("doxX", format->type) && value->kind == HR_VALUE_FLOAT && format->type == 'd') {
            g_autoptr(HrValue) whole = hr_value_new_int(hr_value_get_int(value));
            return hr_number_write(printer->ev, &printer->text, whole, format);
        }
        return hr_number_write(printer->ev, &printer->text, value, format);
    }
    if (string == NULL)
        return false;
    format->align = format->align ? format->align : '>';
    format->zero = false;
    return hr_string_write(printer->ev, &printer->text, string, format);
}

/* Behind "%". */
static bool write_field(Printer *printer, size_t *at)
{
    const char *bytes = printer->format->string.bytes;
    HrNumberFormat format = HR_NUMBER_FORMAT_INIT;
    HrValue *value = NULL;
    int precision;

    if (bytes[*at] == '(' && !(value = named_argument(printer, at)))
        return false;
    read_flags(printer, at, &format);
    if (!read_count(printer, at, &format.width))
        return false;
    if (format.width < 0) {
        format.align = '<';
        format.width = -format.width;
    }
    if (bytes[*at] == '.') {
        ++*at;
        if (!read_count(printer, at, &precision))
            return false;
        format.precision = MAX(precision, 0);
    }
    format.type = bytes[*at];
    if (format.type == '\0')
        return hr_eval_fail(printer->ev, "incomplete format");
    ++*at;
    if (format.type == '%') {
        hr_text_append(&printer->text, "%", 1, hr_string_trusted_at(printer->format, *at - 1));
        return true;
    }
    if (!strchr("sracdiuoxXeEfFgG", format.type))
        return hr_eval_fail(printer->ev, "unsupported format character '%c'",
                            g_ascii_isprint(format.type) ? format.type : '?');
    if (value == NULL && !(value = take_argument(printer)))
        return false;
    return write_conversion(printer, value, &format);
}

/* Whether there are arguments left over. What can be subscripted may always be, since it could
 * serve named fields. */
static bool has_rest(const Printer *printer)
{
    const HrValue *arguments = printer->arguments;

    if (arguments->kind == HR_VALUE_LIST && arguments->form == HR_FORM_TUPLE)
        return printer->next < arguments->list.n;
    if (arguments->kind == HR_VALUE_DICT || hr_is_undefined(arguments) ||
        (arguments->kind == HR_VALUE_LIST &&
         (arguments->form == HR_FORM_PLAIN || arguments->form == HR_FORM_RANGE)))
        return false;
    return printer->next == 0;
}

HrValue *hr_printf(HrEval *ev, HrValue *format, HrValue *arguments)
{
    Printer printer = { .ev = ev, .format = format, .arguments = arguments };
    const char *bytes = format->string.bytes;
    HrValue *result = NULL;
    size_t at = 0;
    bool written = true;

    hr_text_init(&printer.text, &ev->budget);
    while (at < format->string.len && written) {
        const char *percent = memchr(bytes + at, '%', format->string.len - at);
        size_t end = percent ? (size_t)(percent - bytes) : format->string.len;
        hr_text_append_slice(&printer.text, format, at, end - at);
        at = end + (percent != NULL);
        written = hr_eval_charge(ev, 1) && (!percent || write_field(&printer, &at));
    }
    if (written && has_rest(&printer))
        hr_eval_fail(ev, "not all arguments converted during string formatting");
    else if (written)
        result = hr_eval_finish_text(ev, &printer.text);
    hr_text_clear(&printer.text);
    return result;
}
