/* string-methods.c: the table of str methods, and those that search, strip and replace.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "template/string-methods.h"
#include "template/unicode.h"

static bool need_string(HrEval *ev, const HrValue *value)
{
    return hr_is_string(value) ||
           hr_eval_fail(ev, "must be str, not %s", hr_value_type_name(value));
}

/* ---- Stripping ---- */

enum { STRIP_LEFT = 1, STRIP_RIGHT = 2 };

/* Whether the character at byte i of a string is one of those in set. */
static bool in_set(const HrValue *string, size_t i, const HrValue *set)
{
    return memmem(set->string.bytes, set->string.len, string->string.bytes + i,
                  hr_string_char_len(string, i)) != NULL;
}

static HrValue *strip(HrEval *ev, const HrValue *string, const HrValue *set, unsigned sides)
{
    const char *bytes = string->string.bytes;
    size_t start = 0, end = string->string.len;

    if (set == NULL || set->kind == HR_VALUE_NULL) {
        if (sides & STRIP_LEFT)
            start = hr_leading_space(bytes, end);
        if (sides & STRIP_RIGHT)
            end = start + hr_without_trailing_space(bytes + start, end - start);
        return hr_substring(ev, string, start, end - start);
    }
    if (!hr_is_string(set))
        return hr_eval_fail(ev, "strip arg must be None or str");
    /* Each character may be looked for in all of the set. */
    if (!hr_eval_charge(ev, (string->string.len / 8 + 1) * (set->string.len / 64 + 1)))
        return NULL;
    while ((sides & STRIP_LEFT) && start < end && in_set(string, start, set))
        start += hr_string_char_len(string, start);
    while ((sides & STRIP_RIGHT) && end > start) {
        const char *last = g_utf8_find_prev_char(bytes + start, bytes + end);
        size_t at = last ? (size_t)(last - bytes) : end - 1;
        if (at + hr_string_char_len(string, at) != end)
            at = end - 1; /* an invalid byte */
        if (!in_set(string, at, set))
            break;
        end = at;
    }
    return hr_substring(ev, string, start, end - start);
}

static HrValue *string_strip(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return strip(ev, self, argv[0], STRIP_LEFT | STRIP_RIGHT);
}

static HrValue *string_lstrip(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return strip(ev, self, argv[0], STRIP_LEFT);
}

static HrValue *string_rstrip(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return strip(ev, self, argv[0], STRIP_RIGHT);
}

/* ---- Beginnings and ends ---- */

static bool has_affix(const HrValue *string, size_t start, size_t end, const HrValue *affix,
                      bool at_end)
{
    size_t n = affix->string.len;
    if (end < start || end - start < n)
        return false;
    return memcmp(string->string.bytes + (at_end ? end - n : start), affix->string.bytes, n) == 0;
}

/* Bytes [*ret_start, *ret_end) that characters argv[1] to argv[2] are. False on failure. */
static bool char_range(HrEval *ev, const HrValue *string, HrValue *const *argv, size_t *ret_start,
                       size_t *ret_end)
{
    int64_t n = (int64_t)string->string.n_chars, start, end;

    if (!hr_arg_int(ev, argv[1], 0, &start) || !hr_arg_int(ev, argv[2], n, &end))
        return false;
    /* A start beyond the end finds nothing, not even "". */
    bool beyond = start > n;
    start = CLAMP(start < 0 ? start + n : start, 0, n);
    end = CLAMP(end < 0 ? end + n : end, 0, n);
    *ret_start = hr_string_offset(string, (size_t)start);
    *ret_end = hr_string_offset(string, (size_t)end);
    if (beyond) {
        *ret_start = string->string.len + 1;
        *ret_end = string->string.len;
    }
    return true;
}

/* startswith and endswith: one affix or a tuple of them. */
static HrValue *affix_test(HrEval *ev, const HrValue *string, HrValue *const *argv, bool at_end)
{
    const char *method = at_end ? "endswith" : "startswith";
    size_t start, end;

    if (!char_range(ev, string, argv, &start, &end))
        return NULL;
    if (hr_is_string(argv[0]))
        return hr_value_new_bool(has_affix(string, start, end, argv[0], at_end));
    if (argv[0]->kind != HR_VALUE_LIST || argv[0]->form != HR_FORM_TUPLE)
        return hr_eval_fail(ev, "%s first arg must be str or a tuple of str, not %s", method,
                            hr_value_type_name(argv[0]));
    for (size_t i = 0; i < argv[0]->list.n; i++) {
        const HrValue *affix = argv[0]->list.items[i];
        if (!hr_is_string(affix))
            return hr_eval_fail(ev, "tuple for %s must only contain str, not %s", method,
                                hr_value_type_name(affix));
        if (has_affix(string, start, end, affix, at_end))
            return hr_value_new_bool(true);
    }
    return hr_value_new_bool(false);
}

