/* string-split.c: str methods that cut a string into pieces, and join.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "template/string-methods.h"
#include "template/unicode.h"

/* Appends the piece [start, start + len) of a string to a list. */
static bool append_piece(HrEval *ev, HrValue *list, const HrValue *string, size_t start, size_t len)
{
    HrValue *piece = hr_substring(ev, string, start, len);
    return piece && hr_eval_append(ev, list, piece);
}

/* ---- By white space ---- */

static HrValue *split_space(HrEval *ev, const HrValue *string, int64_t max)
{
    g_autoptr(HrValue) list = hr_value_new_list();
    const char *bytes = string->string.bytes;
    size_t len = string->string.len, i = 0;

    for (;;) {
        i += hr_leading_space(bytes + i, len - i);
        if (i >= len)
            return g_steal_pointer(&list);
        size_t end = i;
        if (max >= 0 && (int64_t)list->list.n == max)
            end = len; /* the rest as it is */
        else
            while (end < len && !hr_is_space(hr_string_char(string, end)))
                end += hr_string_char_len(string, end);
        if (!append_piece(ev, list, string, i, end - i))
            return NULL;
        if (max >= 0 && (int64_t)list->list.n > max)
            return g_steal_pointer(&list);
        i = end;
    }
}

static HrValue *reverse_list(HrValue *list)
{
    for (size_t i = 0; i < list->list.n / 2; i++) {
        HrValue *item = list->list.items[i];
        list->list.items[i] = list->list.items[list->list.n - 1 - i];
        list->list.items[list->list.n - 1 - i] = item;
    }
    return list;
}

static HrValue *rsplit_space(HrEval *ev, const HrValue *string, int64_t max)
{
    g_autoptr(HrValue) list = hr_value_new_list();
    const char *bytes = string->string.bytes;
    size_t end = string->string.len;

    for (;;) {
        end = hr_without_trailing_space(bytes, end);
        if (end == 0)
            return reverse_list(g_steal_pointer(&list));
        size_t start = end;
        if (max >= 0 && (int64_t)list->list.n == max)
            start = 0;
        else
            while (start > 0 && hr_without_trailing_space(bytes, start) == start) {
                const char *previous = g_utf8_find_prev_char(bytes, bytes + start);
                start = previous ? (size_t)(previous - bytes) : start - 1;
            }
        if (!append_piece(ev, list, string, start, end - start))
            return NULL;
        if (max >= 0 && (int64_t)list->list.n > max)
            return reverse_list(g_steal_pointer(&list));
        end = start;
    }
}

/* ---- By a separator ---- */

/* The last place of needle in the first len bytes, or NULL. */
static const char *find_last(const char *bytes, size_t len, const HrValue *needle)
{
    size_t n = needle->string.len;
    for (size_t end = len; end >= n; end--)
        if (memcmp(bytes + end - n, needle->string.bytes, n) == 0)
            return bytes + end - n;
    return NULL;
}

static HrValue *split_by(HrEval *ev, const HrValue *string, const HrValue *separator, int64_t max)
{
    g_autoptr(HrValue) list = hr_value_new_list();
    const char *bytes = string->string.bytes;
    size_t start = 0;

    while (max < 0 || (int64_t)list->list.n < max) {
        const char *found = memmem(bytes + start, string->string.len - start,
                                   separator->string.bytes, separator->string.len);
        if (found == NULL)
            break;
        if (!append_piece(ev, list, string, start, (size_t)(found - bytes) - start))
            return NULL;
        start = (size_t)(found - bytes) + separator->string.len;
    }
    return append_piece(ev, list, string, start, string->string.len - start)
               ? g_steal_pointer(&list)
               : NULL;
}

static HrValue *rsplit_by(HrEval *ev, const HrValue *string, const HrValue *separator, int64_t max)
{
    g_autoptr(HrValue) list = hr_value_new_list();
    const char *bytes = string->string.bytes;
    size_t end = string->string.len;

    /* Walking back compares at every byte. */
    if (!hr_eval_charge(ev, string->string.len / 32))
        return NULL;
    while (max < 0 || (int64_t)list->list.n < max) {
        const char *found = find_last(bytes, end, separator);
        if (found == NULL)
            break;
        size_t start = (size_t)(found - bytes) + separator->string.len;
        if (!append_piece(ev, list, string, start, end - start))
            return NULL;
        end = (size_t)(found - bytes);
    }
    return append_piece(ev, list, string, 0, end) ? reverse_list(g_steal_pointer(&list)) : NULL;
}

