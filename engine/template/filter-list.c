/* filter-list.c: filters that take lists apart and put them together.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "template/eval.h"
#include "template/key.h"

static HrValue *filter_first(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) items = hr_eval_iterate(ev, self);
    if (items == NULL)
        return NULL;
    return items->list.n ? hr_value_ref(items->list.items[0])
                         : hr_eval_undefined("No first item, sequence was empty.");
}

static HrValue *filter_last(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    if (self->kind == HR_VALUE_LIST && self->form == HR_FORM_GENERATOR)
        return hr_eval_fail(ev, "'generator' object is not reversible");
    g_autoptr(HrValue) items = hr_eval_iterate(ev, self);
    if (items == NULL)
        return NULL;
    return items->list.n ? hr_value_ref(items->list.items[items->list.n - 1])
                         : hr_eval_undefined("No last item, sequence was empty.");
}

static HrValue *reverse_string(HrEval *ev, const HrValue *string)
{
    g_auto(HrText) text = { 0 };

    hr_text_init(&text, &ev->budget);
    g_autofree size_t *offsets = g_try_new(size_t, string->string.n_chars + 1);
    if (offsets == NULL || !hr_eval_charge(ev, string->string.n_chars))
        return hr_eval_fail(ev, "not enough memory");
    size_t n = 0;
    for (size_t i = 0; i < string->string.len; i += hr_string_char_len(string, i))
        offsets[n++] = i;
    while (n-- > 0)
        hr_text_append_slice(&text, string, offsets[n], hr_string_char_len(string, offsets[n]));
    return hr_eval_finish_text(ev, &text);
}

static HrValue *filter_reverse(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    if (hr_is_string(self))
        return reverse_string(ev, self);
    g_autoptr(HrValue) items = hr_eval_iterate(ev, self);
    g_autoptr(HrValue) reversed = hr_value_new_form(HR_FORM_GENERATOR);
    for (size_t i = items ? items->list.n : 0; i-- > 0;)
        if (!hr_eval_append(ev, reversed, hr_value_ref(items->list.items[i])))
            return NULL;
    return items ? g_steal_pointer(&reversed) : NULL;
}

static HrValue *filter_join(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) items = hr_eval_iterate(ev, self);
    g_autoptr(HrValue) separator = !items    ? NULL
                                   : argv[0] ? hr_eval_str(ev, argv[0])
                                             : hr_value_new_string("", 0, true);
    g_auto(HrText) text = { 0 };

    hr_text_init(&text, &ev->budget);
    if (separator == NULL)
        return NULL;
    for (size_t i = 0; i < items->list.n; i++) {
        g_autoptr(HrValue) item = argv[1]
                                      ? hr_key_attribute(ev, items->list.items[i], argv[1], NULL)
                                      : hr_value_ref(items->list.items[i]);
        g_autoptr(HrValue) string = item ? hr_eval_str(ev, item) : NULL;
        if (string == NULL)
            return NULL;
        if (i > 0)
            hr_text_append_string(&text, separator);
        hr_text_append_string(&text, string);
    }
    return hr_eval_finish_text(ev, &text);
}

/* ---- Dicts ---- */

/* The pairs of a dict as a list of that form. */
static HrValue *pairs(HrEval *ev, const HrValue *dict, HrForm form)
{
    g_autoptr(HrValue) list = hr_value_new_form(form);

    for (size_t i = 0; i < hr_value_size(dict); i++) {
        HrValue *pair = hr_value_new_tuple2(hr_value_ref(hr_value_dict_key(dict, i)),
                                            hr_value_ref(hr_value_entry(dict, i, NULL)));
        if (!hr_eval_append(ev, list, pair))
            return NULL;
    }
    return g_steal_pointer(&list);
}

static HrValue *filter_items(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    if (hr_is_undefined(self))
        return hr_value_new_form(HR_FORM_GENERATOR);
    if (self->kind != HR_VALUE_DICT)
        return hr_eval_fail(ev, "Can only get item pairs from a mapping.");
    return pairs(ev, self, HR_FORM_GENERATOR);
}