static HrValue *string_startswith(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return affix_test(ev, self, argv, false);
}

static HrValue *string_endswith(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return affix_test(ev, self, argv, true);
}

static HrValue *remove_affix(HrEval *ev, HrValue *string, HrValue *affix, bool at_end)
{
    if (!need_string(ev, affix))
        return NULL;
    if (!has_affix(string, 0, string->string.len, affix, at_end))
        return hr_value_ref(string);
    return hr_substring(ev, string, at_end ? 0 : affix->string.len,
                        string->string.len - affix->string.len);
}

static HrValue *string_removeprefix(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return remove_affix(ev, self, argv[0], false);
}

static HrValue *string_removesuffix(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return remove_affix(ev, self, argv[0], true);
}

/* ---- Searching ---- */

static int64_t chars_before(const HrValue *string, size_t byte)
{
    int64_t n = 0;
    if (string->string.n_chars == string->string.len)
        return (int64_t)byte;
    for (size_t i = 0; i < byte; i += hr_string_char_len(string, i))
        n++;
    return n;
}

/* Where the first or last place of argv[0] is, in characters, -1: nowhere. */
static bool search(HrEval *ev, const HrValue *string, HrValue *const *argv, bool last,
                   int64_t *ret_index)
{
    size_t start, end;
    const char *found = NULL;

    if (!need_string(ev, argv[0]) || !char_range(ev, string, argv, &start, &end) ||
        !hr_eval_charge(ev, string->string.len / 32))
        return false;
    const char *bytes = string->string.bytes;
    size_t n = argv[0]->string.len;
    if (start <= end && !last)
        found = memmem(bytes + start, end - start, argv[0]->string.bytes, n);
    for (size_t at = end; last && found == NULL && start <= end && at >= start + n; at--)
        if (memcmp(bytes + at - n, argv[0]->string.bytes, n) == 0)
            found = bytes + at - n;
    *ret_index = found ? chars_before(string, (size_t)(found - bytes)) : -1;
    return true;
}

static HrValue *find(HrEval *ev, const HrValue *string, HrValue *const *argv, bool last, bool must)
{
    int64_t index;
    if (!search(ev, string, argv, last, &index))
        return NULL;
    return index < 0 && must ? hr_eval_fail(ev, "substring not found") : hr_value_new_int(index);
}

static HrValue *string_find(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return find(ev, self, argv, false, false);
}

static HrValue *string_rfind(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return find(ev, self, argv, true, false);
}

static HrValue *string_index(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return find(ev, self, argv, false, true);
}

static HrValue *string_rindex(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return find(ev, self, argv, true, true);
}

static HrValue *string_count(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    size_t start, end;
    int64_t n = 0;

    if (!need_string(ev, argv[0]) || !char_range(ev, self, argv, &start, &end))
        return NULL;
    if (start > end)
        return hr_value_new_int(0);
    if (argv[0]->string.len == 0)
        return hr_value_new_int(chars_before(self, end) - chars_before(self, start) + 1);
    const char *at = self->string.bytes + start, *stop = self->string.bytes + end;
    while ((at = memmem(at, (size_t)(stop - at), argv[0]->string.bytes, argv[0]->string.len))) {
        at += argv[0]->string.len;
        n++;
    }
    return hr_value_new_int(n);
}

/* ---- Replacing ---- */

/* "" is found before every character and at the end. */
static HrValue *replace_empty(HrEval *ev, const HrValue *string, const HrValue *new, int64_t max)
{
    g_auto(HrText) text = { 0 };
    size_t i = 0;

    hr_text_init(&text, &ev->budget);
    for (int64_t n = 0; max < 0 || n < max; n++) {
        hr_text_append_string(&text, new);
        if (i >= string->string.len || text.failed)
            break;
        size_t len = hr_string_char_len(string, i);
        hr_text_append_slice(&text, string, i, len);
        i += len;
    }
    if (!text.failed)
        hr_text_append_slice(&text, string, i, string->string.len - i);
    return hr_eval_finish_text(ev, &text);
}

