/* attribute.c: x.name, x[index] and x[start:stop:step].
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A dot looks for Python's attribute first and then for an item, brackets the other way round. What
 * would modify a list or a dict, and Python's own insides, are refused as in Jinja2's immutable
 * sandbox.
 */
#include <inttypes.h>
#include <string.h>

#include "template/eval.h"

/* ---- What is not there ---- */

/* How Jinja2 names an object in a message: "dict object", but "None". */
static char *describe(const HrValue *object)
{
    static const struct {
        const char *type, *module;
    } modules[] = {
        {"Markup", "markupsafe"},    {"Namespace", "jinja2.utils"},
        {"Cycler", "jinja2.utils"},  {"Joiner", "jinja2.utils"},
        {"Macro", "jinja2.runtime"}, {"LoopContext", "jinja2.runtime"},
    };
    const char *type = hr_value_type_name(object);

    if (object->kind == HR_VALUE_NULL)
        return g_strdup("None");
    for (size_t i = 0; i < G_N_ELEMENTS(modules); i++)
        if (strcmp(modules[i].type, type) == 0)
            return g_strdup_printf("%s.%s object", modules[i].module, type);
    return g_strdup_printf("%s object", type);
}

static HrValue *no_attribute(const HrValue *object, const char *name)
{
    g_autofree char *type = describe(object);
    return hr_eval_undefined("'%s' has no attribute '%s'", type, name);
}

static HrValue *no_item(HrEval *ev, const HrValue *object, const HrValue *index)
{
    if (hr_is_string(index))
        return no_attribute(object, index->string.bytes);
    g_autofree char *type = describe(object);
    g_autoptr(HrValue) name = hr_eval_repr(ev, index);
    return name ? hr_eval_undefined("%s has no element %s", type, name->string.bytes) : NULL;
}

/* Methods that change their list or dict, and names of Python's insides. */
static bool is_unsafe(const HrValue *object, const char *name)
{
    static const char *const list_names[] = {"append", "clear",   "extend", "insert", "pop",
                                             "remove", "reverse", "sort",   NULL};
    static const char *const dict_names[] = {"clear",      "pop",    "popitem",
                                             "setdefault", "update", NULL};

    if (g_str_has_prefix(name, "__") && g_str_has_suffix(name, "__"))
        return true;
    if (object->kind == HR_VALUE_LIST && object->form == HR_FORM_PLAIN)
        return g_strv_contains(list_names, name);
    return object->kind == HR_VALUE_DICT && g_strv_contains(dict_names, name);
}

/* ---- Attributes ---- */

/* Python's attribute, or NULL, without an error where there is none. */
static HrValue *own_attribute(HrEval *ev, HrValue *object, const char *name)
{
    if (is_unsafe(object, name))
        return hr_eval_undefined("access to attribute '%s' of '%s' object is unsafe.", name,
                                 hr_value_type_name(object));
    if (object->kind != HR_VALUE_CALLABLE)
        return hr_method(ev, object, name);
    const struct HrObjectBehaviour *behaviour = object->object.class->behaviour;
    return behaviour->attribute ? behaviour->attribute(ev, object, name) : NULL;
}

HrValue *hr_attribute(HrEval *ev, HrValue *object, const char *name)
{
    if (hr_is_undefined(object))
        return hr_eval_fail_undefined(ev, object);
    HrValue *value = own_attribute(ev, object, name);
    if (value || ev->error)
        return value;
    if (object->kind == HR_VALUE_DICT && (value = hr_value_lookup(object, name)))
        return hr_value_ref(value);
    return no_attribute(object, name);
}

/* ---- Items ---- */

HrValue *hr_substring(HrEval *ev, const HrValue *string, size_t start_byte, size_t len)
{
    HrText text;
    hr_text_init(&text, &ev->budget);
    hr_text_append_slice(&text, string, start_byte, len);
    HrValue *part = hr_eval_finish_text(ev, &text);
    if (part)
        part->form = string->form;
    return part;
}

/* Number of items that an index counts, or -1 where the value has no indices. */
static int64_t sequence_length(const HrValue *value)
{
    if (hr_is_string(value))
        return (int64_t)value->string.n_chars;
    if (value->kind == HR_VALUE_LIST &&
        (value->form == HR_FORM_PLAIN || value->form == HR_FORM_TUPLE ||
         value->form == HR_FORM_RANGE))
        return (int64_t)value->list.n;
    return -1;
}

/* Item i of a sequence; i is in range. */
static HrValue *sequence_item(HrEval *ev, HrValue *sequence, int64_t i)
{
    if (!hr_is_string(sequence))
        return hr_value_ref(sequence->list.items[i]);
    /* Finding a character walks there. */
    if (!hr_eval_charge(ev, (size_t)i / 32))
        return NULL;
    size_t start = hr_string_offset(sequence, (size_t)i);
    return hr_substring(ev, sequence, start, hr_string_char_len(sequence, start));
}

