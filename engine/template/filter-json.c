/* filter-json.c: tojson as Hugging Face sets it up: Python's json.dumps, nothing escaped for HTML,
 * keys in their order.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "template/eval.h"
#include "template/key.h"

typedef struct {
    HrEval *ev;
    HrText text;
    bool ensure_ascii, sort_keys;
    HrValue *indent;    /* a string per level, or NULL: all on one line */
    HrValue *between, *behind_key; /* separators */
} Writer;

static bool write_value(Writer *writer, HrValue *value, unsigned depth);

/* ---- Strings ---- */

static void write_escape(Writer *writer, gunichar c, bool trusted)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = c && c < 0x80 ? strchr(plain, (int)c) : NULL;
    char buf[16];

    if (found)
        g_snprintf(buf, sizeof buf, "\\%c", letters[found - plain]);
    else if (c < 0x10000)
        g_snprintf(buf, sizeof buf, "\\u%04x", c);
    else
        g_snprintf(buf, sizeof buf, "\\u%04x\\u%04x", 0xD800 + ((c - 0x10000) >> 10),
                   0xDC00 + ((c - 0x10000) & 0x3FF));
    hr_text_append(&writer->text, buf, -1, trusted);
}

static void write_string(Writer *writer, const HrValue *string)
{
    size_t start = 0, i = 0;

    hr_text_append(&writer->text, "\"", 1, true);
    while (i < string->string.len && !writer->text.failed) {
        size_t len = hr_string_char_len(string, i);
        gunichar c = hr_string_char(string, i);
        if (c < 0x20 || c == '"' || c == '\\' || (c >= 0x80 && writer->ensure_ascii)) {
            hr_text_append_slice(&writer->text, string, start, i - start);
            write_escape(writer, c, hr_string_trusted_at(string, i));
            start = i + len;
        }
        i += len;
    }
    if (!writer->text.failed)
        hr_text_append_slice(&writer->text, string, start, string->string.len - start);
    hr_text_append(&writer->text, "\"", 1, true);
}

/* ---- Containers ---- */

static void write_line(Writer *writer, unsigned depth)
{
    if (writer->indent == NULL)
        return;
    hr_text_append(&writer->text, "\n", 1, true);
    for (unsigned i = 0; i < depth; i++)
        hr_text_append_string(&writer->text, writer->indent);
}

static bool write_list(Writer *writer, const HrValue *list, unsigned depth)
{
    hr_text_append(&writer->text, "[", 1, true);
    for (size_t i = 0; i < list->list.n; i++) {
        if (i > 0)
            hr_text_append_string(&writer->text, writer->between);
        write_line(writer, depth + 1);
        if (!write_value(writer, list->list.items[i], depth + 1))
            return false;
    }
    if (list->list.n > 0)
        write_line(writer, depth);
    hr_text_append(&writer->text, "]", 1, true);
    return true;
}

/* Numbers and constants are keys by their spelling. */
static bool write_key(Writer *writer, HrValue *key)
{
    if (hr_is_string(key)) {
        write_string(writer, key);
        return true;
    }
    if (key->kind == HR_VALUE_LIST || key->kind == HR_VALUE_CALLABLE || hr_is_undefined(key))
        return hr_eval_fail(writer->ev, "keys must be str, int, float, bool or None, not %s",
                            hr_value_type_name(key));
    hr_text_append(&writer->text, "\"", 1, true);
    bool written = write_value(writer, key, 0);
    hr_text_append(&writer->text, "\"", 1, true);
    return written;
}

/* Keys in their order, or sorted. */
static HrValue *keys_of(Writer *writer, HrValue *dict)
{
    const HrKey itself = { .case_sensitive = true };
    g_autoptr(HrValue) keys = hr_eval_iterate(writer->ev, dict);
    if (keys && writer->sort_keys)
        return hr_key_sort(writer->ev, keys, &itself, false);
    return g_steal_pointer(&keys);
}

static bool write_dict(Writer *writer, HrValue *dict, unsigned depth)
{
    g_autoptr(HrValue) keys = keys_of(writer, dict);

    if (keys == NULL)
        return false;
    hr_text_append(&writer->text, "{", 1, true);
    for (size_t i = 0; i < keys->list.n; i++) {
        if (i > 0)
            hr_text_append_string(&writer->text, writer->between);
        write_line(writer, depth + 1);
        if (!write_key(writer, keys->list.items[i]))
            return false;
        hr_text_append_string(&writer->text, writer->behind_key);
        if (!write_value(writer, hr_value_dict_find(dict, keys->list.items[i]), depth + 1))
            return false;
    }
    if (keys->list.n > 0)
        write_line(writer, depth);
    hr_text_append(&writer->text, "}", 1, true);
    return true;
}

