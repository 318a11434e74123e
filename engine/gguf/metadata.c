/* metadata.c: see metadata.h. What the values mean is the model loader's business.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "gguf/metadata.h"

#include <stdlib.h>
#include <string.h>

#define MIN_ENTRY_BYTES (8 + 1 + 4 + 1) /* length, a key of one byte, kind, the smallest value */
#define LENGTH_BYTES 8                  /* before each string */

static const struct {
    const char *name;
    size_t bytes;
} kinds[] = {
    [HR_GGUF_U8] = {"u8", 1},       [HR_GGUF_I8] = {"i8", 1},     [HR_GGUF_U16] = {"u16", 2},
    [HR_GGUF_I16] = {"i16", 2},     [HR_GGUF_U32] = {"u32", 4},   [HR_GGUF_I32] = {"i32", 4},
    [HR_GGUF_F32] = {"f32", 4},     [HR_GGUF_BOOL] = {"bool", 1}, [HR_GGUF_STRING] = {"string", 0},
    [HR_GGUF_ARRAY] = {"array", 0}, [HR_GGUF_U64] = {"u64", 8},   [HR_GGUF_I64] = {"i64", 8},
    [HR_GGUF_F64] = {"f64", 8},
};

size_t hr_gguf_kind_bytes(HrGgufKind kind)
{
    return (size_t)kind < G_N_ELEMENTS(kinds) ? kinds[kind].bytes : 0;
}

const char *hr_gguf_kind_name(HrGgufKind kind)
{
    return (size_t)kind < G_N_ELEMENTS(kinds) ? kinds[kind].name : "unknown";
}

/* ---- Values ---- */

static bool check_bools(const char *key, const uint8_t *values, uint64_t n, GError **error)
{
    for (uint64_t i = 0; i < n; i++)
        if (values[i] > 1)
            return hr_gguf_fail(error, HR_ERROR_FORMAT,
                                "key '%s' holds a bool that is %u; only 0 and 1 are allowed", key,
                                values[i]);
    return true;
}

static bool read_length(HrCursor *cursor, const char *key, uint64_t *ret_length, GError **error)
{
    if (!hr_cursor_u64(cursor, ret_length))
        return hr_gguf_fail(error, HR_ERROR_FILE, "the file ends in a length of key '%s'", key);
    return true;
}

/* One string: its bytes in the file. */
static bool read_string(HrCursor *cursor, const char *key, const void **ret_bytes,
                        uint64_t *ret_len, GError **error)
{
    uint64_t len;

    if (!read_length(cursor, key, &len, error))
        return false;
    if (!hr_cursor_take(cursor, len, ret_bytes))
        return hr_gguf_fail(error, HR_ERROR_FILE, "key '%s' has a string of %" G_GUINT64_FORMAT
                            " bytes, which reaches past the end of the file", key, len);
    *ret_len = len;
    return true;
}

static bool read_string_value(HrGgufMetadata *metadata, HrCursor *cursor, HrGgufBudget *budget,
                              HrGgufEntry *entry, GError **error)
{
    g_autofree char *what = g_strdup_printf("key '%s'", entry->key);
    const void *bytes;

    if (!read_string(cursor, entry->key, &bytes, &entry->n, error))
        return false;
    entry->data = hr_gguf_copy_text(metadata->owned, budget, bytes, entry->n, what, error);
    return entry->data != NULL;
}

/* Walks an array of strings once and keeps where every few of them begin. */
static bool read_strings(HrGgufMetadata *metadata, HrCursor *cursor, HrGgufBudget *budget,
                         HrGgufEntry *entry, GError **error)
{
    const uint8_t *start = cursor->data + cursor->at;
    uint64_t *marks;

    if (entry->n > budget->strings)
        return hr_gguf_fail(error, HR_ERROR_FORMAT,
                            "key '%s': with its %" G_GUINT64_FORMAT
                            " strings the header holds more than %u",
                            entry->key, entry->n, HR_GGUF_MAX_STRINGS);
    if (entry->n > hr_cursor_left(cursor) / LENGTH_BYTES)
        return hr_gguf_fail(error, HR_ERROR_FILE,
                            "key '%s' has an array of %" G_GUINT64_FORMAT
                            " strings, which reaches past the end of the file",
                            entry->key, entry->n);
    marks = g_try_new(uint64_t, hr_gguf_n_marks(entry->n) + 1);
    if (!marks)
        return hr_gguf_fail(error, HR_ERROR_MEMORY,
                            "key '%s': no memory for %" G_GUINT64_FORMAT " strings", entry->key,
                            entry->n);
    g_ptr_array_add(metadata->owned, marks);
    budget->strings -= entry->n;
    for (uint64_t i = 0; i < entry->n; i++) {
        const void *bytes;
        uint64_t len;

        if (i % HR_GGUF_MARKED == 0)
            marks[i / HR_GGUF_MARKED] = cursor->data + cursor->at - start;
        if (!read_string(cursor, entry->key, &bytes, &len, error))
            return false;
    }
    marks[hr_gguf_n_marks(entry->n)] = cursor->data + cursor->at - start;
    entry->data = start;
    entry->marks = marks;
    return true;
}