/* split and rsplit. */
static HrValue *split(HrEval *ev, const HrValue *string, HrValue *const *argv, bool from_end)
{
    int64_t max;

    if (!hr_arg_int(ev, argv[1], -1, &max))
        return NULL;
    if (argv[0] == NULL || argv[0]->kind == HR_VALUE_NULL)
        return from_end ? rsplit_space(ev, string, max) : split_space(ev, string, max);
    if (!hr_is_string(argv[0]))
        return hr_eval_fail(ev, "must be str or None, not %s", hr_value_type_name(argv[0]));
    if (argv[0]->string.len == 0)
        return hr_eval_fail(ev, "empty separator");
    return from_end ? rsplit_by(ev, string, argv[0], max) : split_by(ev, string, argv[0], max);
}

HrValue *hr_string_split(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return split(ev, self, argv, false);
}

HrValue *hr_string_rsplit(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return split(ev, self, argv, true);
}

HrValue *hr_string_splitlines(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) list = hr_value_new_list();
    bool keep = hr_arg_bool(argv[0], false);

    for (size_t i = 0, end; i < self->string.len; i = end) {
        size_t stop = i;
        while (stop < self->string.len && !hr_is_line_break(hr_string_char(self, stop)))
            stop += hr_string_char_len(self, stop);
        end = stop < self->string.len ? stop + hr_string_char_len(self, stop) : stop;
        if (stop < self->string.len && self->string.bytes[stop] == '\r' && end < self->string.len &&
            self->string.bytes[end] == '\n')
            end++;
        if (!append_piece(ev, list, self, i, (keep ? end : stop) - i))
            return NULL;
    }
    return g_steal_pointer(&list);
}

/* (before, separator, behind); without the separator the whole stands first, or last. */
static HrValue *partition(HrEval *ev, const HrValue *string, HrValue *const *argv, bool from_end)
{
    g_autoptr(HrValue) parts = hr_value_new_form(HR_FORM_TUPLE);
    const char *bytes = string->string.bytes;

    if (!hr_is_string(argv[0]))
        return hr_eval_fail(ev, "must be str, not %s", hr_value_type_name(argv[0]));
    if (argv[0]->string.len == 0)
        return hr_eval_fail(ev, "empty separator");
    if (!hr_eval_charge(ev, string->string.len / 32))
        return NULL;
    const char *found =
        from_end ? find_last(bytes, string->string.len, argv[0])
                 : memmem(bytes, string->string.len, argv[0]->string.bytes, argv[0]->string.len);
    size_t at = found ? (size_t)(found - bytes) : from_end ? 0 : string->string.len;
    size_t behind = found ? at + argv[0]->string.len : at;
    if (!append_piece(ev, parts, string, 0, at) ||
        !append_piece(ev, parts, string, at, behind - at) ||
        !append_piece(ev, parts, string, behind, string->string.len - behind))
        return NULL;
    return g_steal_pointer(&parts);
}

HrValue *hr_string_partition(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return partition(ev, self, argv, false);
}

HrValue *hr_string_rpartition(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return partition(ev, self, argv, true);
}

/* ---- Joining ---- */

HrValue *hr_string_join(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) items = hr_eval_iterate(ev, argv[0]);
    g_auto(HrText) text = { 0 };

    hr_text_init(&text, &ev->budget);
    for (size_t i = 0; items && i < items->list.n; i++) {
        const HrValue *item = items->list.items[i];
        if (!hr_is_string(item))
            return hr_eval_fail(ev, "sequence item %zu: expected str instance, %s found", i,
                                hr_value_type_name(item));
        if (i > 0)
            hr_text_append_string(&text, self);
        hr_text_append_string(&text, item);
    }
    return items ? hr_eval_finish_text(ev, &text) : NULL;
}
