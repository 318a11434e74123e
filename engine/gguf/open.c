/* open.c: maps GGUF files, reads their headers, and puts the parts of a split one together.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A header is: "GGUF", u32 version, u64 tensors, u64 metadata entries, the entries, the tensors'
 * descriptions; then, from the next multiple of the alignment on, their data.
 */
#include "gguf/alias.h"
#include "gguf/gguf.h"
#include "gguf/metadata.h"
#include "gguf/split.h"
#include "gguf/tensors.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    GMappedFile *map; /* NULL for a file that the caller holds in memory */
    const void *data;
    size_t size;
} Part;

struct HrGguf {
    GArray *parts;            /* Part */
    HrGgufMetadata *metadata; /* of the first part */
    HrGgufTensorList tensors; /* of all parts */
    HrGgufBudget budget;
    bool header_only;
    HrGgufAliases aliases;
};

static HrGguf *gguf_new(bool header_only)
{
    HrGguf *gguf = g_new0(HrGguf, 1);

    gguf->parts = g_array_new(FALSE, FALSE, sizeof(Part));
    gguf->budget = (HrGgufBudget){HR_GGUF_MAX_TEXT_BYTES, HR_GGUF_MAX_STRINGS, HR_GGUF_MAX_TENSORS};
    gguf->header_only = header_only;
    hr_gguf_tensor_list_init(&gguf->tensors);
    return gguf;
}

void hr_gguf_close(HrGguf *gguf)
{
    if (!gguf)
        return;
    hr_gguf_aliases_finish(&gguf->aliases);
    hr_gguf_tensor_list_clear(&gguf->tensors);
    hr_gguf_metadata_free(gguf->metadata);
    for (guint i = 0; i < gguf->parts->len; i++)
        g_clear_pointer(&g_array_index(gguf->parts, Part, i).map, g_mapped_file_unref);
    g_array_unref(gguf->parts);
    g_free(gguf);
}

/* ---- One header ---- */

static bool check_version(uint32_t version, GError **error)
{
    if (version == 2 || version == 3)
        return true;
    if (version == 1)
        return hr_gguf_fail(error, HR_ERROR_UNSUPPORTED,
                            "this is a GGUF file of version 1, which is no longer read; "
                            "convert the model again");
    if (version != 0 && (version & 0xffff) == 0)
        return hr_gguf_fail(error, HR_ERROR_UNSUPPORTED,
                            "this GGUF file is written in big-endian byte order; only "
                            "little-endian ones are read");
    return hr_gguf_fail(error, HR_ERROR_UNSUPPORTED,
                        "this is a GGUF file of version %u; versions 2 and 3 are read", version);
}

static bool read_preamble(HrCursor *cursor, uint64_t *ret_n_tensors, uint64_t *ret_n_entries,
                          GError **error)
{
    const void *magic;
    uint32_t version;

    if (cursor->size == 0)
        return hr_gguf_fail(error, HR_ERROR_FILE, "the file is empty");
    if (!hr_cursor_take(cursor, 4, &magic) || memcmp(magic, "GGUF", 4) != 0)
        return hr_gguf_fail(error, HR_ERROR_FILE,
                            "this is not a GGUF file: it does not begin with 'GGUF'");
    if (!hr_cursor_u32(cursor, &version))
        return hr_gguf_fail(error, HR_ERROR_FILE, "the file ends in its version");
    if (!check_version(version, error))
        return false;
    if (!hr_cursor_u64(cursor, ret_n_tensors))
        return hr_gguf_fail(error, HR_ERROR_FILE, "the file ends in the count of tensors");
    if (!hr_cursor_u64(cursor, ret_n_entries))
        return hr_gguf_fail(error, HR_ERROR_FILE, "the file ends in the count of metadata entries");
    return true;
}

/* Reads the newest part's header. The first part's metadata stays, that of others only says where
 * they belong. */
static bool read_part(HrGguf *gguf, HrGgufSplit *ret_split, GError **error)
{
    uint32_t no = gguf->parts->len - 1, alignment;
    const Part *part = &g_array_index(gguf->parts, Part, no);
    HrCursor cursor = {.data = part->data, .size = part->size};
    g_autoptr(HrGgufMetadata) metadata = NULL;
    uint64_t n_tensors, n_entries;

    if (!read_preamble(&cursor, &n_tensors, &n_entries, error))
        return false;
    metadata = hr_gguf_metadata_read(&cursor, n_entries, &gguf->budget, error);
    if (!metadata || !hr_gguf_metadata_alignment(metadata, &alignment, error) ||
        !hr_gguf_split_read(metadata, ret_split, error) ||
        !hr_gguf_tensor_list_read(&gguf->tensors, &cursor, n_tensors, no, alignment,
                                  gguf->header_only, &gguf->budget, error))
        return false;
    if (no == 0)
        gguf->metadata = g_steal_pointer(&metadata);
    return true;
}