/* ---- Values ---- */

static void write_float(Writer *writer, double real)
{
    char buf[HR_FLOAT_REPR_MAX];

    if (isnan(real))
        g_strlcpy(buf, "NaN", sizeof buf);
    else if (isinf(real))
        g_strlcpy(buf, real < 0 ? "-Infinity" : "Infinity", sizeof buf);
    else
        hr_float_repr(real, buf);
    hr_text_append(&writer->text, buf, -1, true);
}

static bool write_value(Writer *writer, HrValue *value, unsigned depth)
{
    char buf[24];

    if (depth > HR_VALUE_MAX_DEPTH)
        return hr_eval_fail(writer->ev, "a value is nested too deeply for JSON");
    if (writer->text.failed) /* hr_eval_finish_text says why */
        return true;
    switch ((HrValueKind)value->kind) {
    case HR_VALUE_NULL:
        hr_text_append(&writer->text, "null", 4, true);
        return true;
    case HR_VALUE_BOOL:
        hr_text_append(&writer->text, value->boolean ? "true" : "false", -1, true);
        return true;
    case HR_VALUE_INT:
        g_snprintf(buf, sizeof buf, "%" PRId64, value->integer);
        hr_text_append(&writer->text, buf, -1, true);
        return true;
    case HR_VALUE_FLOAT:
        write_float(writer, value->real);
        return true;
    case HR_VALUE_STRING:
        write_string(writer, value);
        return true;
    case HR_VALUE_DICT:
        return write_dict(writer, value, depth);
    case HR_VALUE_LIST:
        if (value->form == HR_FORM_PLAIN || value->form == HR_FORM_TUPLE)
            return write_list(writer, value, depth);
        break;
    default:
        break;
    }
    return hr_eval_fail(writer->ev, "Object of type %s is not JSON serializable",
                        hr_value_type_name(value));
}

/* ---- The filter ---- */

static bool set_indent(Writer *writer, HrValue *argument)
{
    g_autoptr(HrValue) blank = hr_value_new_string(" ", 1, true);

    if (argument == NULL || argument->kind == HR_VALUE_NULL)
        return true;
    writer->indent = hr_is_string(argument) ? hr_value_ref(argument)
                     : argument->kind == HR_VALUE_INT || argument->kind == HR_VALUE_BOOL
                         ? hr_binary(writer->ev, HR_OP_MUL, blank, argument)
                         : hr_eval_fail(writer->ev, "indent must be a number or text");
    return writer->indent != NULL;
}

static bool set_separators(Writer *writer, const HrValue *argument)
{
    if (argument == NULL || argument->kind == HR_VALUE_NULL) {
        writer->between = hr_value_new_string(writer->indent ? "," : ", ", -1, true);
        writer->behind_key = hr_value_new_string(": ", 2, true);
        return true;
    }
    if (argument->kind != HR_VALUE_LIST || argument->list.n != 2 ||
        !hr_is_string(argument->list.items[0]) || !hr_is_string(argument->list.items[1]))
        return hr_eval_fail(writer->ev, "separators must be two strings");
    writer->between = hr_value_ref(argument->list.items[0]);
    writer->behind_key = hr_value_ref(argument->list.items[1]);
    return true;
}

static HrValue *filter_tojson(HrEval *ev, HrValue *self, HrValue *const *argv)
{
    Writer writer = {.ev = ev,
                     .ensure_ascii = hr_arg_bool(argv[0], false),
                     .sort_keys = hr_arg_bool(argv[3], false)};
    HrValue *json = NULL;

    hr_text_init(&writer.text, &ev->budget);
    if (set_indent(&writer, argv[1]) && set_separators(&writer, argv[2]) &&
        write_value(&writer, self, 0))
        json = hr_eval_finish_text(ev, &writer.text);
    hr_text_clear(&writer.text);
    hr_value_unref(writer.indent);
    hr_value_unref(writer.between);
    hr_value_unref(writer.behind_key);
    return json;
}

const HrBuiltin hr_json_filters[] = {
    { "tojson", "ensure_ascii indent separators sort_keys", 0, .call = filter_tojson },
    { NULL },
};