static HrValue *filter_dictsort(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    HrKey key = { .case_sensitive = hr_arg_bool(argv[0], false) };
    int64_t position = 0;

    if (argv[1] && hr_string_equal(argv[1], "value"))
        position = 1;
    else if (argv[1] && !hr_string_equal(argv[1], "key"))
        return hr_eval_fail(ev, "You can only sort by either \"key\" or \"value\"");
    if (hr_is_undefined(self))
        return hr_eval_fail_undefined(ev, self);
    if (self->kind != HR_VALUE_DICT)
        return hr_eval_fail(ev, "'%s' object has no attribute 'items'", hr_value_type_name(self));
    g_autoptr(HrValue) index = hr_value_new_int(position);
    g_autoptr(HrValue) list = pairs(ev, self, HR_FORM_PLAIN);
    key.attribute = index;
    return list ? hr_key_sort(ev, list, &key, hr_arg_bool(argv[2], false)) : NULL;
}

/* ---- By a key ---- */

static HrValue *filter_sort(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    HrKey key = {.case_sensitive = hr_arg_bool(argv[1], false), .attribute = argv[2], .many = true};
    g_autoptr(HrValue) items = hr_eval_iterate(ev, self);
    return items ? hr_key_sort(ev, items, &key, hr_arg_bool(argv[0], false)) : NULL;
}

/* The least (sign 1) or greatest (-1) item. */
static HrValue *extreme(HrEval *ev, HrValue *self, HrValue *const *argv, HrOperator better)
{
    HrKey key = { .case_sensitive = hr_arg_bool(argv[0], false), .attribute = argv[1] };
    g_autoptr(HrValue) items = hr_eval_iterate(ev, self);
    g_autoptr(HrValue) best_key = NULL;
    size_t best = 0;

    if (items == NULL)
        return NULL;
    if (items->list.n == 0)
        return hr_eval_undefined("No aggregated item, sequence was empty.");
    for (size_t i = 0; i < items->list.n; i++) {
        g_autoptr(HrValue) value = hr_key_of(ev, items->list.items[i], &key);
        bool is_better = i == 0;
        if (value == NULL || (i > 0 && !hr_relation(ev, better, value, best_key, &is_better)))
            return NULL;
        if (!is_better)
            continue;
        g_clear_pointer(&best_key, hr_value_unref);
        best_key = g_steal_pointer(&value);
        best = i;
    }
    return hr_value_ref(items->list.items[best]);
}

static HrValue *filter_min(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return extreme(ev, self, argv, HR_OP_LT);
}

static HrValue *filter_max(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    return extreme(ev, self, argv, HR_OP_GT);
}

static HrValue *filter_unique(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    HrKey key = { .case_sensitive = hr_arg_bool(argv[0], false), .attribute = argv[1] };
    g_autoptr(HrValue) items = hr_eval_iterate(ev, self);
    g_autoptr(HrValue) seen = hr_value_new_dict(), unique = hr_value_new_form(HR_FORM_GENERATOR);

    for (size_t i = 0; items && i < items->list.n; i++) {
        g_autoptr(HrValue) value = hr_key_of(ev, items->list.items[i], &key);
        if (value == NULL)
            return NULL;
        if (!hr_value_hashable(value))
            return hr_eval_fail(ev, "unhashable type: '%s'", hr_value_type_name(value));
        if (!hr_eval_charge_value(ev, value))
            return NULL;
        if (hr_value_dict_find(seen, value))
            continue;
        hr_value_dict_insert(seen, g_steal_pointer(&value), hr_value_new_null());
        if (!hr_eval_append(ev, unique, hr_value_ref(items->list.items[i])))
            return NULL;
    }
    return items ? g_steal_pointer(&unique) : NULL;
}