/* ---- Files ---- */

/* Maps a regular file. Anything else (a pipe, a device, a folder) is refused without waiting for
 * it. */
static GMappedFile *map_file(const char *path, GError **error)
{
    struct stat status;
    GMappedFile *map = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        hr_gguf_fail(error, HR_ERROR_FILE, "cannot be opened: %s", g_strerror(errno));
        return NULL;
    }
    if (fstat(fd, &status) != 0)
        hr_gguf_fail(error, HR_ERROR_FILE, "cannot be looked at: %s", g_strerror(errno));
    else if (!S_ISREG(status.st_mode))
        hr_gguf_fail(error, HR_ERROR_FILE, "this is no regular file");
    else {
        g_autoptr(GError) local = NULL;

        map = g_mapped_file_new_from_fd(fd, FALSE, &local);
        if (!map)
            hr_gguf_fail(error, HR_ERROR_FILE, "cannot be mapped: %s", local->message);
    }
    close(fd);
    return map;
}

/* Puts the path before the message, and is false. */
static bool at_path(const char *path, GError **error)
{
    g_autofree char *shown = g_filename_display_name(path);

    g_prefix_error(error, "%s: ", shown);
    return false;
}

static bool add_part(HrGguf *gguf, const char *path, HrGgufSplit *ret_split, GError **error)
{
    GMappedFile *map = map_file(path, error);
    Part part;

    if (!map)
        return at_path(path, error);
    part = (Part){.map = map,
                  .data = g_mapped_file_get_contents(map),
                  .size = g_mapped_file_get_length(map)};
    g_array_append_val(gguf->parts, part);
    return read_part(gguf, ret_split, error) || at_path(path, error);
}

/* Adds part no at path, whose own word on its place must be what its name says. */
static bool add_named_part(HrGguf *gguf, const char *path, uint32_t no, uint32_t count,
                           HrGgufSplit *ret_split, GError **error)
{
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        hr_gguf_fail(error, HR_ERROR_FILE, "part %u of %u of this model is missing", no + 1, count);
        return at_path(path, error);
    }
    if (!add_part(gguf, path, ret_split, error))
        return false;
    if (ret_split->no == no && ret_split->count == count)
        return true;
    hr_gguf_fail(error, HR_ERROR_FORMAT,
                 "by its name this is part %u of %u, by its keys 'split.no' and 'split.count' "
                 "part %u of %u",
                 no + 1, count, ret_split->no + 1, ret_split->count);
    return at_path(path, error);
}

/* Opens the first part, where path is any part; most often path itself. */
static HrGguf *open_first(const char *path, char **ret_first_path, HrGgufSplit *ret_split,
                          GError **error)
{
    g_autoptr(HrGguf) gguf = gguf_new(false);
    g_autofree char *first_path = g_strdup(path);
    HrGgufSplit split;

    if (!add_part(gguf, path, &split, error))
        return NULL;
    if (split.no > 0) {
        g_free(first_path);
        first_path = hr_gguf_split_path(path, &split, 0, error);
        if (!first_path) {
            at_path(path, error);
            return NULL;
        }
        hr_gguf_close(gguf);
        gguf = gguf_new(false);
        if (!add_named_part(gguf, first_path, 0, split.count, &split, error))
            return NULL;
    }
    *ret_first_path = g_steal_pointer(&first_path);
    *ret_split = split;
    return g_steal_pointer(&gguf);
}

static bool add_further_parts(HrGguf *gguf, const char *first_path, const HrGgufSplit *first,
                              GError **error)
{
    for (uint32_t no = 1; no < first->count; no++) {
        g_autofree char *path = hr_gguf_split_path(first_path, first, no, error);
        HrGgufSplit split;

        if (!path)
            return at_path(first_path, error);
        if (!add_named_part(gguf, path, no, first->count, &split, error))
            return false;
    }
    return true;
}

static bool check_tensor_count(const HrGguf *gguf, const HrGgufSplit *split, GError **error)
{
    if (split->count > 1 && split->n_tensors >= 0 && (uint64_t)split->n_tensors != gguf->tensors.n)
        return hr_gguf_fail(error, HR_ERROR_FORMAT,
                            "key 'split.tensors.count' says %" G_GINT64_FORMAT
                            " tensors, but the parts hold %zu",
                            split->n_tensors, gguf->tensors.n);
    return true;
}

