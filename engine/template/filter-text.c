/* filter-text.c: filters that make text.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where Python has a str method of the same meaning, the filter is that method on str(value).
 */
#include <string.h>

#include "template/eval.h"
#include "template/unicode.h"

/* The str method of that name on str(self). */
static HrValue *by_method(HrEval *ev, HrValue *self, const char *name, HrValue *const *argv)
{
    g_autoptr(HrValue) string = hr_eval_str(ev, self);
    return string ? hr_builtin_find(hr_string_methods, name)->call(ev, string, argv) : NULL;
}

static HrValue *filter_upper(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return by_method(ev, self, "upper", argv);
}

static HrValue *filter_lower(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return by_method(ev, self, "lower", argv);
}

static HrValue *filter_capitalize(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return by_method(ev, self, "capitalize", argv);
}

static HrValue *filter_trim(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return by_method(ev, self, "strip", argv);
}

static HrValue *filter_replace(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) old = hr_eval_str(ev, argv[0]);
    g_autoptr(HrValue) new = old ? hr_eval_str(ev, argv[1]) : NULL;
    HrValue *const strings[HR_BUILTIN_MAX_PARAMETERS] = { old, new, argv[2] };
    return new ? by_method(ev, self, "replace", strings) : NULL;
}

static HrValue *filter_center(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) width = argv[0] ? hr_value_ref(argv[0]) : hr_value_new_int(80);
    HrValue *const arguments[HR_BUILTIN_MAX_PARAMETERS] = { width };
    return by_method(ev, self, "center", arguments);
}

/* A capital after every run of blanks, "-" and opening brackets; the rest small. */
static HrValue *filter_title(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) string = hr_eval_str(ev, self);
    bool at_start = true;
    g_auto(HrText) text = { 0 };

    hr_text_init(&text, &ev->budget);
    for (size_t i = 0, len; string && i < string->string.len; i += len) {
        len = hr_string_char_len(string, i);
        g_autoptr(HrValue) character = hr_substring(ev, string, i, len);
        if (character == NULL || !hr_eval_charge(ev, 1))
            return NULL;
        gunichar c = hr_string_char(string, i);
        bool breaks = c == '-' || c == '(' || c == '{' || c == '[' || c == '<' || hr_is_space(c);
        g_autoptr(HrValue) cased =
            breaks ? hr_value_ref(character)
                   : by_method(ev, character, at_start ? "upper" : "lower", NULL);
        if (cased == NULL)
            return NULL;
        hr_text_append_string(&text, cased);
        at_start = breaks;
    }
    return string ? hr_eval_finish_text(ev, &text) : NULL;
}

/* ---- Escaping ---- */

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&#34;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static HrValue *as_markup(HrValue *take_string)
{
    if (take_string)
        take_string->form = HR_FORM_MARKUP;
    return take_string;
}

static HrValue *filter_forceescape(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) string = hr_eval_str(ev, self);
    g_auto(HrText) text = { 0 };

    hr_text_init(&text, &ev->budget);
    for (size_t i = 0; string && i < string->string.len && !text.failed; i++) {
        const char *escaped = entity(string->string.bytes[i]);
        if (escaped)
            hr_text_append(&text, escaped, -1, hr_string_trusted_at(string, i));
        else
            hr_text_append_slice(&text, string, i, 1);
    }
    return string ? as_markup(hr_eval_finish_text(ev, &text)) : NULL;
}

static HrValue *filter_escape(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    if (hr_is_string(self) && self->form == HR_FORM_MARKUP)
        return hr_value_ref(self);
    return filter_forceescape(ev, self, argv);
}

static HrValue *filter_safe(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) string = hr_eval_str(ev, self);
    return string ? as_markup(hr_substring(ev, string, 0, string->string.len)) : NULL;
}

static HrValue *filter_urlencode(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) string = hr_eval_str(ev, self);
    g_auto(HrText) text = { 0 };

    hr_text_init(&text, &ev->budget);
    if (self->kind == HR_VALUE_DICT || self->kind == HR_VALUE_LIST)
        return hr_eval_fail(ev, "urlencode takes text only");
    for (size_t i = 0; string && i < string->string.len && !text.failed; i++) {
        uint8_t byte = (uint8_t)string->string.bytes[i];
        char code[4];
        g_snprintf(code, sizeof code, "%%%02X", byte);
        bool plain = g_ascii_isalnum(byte) || (byte && strchr("_.-~/", byte));
        hr_text_append(&text, plain ? (const char *)&string->string.bytes[i] : code, plain ? 1 : 3,
                       hr_string_trusted_at(string, i));
    }
    return string ? hr_eval_finish_text(ev, &text) : NULL;
}

/* ---- Lines and words ---- */

/* Text that an argument stands for: so many blanks, or itself. */
static HrValue *indentation(HrEval *ev, const HrValue *width)
{
    g_autoptr(HrValue) blank = hr_value_new_string(" ", 1, true), count = NULL;

    if (width && hr_is_string(width))
        return hr_substring(ev, width, 0, width->string.len);
    int64_t n;
    if (!hr_arg_int(ev, width, 4, &n))
        return NULL;
    count = hr_value_new_int(n);
    return hr_binary(ev, HR_OP_MUL, blank, count);
}