/* Runs of equal keys in a list sorted by them: (key, items). */
static HrValue *filter_groupby(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    HrKey key = {.case_sensitive = hr_arg_bool(argv[2], false),
                 .attribute = argv[0],
                 .fallback = argv[1]};
    HrKey shown = key;
    g_autoptr(HrValue) items = hr_eval_iterate(ev, self);
    g_autoptr(HrValue) sorted = items ? hr_key_sort(ev, items, &key, false) : NULL;
    g_autoptr(HrValue) groups = hr_value_new_list(), last = NULL;
    HrValue *members = NULL;

    shown.case_sensitive = true;
    for (size_t i = 0; sorted && i < sorted->list.n; i++) {
        g_autoptr(HrValue) value = hr_key_of(ev, sorted->list.items[i], &key);
        bool same = false;
        if (value == NULL || (last && !hr_equal(ev, last, value, &same)))
            return NULL;
        if (!same) {
            HrValue *name = hr_key_of(ev, sorted->list.items[i], &shown);
            if (name == NULL)
                return NULL;
            members = hr_value_new_list();
            HrValue *group = hr_value_new_tuple2(name, members);
            group->grouped = true;
            if (!hr_eval_append(ev, groups, group))
                return NULL;
        }
        g_clear_pointer(&last, hr_value_unref);
        last = g_steal_pointer(&value);
        if (!hr_eval_append(ev, members, hr_value_ref(sorted->list.items[i])))
            return NULL;
    }
    return sorted ? g_steal_pointer(&groups) : NULL;
}

/* ---- In pieces ---- */

/* Appends a new list of items [start, start + n) and, where padding is given, one more of it up to
 * size. */
static bool append_piece(HrEval *ev, HrValue *pieces, const HrValue *items, size_t start, size_t n,
                         size_t size, HrValue *padding)
{
    HrValue *piece = hr_value_new_list();

    if (!hr_eval_append(ev, pieces, piece))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!hr_eval_append(ev, piece, hr_value_ref(items->list.items[start + i])))
            return false;
    for (size_t i = n; padding && padding->kind != HR_VALUE_NULL && i < size; i++)
        if (!hr_eval_append(ev, piece, hr_value_ref(padding)))
            return false;
    return true;
}

static HrValue *filter_batch(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) items = hr_eval_iterate(ev, self);
    g_autoptr(HrValue) pieces = hr_value_new_form(HR_FORM_GENERATOR);
    int64_t size;

    if (items == NULL || !hr_arg_int(ev, argv[0], 1, &size))
        return NULL;
    if (size < 1 || (size_t)size > HR_TEMPLATE_MAX_REPEAT)
        return hr_eval_fail(ev, "batch() cannot make pieces of %" G_GINT64_FORMAT, size);
    for (size_t i = 0; i < items->list.n; i += (size_t)size)
        if (!append_piece(ev, pieces, items, i, MIN((size_t)size, items->list.n - i), (size_t)size,
                          argv[1]))
            return NULL;
    return g_steal_pointer(&pieces);
}

static HrValue *filter_slice(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    g_autoptr(HrValue) items = hr_eval_iterate(ev, self);
    g_autoptr(HrValue) pieces = hr_value_new_form(HR_FORM_GENERATOR);
    int64_t n;

    if (items == NULL || !hr_arg_int(ev, argv[0], 1, &n))
        return NULL;
    if (n < 1 || n > HR_TEMPLATE_MAX_RANGE)
        return hr_eval_fail(ev, "slice() cannot make %" G_GINT64_FORMAT " pieces", n);
    size_t each = items->list.n / (size_t)n, longer = items->list.n % (size_t)n, start = 0;
    for (size_t i = 0; i < (size_t)n; i++) {
        size_t len = each + (i < longer);
        /* Only the pieces that came out shorter are filled up. */
        if (!append_piece(ev, pieces, items, start, len, i >= longer ? len + 1 : len, argv[1]))
            return NULL;
        start += len;
    }
    return g_steal_pointer(&pieces);
}

const HrBuiltin hr_list_filters[] = {
    { "first", "", 0, .call = filter_first },
    { "last", "", 0, .call = filter_last },
    { "reverse", "", 0, .call = filter_reverse },
    { "join", "d attribute", 0, .call = filter_join },
    { "items", "", 0, .call = filter_items },
    { "dictsort", "case_sensitive by reverse", 0, .call = filter_dictsort },
    { "sort", "reverse case_sensitive attribute", 0, .call = filter_sort },
    { "min", "case_sensitive attribute", 0, .call = filter_min },
    { "max", "case_sensitive attribute", 0, .call = filter_max },
    { "unique", "case_sensitive attribute", 0, .call = filter_unique },
    { "groupby", "attribute default case_sensitive", 1, .call = filter_groupby },
    { "batch", "linecount fill_with", 1, .call = filter_batch },
    { "slice", "slices fill_with", 1, .call = filter_slice },
    { NULL },
};