HrGguf *hr_gguf_open(const char *path, GError **error)
{
    g_autofree char *first_path = NULL;
    g_autoptr(HrGguf) gguf = NULL;
    HrGgufSplit split;

    gguf = open_first(path, &first_path, &split, error);
    if (!gguf || !add_further_parts(gguf, first_path, &split, error))
        return NULL;
    if (!hr_gguf_tensor_list_finish(&gguf->tensors, error) ||
        !check_tensor_count(gguf, &split, error)) {
        at_path(first_path, error);
        return NULL;
    }
    return g_steal_pointer(&gguf);
}

HrGguf *hr_gguf_open_memory(const void *data, size_t size, bool header_only, GError **error)
{
    g_autoptr(HrGguf) gguf = gguf_new(header_only);
    Part part = {.data = data, .size = size};
    HrGgufSplit split;

    g_array_append_val(gguf->parts, part);
    if (!read_part(gguf, &split, error) || !hr_gguf_tensor_list_finish(&gguf->tensors, error))
        return NULL;
    return g_steal_pointer(&gguf);
}

/* ---- What was read ---- */

uint64_t hr_gguf_file_bytes(const HrGguf *gguf)
{
    uint64_t bytes = 0;

    for (guint i = 0; i < gguf->parts->len; i++)
        bytes += g_array_index(gguf->parts, Part, i).size;
    return bytes;
}

size_t hr_gguf_n_entries(const HrGguf *gguf)
{
    return gguf->metadata->n_entries;
}

const HrGgufEntry *hr_gguf_entry(const HrGguf *gguf, size_t index)
{
    g_return_val_if_fail(index < gguf->metadata->n_entries, NULL);
    return &gguf->metadata->entries[index];
}

const HrGgufEntry *hr_gguf_find(const HrGguf *gguf, const char *key)
{
    const HrGgufEntry *entry = hr_gguf_metadata_find(gguf->metadata, key);
    return entry || !gguf->aliases.keys ? entry : g_hash_table_lookup(gguf->aliases.keys, key);
}

HrGgufAliases *hr_gguf_aliases(HrGguf *gguf)
{
    return &gguf->aliases;
}

size_t hr_gguf_n_tensors(const HrGguf *gguf)
{
    return gguf->tensors.n;
}

const HrGgufTensor *hr_gguf_tensor(const HrGguf *gguf, size_t index)
{
    g_return_val_if_fail(index < gguf->tensors.n, NULL);
    return &gguf->tensors.tensors[index];
}

const HrGgufTensor *hr_gguf_find_tensor(const HrGguf *gguf, const char *name)
{
    const HrGgufTensor *tensor = hr_gguf_tensor_list_find(&gguf->tensors, name);
    return tensor || !gguf->aliases.tensors ? tensor
                                            : g_hash_table_lookup(gguf->aliases.tensors, name);
}

const void *hr_gguf_tensor_data(const HrGguf *gguf, const HrGgufTensor *tensor)
{
    if (gguf->header_only)
        return NULL;
    return (const char *)g_array_index(gguf->parts, Part, tensor->part).data + tensor->offset;
}

const void *hr_gguf_part_data(const HrGguf *gguf, uint32_t part, size_t *ret_bytes)
{
    g_return_val_if_fail(part < gguf->parts->len, NULL);
    *ret_bytes = g_array_index(gguf->parts, Part, part).size;
    return g_array_index(gguf->parts, Part, part).data;
}

uint32_t hr_gguf_n_parts(const HrGguf *gguf)
{
    return gguf->parts->len;
}

/* Bytes of a part before the first of its tensors. */
static size_t header_bytes(const HrGguf *gguf, uint32_t part)
{
    size_t bytes = g_array_index(gguf->parts, Part, part).size;
    for (size_t i = 0; i < hr_gguf_n_tensors(gguf); i++) {
        const HrGgufTensor *tensor = hr_gguf_tensor(gguf, i);
        if (tensor->part == part)
            bytes = MIN(bytes, tensor->offset);
    }
    return bytes;
}

void hr_gguf_give_back_header(const HrGguf *gguf)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (uint32_t i = 0; i < gguf->parts->len; i++) {
        const Part *part = &g_array_index(gguf->parts, Part, i);
        if (part->map)
            madvise((void *)part->data, header_bytes(gguf, i) / page * page, MADV_DONTNEED);
    }
}