HrValue *hr_item(HrEval *ev, HrValue *object, HrValue *index)
{
    HrValue *value;

    if (hr_is_undefined(object))
        return hr_eval_fail_undefined(ev, object);
    if (hr_is_string(index) && !hr_eval_charge_value(ev, index))
        return NULL;
    if (object->kind == HR_VALUE_DICT) {
        if (hr_value_hashable(index) && (value = hr_value_dict_find(object, index)))
            return hr_value_ref(value);
    } else if (index->kind == HR_VALUE_INT || index->kind == HR_VALUE_BOOL) {
        int64_t n = sequence_length(object), i = hr_value_get_int(index);
        if (i < 0)
            i += MAX(n, 0);
        if (i >= 0 && i < n)
            return sequence_item(ev, object, i);
    }
    if (hr_is_string(index) &&
        ((value = own_attribute(ev, object, index->string.bytes)) || ev->error))
        return value;
    return no_item(ev, object, index);
}

/* ---- Slices ---- */

/* A part of a slice as Python clamps it to [low, high]. */
static bool slice_bound(HrEval *ev, const HrValue *part, int64_t n, int64_t low, int64_t high,
                        int64_t fallback, int64_t *ret_bound)
{
    if (part->kind == HR_VALUE_NULL) {
        *ret_bound = fallback;
        return true;
    }
    if (part->kind != HR_VALUE_INT && part->kind != HR_VALUE_BOOL)
        return hr_eval_fail(ev,
                            "slice indices must be integers or None or have an __index__ method");
    int64_t i = hr_value_get_int(part);
    *ret_bound = CLAMP(i < 0 ? i + n : i, low, high);
    return true;
}

/* a + b * c, or the nearest there is. */
static int64_t saturating(int64_t a, int64_t b, int64_t c)
{
    int64_t product, sum;

    if (__builtin_mul_overflow(b, c, &product))
        return (b < 0) != (c < 0) ? INT64_MIN : INT64_MAX;
    if (__builtin_add_overflow(a, product, &sum))
        return product < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

/* A range's slice is a range. */
static HrValue *slice_of_range(const HrValue *range, int64_t start, int64_t stop, int64_t step)
{
    const int64_t *r = range->list.range;
    return hr_value_new_range(saturating(r[0], start, r[2]), saturating(r[0], stop, r[2]),
                              saturating(0, step, r[2]));
}

/* Copies items start, start + step, ... up to stop. */
static HrValue *slice_list(HrEval *ev, const HrValue *list, int64_t start, int64_t stop,
                           int64_t step)
{
    g_autoptr(HrValue) slice = list->form == HR_FORM_RANGE ? slice_of_range(list, start, stop, step)
                                                           : hr_value_new_form(list->form);

    for (int64_t i = start; step > 0 ? i < stop : i > stop;) {
        if (!hr_eval_append(ev, slice, hr_value_ref(list->list.items[i])))
            return NULL;
        if (__builtin_add_overflow(i, step, &i))
            break;
    }
    return g_steal_pointer(&slice);
}

static HrValue *slice_string(HrEval *ev, const HrValue *string, int64_t start, int64_t stop,
                             int64_t step)
{
    g_auto(HrText) text = { 0 };

    if (!hr_eval_charge_value(ev, string))
        return NULL;
    if (step == 1) {
        size_t from = hr_string_offset(string, (size_t)start),
               to = hr_string_offset(string, (size_t)MAX(start, stop));
        return hr_substring(ev, string, from, to - from);
    }
    hr_text_init(&text, &ev->budget);
    g_autofree size_t *offsets = g_try_new(size_t, string->string.n_chars + 1);
    if (offsets == NULL)
        return hr_eval_fail(ev, "not enough memory");
    size_t n = 0;
    for (size_t i = 0; i < string->string.len; i += hr_string_char_len(string, i))
        offsets[n++] = i;
    for (int64_t i = start; step > 0 ? i < stop : i > stop;) {
        hr_text_append_slice(&text, string, offsets[i], hr_string_char_len(string, offsets[i]));
        if (!hr_eval_charge(ev, 1))
            return NULL;
        if (__builtin_add_overflow(i, step, &i))
            break;
    }
    return hr_eval_finish_text(ev, &text);
}

HrValue *hr_slice(HrEval *ev, HrValue *object, const HrValue *start, const HrValue *stop,
                  const HrValue *step)
{
    int64_t n = sequence_length(object), from = 0, to = 0, by = 1;

    if (hr_is_undefined(object))
        return hr_eval_fail_undefined(ev, object);
    if (object->kind == HR_VALUE_DICT)
        return hr_eval_fail(ev, "unhashable type: 'slice'");
    if (n < 0)
        return hr_eval_fail(ev, "'%s' object is not subscriptable", hr_value_type_name(object));
    if (!slice_bound(ev, step, 0, INT64_MIN, INT64_MAX, 1, &by))
        return NULL;
    if (by == 0)
        return hr_eval_fail(ev, "slice step cannot be zero");
    int64_t low = by > 0 ? 0 : -1, high = by > 0 ? n : n - 1;
    if (!slice_bound(ev, start, n, low, high, by > 0 ? low : high, &from) ||
        !slice_bound(ev, stop, n, low, high, by > 0 ? high : low, &to))
        return NULL;
    return hr_is_string(object) ? slice_string(ev, object, from, to, by)
                                : slice_list(ev, object, from, to, by);
}
