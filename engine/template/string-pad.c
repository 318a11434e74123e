/* string-pad.c: str methods that fill a string up to a width.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "template/string-methods.h"

static void append_times(HrText *text, const HrValue *fill, size_t n)
{
    while (n-- > 0 && !text->failed)
        hr_text_append_string(text, fill);
}

/* Room left of a string that is to be argv[0] characters wide. */
static bool padding(HrEval *ev, const HrValue *string, const HrValue *width, size_t *ret_padding)
{
    int64_t wanted;

    if (!hr_arg_int(ev, width, 0, &wanted))
        return false;
    if (wanted > (int64_t)HR_TEMPLATE_MAX_REPEAT)
        return hr_eval_fail(ev, "padding to more than %zu characters", HR_TEMPLATE_MAX_REPEAT);
    *ret_padding =
        wanted > (int64_t)string->string.n_chars ? (size_t)wanted - string->string.n_chars : 0;
    return hr_eval_charge(ev, *ret_padding);
}

/* share: how many of the characters go to the left. */
static HrValue *pad(HrEval *ev, HrValue *string, HrValue *const *argv, size_t left, size_t right)
{
    g_autoptr(HrValue) fill = argv[1] ? hr_value_ref(argv[1]) : hr_value_new_string(" ", 1, true);
    g_auto(HrText) text = { 0 };

    hr_text_init(&text, &ev->budget);
    if (!hr_is_string(fill) || fill->string.n_chars != 1)
        return hr_eval_fail(ev, "The fill character must be exactly one character long");
    append_times(&text, fill, left);
    hr_text_append_string(&text, string);
    append_times(&text, fill, right);
    return hr_eval_finish_text(ev, &text);
}

HrValue *hr_string_ljust(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    size_t n;
    return padding(ev, self, argv[0], &n) ? pad(ev, self, argv, 0, n) : NULL;
}

HrValue *hr_string_rjust(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    size_t n;
    return padding(ev, self, argv[0], &n) ? pad(ev, self, argv, n, 0) : NULL;
}

HrValue *hr_string_center(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    HrValue *const arguments[2] = { argv[0], argv ? argv[1] : NULL };
    size_t n;
    if (!padding(ev, self, argv[0], &n))
        return NULL;
    /* An odd one goes to the left only if the whole width is odd, as in Python. */
    size_t left = n / 2 + (n & (n + self->string.n_chars) & 1);
    return pad(ev, self, arguments, left, n - left);
}

HrValue *hr_string_zfill(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) zero = hr_value_new_string("0", 1, true);
    bool sign = self->string.bytes[0] == '-' || self->string.bytes[0] == '+';
    g_auto(HrText) text = { 0 };
    size_t n;

    hr_text_init(&text, &ev->budget);
    if (!padding(ev, self, argv[0], &n))
        return NULL;
    hr_text_append_slice(&text, self, 0, sign);
    append_times(&text, zero, n);
    hr_text_append_slice(&text, self, sign, self->string.len - sign);
    return hr_eval_finish_text(ev, &text);
}

HrValue *hr_string_expandtabs(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) blank = hr_value_new_string(" ", 1, true);
    int64_t size, column = 0;
    g_auto(HrText) text = { 0 };

    hr_text_init(&text, &ev->budget);
    if (!hr_arg_int(ev, argv[0], 8, &size))
        return NULL;
    if (size > (int64_t)HR_TEMPLATE_MAX_REPEAT)
        return hr_eval_fail(ev, "tabs of more than %zu characters", HR_TEMPLATE_MAX_REPEAT);
    for (size_t i = 0, len; i < self->string.len && !text.failed; i += len) {
        len = hr_string_char_len(self, i);
        char c = self->string.bytes[i];
        if (c != '\t') {
            hr_text_append_slice(&text, self, i, len);
            column = c == '\n' || c == '\r' ? 0 : column + 1;
        } else if (size > 0) {
            append_times(&text, blank, (size_t)(size - column % size));
            column += size - column % size;
        }
    }
    return hr_eval_finish_text(ev, &text);
}
