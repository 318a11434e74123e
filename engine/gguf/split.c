/* split.c: see split.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "gguf/split.h"

#include <string.h>

/* The integer at key, or otherwise if there is none. */
static bool read_number(const HrGgufMetadata *metadata, const char *key, int64_t min, int64_t max,
                        int64_t otherwise, int64_t *ret_value, GError **error)
{
    const HrGgufEntry *entry = hr_gguf_metadata_find(metadata, key);
    int64_t value = otherwise;

    if (entry && (entry->kind == HR_GGUF_ARRAY || !hr_gguf_element_int(entry, 0, &value)))
        return hr_gguf_fail(error, HR_ERROR_FORMAT,
                            "key '%s' is of kind %s; it must be an integer below 2^63", key,
                            hr_gguf_kind_name(entry->kind));
    if (entry && (value < min || value > max))
        return hr_gguf_fail(error, HR_ERROR_FORMAT,
                            "key '%s' is %" G_GINT64_FORMAT "; %" G_GINT64_FORMAT
                            " to %" G_GINT64_FORMAT " are allowed",
                            key, value, min, max);
    *ret_value = value;
    return true;
}

bool hr_gguf_split_read(const HrGgufMetadata *metadata, HrGgufSplit *ret_split, GError **error)
{
    int64_t no, count, n_tensors;

    if (!read_number(metadata, "split.count", 0, HR_GGUF_MAX_PARTS, 1, &count, error))
        return false;
    count = MAX(count, 1); /* some writers say 0 for a file that is whole */
    if (count > 1 && !hr_gguf_metadata_find(metadata, "split.no"))
        return hr_gguf_fail(error, HR_ERROR_FORMAT,
                            "key 'split.no' is missing in a part of a split file");
    if (!read_number(metadata, "split.no", 0, count - 1, 0, &no, error) ||
        !read_number(metadata, "split.tensors.count", 0, HR_GGUF_MAX_TENSORS, -1, &n_tensors,
                     error))
        return false;
    *ret_split =
        (HrGgufSplit){.no = (uint32_t)no, .count = (uint32_t)count, .n_tensors = n_tensors};
    return true;
}

static char *suffix(uint32_t no, uint32_t count)
{
    return g_strdup_printf("-%05u-of-%05u.gguf", no + 1, count);
}

char *hr_gguf_split_path(const char *path, const HrGgufSplit *split, uint32_t no, GError **error)
{
    g_autofree char *own = suffix(split->no, split->count);
    g_autofree char *other = suffix(no, split->count);
    g_autofree char *name = NULL;

    if (!g_str_has_suffix(path, own)) {
        hr_gguf_fail(error, HR_ERROR_FILE,
                     "this is part %u of %u of a split model; to find the others its name "
                     "must end in %s",
                     split->no + 1, split->count, own);
        return NULL;
    }
    name = g_strndup(path, strlen(path) - strlen(own));
    return g_strconcat(name, other, NULL);
}