static HrValue *string_replace(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    const HrValue *old = argv[0], *new = argv[1];
    const char *bytes = self->string.bytes, *found;
    size_t start = 0;
    int64_t max;
    g_auto(HrText) text = { 0 };

    hr_text_init(&text, &ev->budget);
    if (!need_string(ev, old) || !need_string(ev, new) || !hr_arg_int(ev, argv[2], -1, &max))
        return NULL;
    if (old->string.len == 0)
        return replace_empty(ev, self, new, max);
    for (int64_t n = 0; (max < 0 || n < max) && !text.failed; n++) {
        found = memmem(bytes + start, self->string.len - start, old->string.bytes, old->string.len);
        if (found == NULL)
            break;
        hr_text_append_slice(&text, self, start, (size_t)(found - bytes) - start);
        hr_text_append_string(&text, new);
        start = (size_t)(found - bytes) + old->string.len;
    }
    if (!text.failed)
        hr_text_append_slice(&text, self, start, self->string.len - start);
    return hr_eval_finish_text(ev, &text);
}

/* ---- format ---- */

static HrValue *string_format_map(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_auto(HrArgs) args = { 0 };

    hr_args_init(&args);
    if (argv[0]->kind != HR_VALUE_DICT)
        return hr_eval_fail(ev, "format_map() takes a mapping, not %s",
                            hr_value_type_name(argv[0]));
    for (size_t i = 0; i < hr_value_size(argv[0]); i++) {
        const char *key;
        HrValue *value = hr_value_entry(argv[0], i, &key);
        g_ptr_array_add(args.names, g_strdup(key));
        g_ptr_array_add(args.named, hr_value_ref(value));
    }
    return hr_format(ev, self, &args);
}

const HrBuiltin hr_string_methods[] = {
    { "upper", "", 0, .call = hr_string_upper },
    { "lower", "", 0, .call = hr_string_lower },
    { "casefold", "", 0, .call = hr_string_lower },
    { "capitalize", "", 0, .call = hr_string_capitalize },
    { "title", "", 0, .call = hr_string_title },
    { "swapcase", "", 0, .call = hr_string_swapcase },
    { "strip", "chars", 0, .call = string_strip },
    { "lstrip", "chars", 0, .call = string_lstrip },
    { "rstrip", "chars", 0, .call = string_rstrip },
    { "split", "sep maxsplit", 0, .call = hr_string_split },
    { "rsplit", "sep maxsplit", 0, .call = hr_string_rsplit },
    { "splitlines", "keepends", 0, .call = hr_string_splitlines },
    { "partition", "sep", 1, .call = hr_string_partition },
    { "rpartition", "sep", 1, .call = hr_string_rpartition },
    { "join", "iterable", 1, .call = hr_string_join },
    { "startswith", "prefix start end", 1, .call = string_startswith },
    { "endswith", "suffix start end", 1, .call = string_endswith },
    { "removeprefix", "prefix", 1, .call = string_removeprefix },
    { "removesuffix", "suffix", 1, .call = string_removesuffix },
    { "find", "sub start end", 1, .call = string_find },
    { "rfind", "sub start end", 1, .call = string_rfind },
    { "index", "sub start end", 1, .call = string_index },
    { "rindex", "sub start end", 1, .call = string_rindex },
    { "count", "sub start end", 1, .call = string_count },
    { "replace", "old new count", 2, .call = string_replace },
    { "center", "width fillchar", 1, .call = hr_string_center },
    { "ljust", "width fillchar", 1, .call = hr_string_ljust },
    { "rjust", "width fillchar", 1, .call = hr_string_rjust },
    { "zfill", "width", 1, .call = hr_string_zfill },
    { "expandtabs", "tabsize", 0, .call = hr_string_expandtabs },
    { "isalpha", "", 0, .call = hr_string_isalpha },
    { "isalnum", "", 0, .call = hr_string_isalnum },
    { "isdecimal", "", 0, .call = hr_string_isdecimal },
    { "isdigit", "", 0, .call = hr_string_isdigit },
    { "isnumeric", "", 0, .call = hr_string_isnumeric },
    { "isspace", "", 0, .call = hr_string_isspace },
    { "isascii", "", 0, .call = hr_string_isascii },
    { "islower", "", 0, .call = hr_string_islower },
    { "isupper", "", 0, .call = hr_string_isupper },
    { "istitle", "", 0, .call = hr_string_istitle },
    { "format", .call_args = hr_format },
    { "format_map", "mapping", 1, .call = string_format_map },
    { NULL },
};