static HrValue *filter_indent(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    bool first = hr_arg_bool(argv[1], false), blank = hr_arg_bool(argv[2], false);
    const HrValue *string = self;
    g_auto(HrText) text = { 0 };

    hr_text_init(&text, &ev->budget);
    if (hr_is_undefined(self))
        return hr_eval_fail_undefined(ev, self);
    if (!hr_is_string(self))
        return hr_eval_fail(ev, "unsupported operand type(s) for +=: '%s' and 'str'",
                            hr_value_type_name(self));
    g_autoptr(HrValue) indent = indentation(ev, argv[0]);
    if (indent == NULL)
        return NULL;
    if (first)
        hr_text_append_string(&text, indent);
    for (size_t i = 0, end, next; i <= string->string.len && !text.failed; i = next) {
        for (end = i; end < string->string.len && !hr_is_line_break(hr_string_char(string, end));)
            end += hr_string_char_len(string, end);
        if (i > 0)
            hr_text_append(&text, "\n", 1, true);
        if (i > 0 && (blank || end > i))
            hr_text_append_string(&text, indent);
        hr_text_append_slice(&text, string, i, end - i);
        if (!hr_eval_charge(ev, 1))
            return NULL;
        if (end == string->string.len)
            break;
        next = end + hr_string_char_len(string, end);
        if (string->string.bytes[end] == '\r' && next < string->string.len &&
            string->string.bytes[next] == '\n')
            next++;
    }
    return hr_eval_finish_text(ev, &text);
}

static HrValue *filter_wordcount(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) string = hr_eval_str(ev, self);
    int64_t n = 0;
    bool in_word = false;

    for (size_t i = 0; string && i < string->string.len; i += hr_string_char_len(string, i)) {
        gunichar c = hr_string_char(string, i);
        bool word = c == '_' || g_unichar_isalnum(c);
        n += word && !in_word;
        in_word = word;
    }
    return string ? hr_value_new_int(n) : NULL;
}

static HrValue *filter_truncate(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    const HrValue *string = self;
    g_autoptr(HrValue) end =
        argv[2] ? hr_eval_str(ev, argv[2]) : hr_value_new_string("...", 3, true);
    int64_t length, leeway;
    g_auto(HrText) text = { 0 };

    hr_text_init(&text, &ev->budget);
    if (end == NULL || !hr_arg_int(ev, argv[0], 255, &length) ||
        !hr_arg_int(ev, argv[3], 5, &leeway))
        return NULL;
    int64_t end_chars = (int64_t)end->string.n_chars, chars;
    if (length < end_chars)
        return hr_eval_fail(ev, "expected length >= %" G_GINT64_FORMAT ", got %" G_GINT64_FORMAT,
                            end_chars, length);
    if (leeway < 0)
        return hr_eval_fail(ev, "expected leeway >= 0, got %" G_GINT64_FORMAT, leeway);
    g_autoptr(HrValue) size = hr_filter_length(ev, self, NULL);
    if (size == NULL)
        return NULL;
    chars = hr_value_get_int(size);
    if (chars - leeway <= length)
        return hr_value_ref(self); /* lists as well, as long as they are short */
    if (!hr_is_string(self))
        return hr_eval_fail(ev, "'%s' object cannot be truncated", hr_value_type_name(self));
    size_t cut = hr_string_offset(string, (size_t)(length - end_chars));
    if (!hr_arg_bool(argv[1], false)) {
        const char *space = memrchr(string->string.bytes, ' ', cut);
        cut = space ? (size_t)(space - string->string.bytes) : cut;
    }
    hr_text_append_slice(&text, string, 0, cut);
    hr_text_append_string(&text, end);
    return hr_eval_finish_text(ev, &text);
}

/* "format" % the arguments, named ones or positional ones. */
static HrValue *filter_format(HrEval *ev, HrValue *self, const HrArgs *args)
{
    g_autoptr(HrValue) format = hr_eval_str(ev, self);
    g_autoptr(HrValue) values = hr_value_new_form(HR_FORM_TUPLE);

    if (format == NULL)
        return NULL;
    if (args->names->len > 0 && args->positional->len > 0)
        return hr_eval_fail(ev, "can't handle positional and keyword arguments at the same time");
    if (args->names->len > 0) {
        g_autoptr(HrValue) dict = hr_dict_from_args(ev, args);
        return dict ? hr_printf(ev, format, dict) : NULL;
    }
    for (size_t i = 0; i < args->positional->len; i++)
        if (!hr_eval_append(ev, values, hr_value_ref(g_ptr_array_index(args->positional, i))))
            return NULL;
    return hr_printf(ev, format, values);
}

const HrBuiltin hr_text_filters[] = {
    { "upper", "", 0, .call = filter_upper },
    { "lower", "", 0, .call = filter_lower },
    { "capitalize", "", 0, .call = filter_capitalize },
    { "title", "", 0, .call = filter_title },
    { "trim", "chars", 0, .call = filter_trim },
    { "replace", "old new count", 2, .call = filter_replace },
    { "center", "width", 0, .call = filter_center },
    { "escape", "", 0, .call = filter_escape },
    { "e", "", 0, .call = filter_escape },
    { "forceescape", "", 0, .call = filter_forceescape },
    { "safe", "", 0, .call = filter_safe },
    { "urlencode", "", 0, .call = filter_urlencode },
    { "indent", "width first blank", 0, .call = filter_indent },
    { "wordcount", "", 0, .call = filter_wordcount },
    { "truncate", "length killwords end leeway", 0, .call = filter_truncate },
    { "format", .call_args = filter_format },
    { NULL },
};