static bool read_numbers(HrCursor *cursor, HrGgufKind kind, HrGgufEntry *entry, GError **error)
{
    size_t bytes = hr_gguf_kind_bytes(kind);

    if (entry->n > hr_cursor_left(cursor) / bytes)
        return hr_gguf_fail(error, HR_ERROR_FILE,
                            "key '%s' has %" G_GUINT64_FORMAT
                            " value(s) of kind %s, which reach past the end of the file",
                            entry->key, entry->n, hr_gguf_kind_name(kind));
    if (!hr_cursor_take(cursor, entry->n * bytes, &entry->data))
        return false; /* cannot be: just checked */
    return kind != HR_GGUF_BOOL || check_bools(entry->key, entry->data, entry->n, error);
}

static bool read_kind(HrCursor *cursor, const char *key, HrGgufKind *ret_kind, GError **error)
{
    uint32_t id;

    if (!hr_cursor_u32(cursor, &id))
        return hr_gguf_fail(error, HR_ERROR_FILE, "the file ends in the kind of key '%s'", key);
    if (id >= G_N_ELEMENTS(kinds))
        return hr_gguf_fail(error, HR_ERROR_FORMAT,
                            "key '%s' has the kind %u, which does not exist", key, id);
    *ret_kind = id;
    return true;
}

static bool read_array(HrGgufMetadata *metadata, HrCursor *cursor, HrGgufBudget *budget,
                       HrGgufEntry *entry, GError **error)
{
    if (!read_kind(cursor, entry->key, &entry->element, error) ||
        !read_length(cursor, entry->key, &entry->n, error))
        return false;
    if (entry->element == HR_GGUF_ARRAY)
        return hr_gguf_fail(error, HR_ERROR_FORMAT,
                            "key '%s' is an array of arrays, which the format does not allow",
                            entry->key);
    if (entry->n > HR_GGUF_MAX_ELEMENTS)
        return hr_gguf_fail(error, HR_ERROR_FORMAT,
                            "key '%s' is an array of %" G_GUINT64_FORMAT
                            " elements; at most %u are allowed",
                            entry->key, entry->n, HR_GGUF_MAX_ELEMENTS);
    if (entry->element == HR_GGUF_STRING)
        return read_strings(metadata, cursor, budget, entry, error);
    return read_numbers(cursor, entry->element, entry, error);
}

static bool read_value(HrGgufMetadata *metadata, HrCursor *cursor, HrGgufBudget *budget,
                       HrGgufEntry *entry, GError **error)
{
    if (!read_kind(cursor, entry->key, &entry->kind, error))
        return false;
    entry->element = entry->kind;
    entry->n = 1;
    switch (entry->kind) {
    case HR_GGUF_ARRAY:
        return read_array(metadata, cursor, budget, entry, error);
    case HR_GGUF_STRING:
        return read_string_value(metadata, cursor, budget, entry, error);
    default:
        return read_numbers(cursor, entry->kind, entry, error);
    }
}

/* ---- The section ---- */

static bool read_entry(HrGgufMetadata *metadata, HrCursor *cursor, HrGgufBudget *budget,
                       HrGgufEntry *entry, GError **error)
{
    g_autofree char *what = g_strdup_printf("metadata entry %zu", metadata->n_entries + 1);
    const void *bytes;
    uint64_t len;

    if (!hr_cursor_u64(cursor, &len))
        return hr_gguf_fail(error, HR_ERROR_FILE, "the file ends before %s", what);
    if (!hr_cursor_take(cursor, len, &bytes))
        return hr_gguf_fail(error, HR_ERROR_FILE, "%s has a name of %" G_GUINT64_FORMAT
                            " bytes, which reaches past the end of the file", what, len);
    entry->key =
        hr_gguf_copy_name(metadata->owned, budget, bytes, len, HR_GGUF_MAX_KEY_BYTES, what, error);
    return entry->key && read_value(metadata, cursor, budget, entry, error);
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp((*(const HrGgufEntry *const *)a)->key, (*(const HrGgufEntry *const *)b)->key);
}

/* Sorted and not hashed, so that no choice of keys makes it slow. */
static bool sort_keys(HrGgufMetadata *metadata, GError **error)
{
    for (size_t i = 0; i < metadata->n_entries; i++)
        metadata->by_key[i] = &metadata->entries[i];
    qsort(metadata->by_key, metadata->n_entries, sizeof *metadata->by_key, compare_keys);
    for (size_t i = 1; i < metadata->n_entries; i++)
        if (compare_keys(&metadata->by_key[i - 1], &metadata->by_key[i]) == 0)
            return hr_gguf_fail(error, HR_ERROR_FORMAT, "key '%s' is there twice",
                                metadata->by_key[i]->key);
    return true;
}

HrGgufMetadata *hr_gguf_metadata_read(HrCursor *cursor, uint64_t n_entries, HrGgufBudget *budget,
                                      GError **error)
{
    g_autoptr(HrGgufMetadata) metadata = g_new0(HrGgufMetadata, 1);

    metadata->owned = g_ptr_array_new_with_free_func(g_free);
    if (n_entries > HR_GGUF_MAX_ENTRIES) {
        hr_gguf_fail(error, HR_ERROR_FORMAT, "the header announces %" G_GUINT64_FORMAT
                     " metadata entries; at most %u are allowed", n_entries, HR_GGUF_MAX_ENTRIES);
        return NULL;
    }
    if (n_entries > hr_cursor_left(cursor) / MIN_ENTRY_BYTES) {
        hr_gguf_fail(error, HR_ERROR_FILE, "the header announces %" G_GUINT64_FORMAT
                     " metadata entries, which reach past the end of the file", n_entries);
        return NULL;
    }
    metadata->entries = g_new0(HrGgufEntry, n_entries + 1);
    metadata->by_key = g_new0(const HrGgufEntry *, n_entries + 1);
    for (; metadata->n_entries < n_entries; metadata->n_entries++)
        if (!read_entry(metadata, cursor, budget, &metadata->entries[metadata->n_entries], error))
            return NULL;
    if (!sort_keys(metadata, error))
        return NULL;
    return g_steal_pointer(&metadata);
}

void hr_gguf_metadata_free(HrGgufMetadata *metadata)
{
    if (!metadata)
        return;
    g_ptr_array_unref(metadata->owned);
    g_free(metadata->entries);
    g_free(metadata->by_key);
    g_free(metadata);
}

const HrGgufEntry *hr_gguf_metadata_find(const HrGgufMetadata *metadata, const char *key)
{
    HrGgufEntry wanted = {.key = key};
    const HrGgufEntry *pointer = &wanted;
    const HrGgufEntry **found;

    found = bsearch(&pointer, metadata->by_key, metadata->n_entries, sizeof *metadata->by_key,
                    compare_keys);
    return found ? *found : NULL;
}

bool hr_gguf_metadata_alignment(const HrGgufMetadata *metadata, uint32_t *ret_alignment,
                                GError **error)
{
    const HrGgufEntry *entry = hr_gguf_metadata_find(metadata, "general.alignment");
    int64_t value = HR_GGUF_DEFAULT_ALIGNMENT;

    if (entry && (entry->kind == HR_GGUF_ARRAY || !hr_gguf_element_int(entry, 0, &value)))
        return hr_gguf_fail(error, HR_ERROR_FORMAT,
                            "key 'general.alignment' is of kind %s; it must be an integer "
                            "below 2^63",
                            hr_gguf_kind_name(entry->kind));
    if (value < HR_GGUF_MIN_ALIGNMENT || value > HR_GGUF_MAX_ALIGNMENT ||
        (value & (value - 1)) != 0)
        return hr_gguf_fail(error, HR_ERROR_FORMAT,
                            "key 'general.alignment' is %" G_GINT64_FORMAT
                            "; it must be a power of two from %d to %d",
                            value, HR_GGUF_MIN_ALIGNMENT, HR_GGUF_MAX_ALIGNMENT);
    *ret_alignment = (uint32_t)value;
    return true;
}
