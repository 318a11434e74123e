/* tensors.c: see tensors.h. Checks where and how large tensors are; which of them a model needs is
 * the loader's business.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "gguf/tensors.h"

#include <stdlib.h>
#include <string.h>

#define MIN_TENSOR_BYTES \
    (8 + 1 + 4 + 8 + 4 + 8) /* length, a name of one byte, n_dims, one dimension, type, offset */

void hr_gguf_tensor_list_init(HrGgufTensorList *list)
{
    *list = (HrGgufTensorList){.owned = g_ptr_array_new_with_free_func(g_free)};
}

void hr_gguf_tensor_list_clear(HrGgufTensorList *list)
{
    g_clear_pointer(&list->owned, g_ptr_array_unref);
    g_clear_pointer(&list->tensors, g_free);
    g_clear_pointer(&list->by_name, g_free);
    list->n = 0;
}

/* ---- One tensor ---- */

static bool read_name(HrGgufTensorList *list, HrCursor *cursor, HrGgufBudget *budget,
                      HrGgufTensor *tensor, GError **error)
{
    g_autofree char *what = g_strdup_printf("tensor %zu", list->n + 1);
    const void *bytes;
    uint64_t len;

    if (!hr_cursor_u64(cursor, &len))
        return hr_gguf_fail(error, HR_ERROR_FILE, "the file ends before %s", what);
    if (!hr_cursor_take(cursor, len, &bytes))
        return hr_gguf_fail(error, HR_ERROR_FILE, "%s has a name of %" G_GUINT64_FORMAT
                            " bytes, which reaches past the end of the file", what, len);
    tensor->name =
        hr_gguf_copy_name(list->owned, budget, bytes, len, HR_GGUF_MAX_NAME_BYTES, what, error);
    return tensor->name != NULL;
}

static bool read_shape(HrCursor *cursor, HrGgufTensor *tensor, GError **error)
{
    if (!hr_cursor_u32(cursor, &tensor->n_dims))
        return hr_gguf_fail(error, HR_ERROR_FILE, "the file ends in the shape of tensor '%s'",
                            tensor->name);
    if (tensor->n_dims < 1 || tensor->n_dims > G_N_ELEMENTS(tensor->dims))
        return hr_gguf_fail(error, HR_ERROR_FORMAT,
                            "tensor '%s' has %u dimensions; 1 to 4 are allowed", tensor->name,
                            tensor->n_dims);
    for (uint32_t i = 0; i < G_N_ELEMENTS(tensor->dims); i++) {
        tensor->dims[i] = 1;
        if (i < tensor->n_dims && !hr_cursor_u64(cursor, &tensor->dims[i]))
            return hr_gguf_fail(error, HR_ERROR_FILE, "the file ends in the shape of tensor '%s'",
                                tensor->name);
        if (tensor->dims[i] == 0)
            return hr_gguf_fail(error, HR_ERROR_FORMAT, "tensor '%s' has a dimension of 0",
                                tensor->name);
    }
    return true;
}

/* Ids that the format had once: Q4_2, Q4_3, and arrangements of Q4_0 and IQ4_NL for one processor.
 */
static bool is_removed(uint32_t id)
{
    return id == 4 || id == 5 || (id >= 31 && id <= 33) || (id >= 36 && id <= 38);
}

static bool read_type(HrCursor *cursor, HrGgufTensor *tensor, GError **error)
{
    uint32_t id;

    if (!hr_cursor_u32(cursor, &id))
        return hr_gguf_fail(error, HR_ERROR_FILE, "the file ends in the type of tensor '%s'",
                            tensor->name);
    if (is_removed(id))
        return hr_gguf_fail(error, HR_ERROR_UNSUPPORTED,
                            "tensor '%s' is of type %u, which the format no longer has; "
                            "convert the model again",
                            tensor->name, id);
    if (!hr_type_traits(id)->name)
        return hr_gguf_fail(error, HR_ERROR_UNSUPPORTED,
                            "tensor '%s' is of type %u, which this build does not know",
                            tensor->name, id);
    tensor->type = id;
    return true;
}

/* bytes = product of dims / block * block_bytes, refused where bytes or elements would not fit 63
 * bits. */
static bool measure(HrGgufTensor *tensor, GError **error)
{
    const HrTypeTraits *traits = hr_type_traits(tensor->type);
    uint64_t blocks = tensor->dims[0] / traits->block;
    bool overflow = false;

    if (tensor->dims[0] % traits->block != 0)
        return hr_gguf_fail(error, HR_ERROR_FORMAT,
                            "tensor '%s' has rows of %" G_GUINT64_FORMAT
                            " elements, which is no multiple of %s's blocks of %u",
                            tensor->name, tensor->dims[0], traits->name, traits->block);
    for (uint32_t i = 1; i < G_N_ELEMENTS(tensor->dims); i++)
        overflow |= __builtin_mul_overflow(blocks, tensor->dims[i], &blocks);
    if (overflow || blocks > INT64_MAX / MAX(traits->block, traits->block_bytes))
        return hr_gguf_fail(error, HR_ERROR_FORMAT, "tensor '%s' has a shape whose size overflows",
                            tensor->name);
    tensor->bytes = blocks * traits->block_bytes;
    return true;
}

/* offset is still relative to the data section. */
static bool read_offset(HrCursor *cursor, uint32_t alignment, HrGgufTensor *tensor, GError **error)
{
    if (!hr_cursor_u64(cursor, &tensor->offset))
        return hr_gguf_fail(error, HR_ERROR_FILE, "the file ends in the offset of tensor '%s'",
                            tensor->name);
    if (tensor->offset % alignment != 0)
        return hr_gguf_fail(error, HR_ERROR_FORMAT,
                            "tensor '%s' is at offset %" G_GUINT64_FORMAT
                            ", which is no multiple of the alignment %u",
                            tensor->name, tensor->offset, alignment);
    return true;
}

static bool read_tensor(HrGgufTensorList *list, HrCursor *cursor, uint32_t alignment,
                        HrGgufBudget *budget, HrGgufTensor *tensor, GError **error)
{
    return read_name(list, cursor, budget, tensor, error) && read_shape(cursor, tensor, error) &&
           read_type(cursor, tensor, error) && measure(tensor, error) &&
           read_offset(cursor, alignment, tensor, error);
}

/* ---- Where they lie ---- */

/* Turns offsets from the data section into offsets from the file. */
static bool place(HrGgufTensor *tensor, uint64_t data_start, uint64_t file_bytes, bool header_only,
                  GError **error)
{
    uint64_t end;

    if (__builtin_add_overflow(tensor->offset, data_start, &tensor->offset) ||
        __builtin_add_overflow(tensor->offset, tensor->bytes, &end))
        return hr_gguf_fail(error, HR_ERROR_FORMAT, "tensor '%s' is at an offset that overflows",
                            tensor->name);
    if (!header_only && end > file_bytes)
        return hr_gguf_fail(error, HR_ERROR_FILE,
                            "tensor '%s' ends at byte %" G_GUINT64_FORMAT
                            ", but the file has only %" G_GUINT64_FORMAT
                            "; it is cut short (an unfinished download?)",
                            tensor->name, end, file_bytes);
    return true;
}

static int compare_offsets(const void *a, const void *b)
{
    const HrGgufTensor *x = *(const HrGgufTensor *const *)a, *y = *(const HrGgufTensor *const *)b;

    return (x->offset > y->offset) - (x->offset < y->offset);
}

static bool check_overlaps(const HrGgufTensor *tensors, size_t n, GError **error)
{
    g_autofree const HrGgufTensor **sorted = g_new(const HrGgufTensor *, n + 1);

    for (size_t i = 0; i < n; i++)
        sorted[i] = &tensors[i];
    qsort(sorted, n, sizeof *sorted, compare_offsets);
    for (size_t i = 1; i < n; i++)
        if (sorted[i]->offset - sorted[i - 1]->offset < sorted[i - 1]->bytes)
            return hr_gguf_fail(error, HR_ERROR_FORMAT, "tensors '%s' and '%s' overlap",
                                sorted[i - 1]->name, sorted[i]->name);
    return true;
}

/* ---- The list ---- */

static bool grow(HrGgufTensorList *list, HrCursor *cursor, uint64_t n, HrGgufBudget *budget,
                 GError **error)
{
    HrGgufTensor *tensors;

    if (n > budget->tensors)
        return hr_gguf_fail(error, HR_ERROR_FORMAT, "the header announces %" G_GUINT64_FORMAT
                            " tensors; at most %u are allowed", n, HR_GGUF_MAX_TENSORS);
    if (n > hr_cursor_left(cursor) / MIN_TENSOR_BYTES)
        return hr_gguf_fail(error, HR_ERROR_FILE, "the header announces %" G_GUINT64_FORMAT
                            " tensors, which reach past the end of the file", n);
    tensors = g_try_renew(HrGgufTensor, list->tensors, list->n + n + 1); /* + 1: never NULL */
    if (!tensors)
        return hr_gguf_fail(error, HR_ERROR_MEMORY,
                            "no memory for a list of %" G_GUINT64_FORMAT " tensors", n);
    budget->tensors -= n;
    list->tensors = tensors;
    return true;
}

bool hr_gguf_tensor_list_read(HrGgufTensorList *list, HrCursor *cursor, uint64_t n, uint32_t part,
                              uint32_t alignment, bool header_only, HrGgufBudget *budget,
                              GError **error)
{
    size_t first = list->n;
    uint64_t data_start;

    if (!grow(list, cursor, n, budget, error))
        return false;
    for (uint64_t i = 0; i < n; i++, list->n++) {
        HrGgufTensor *tensor = &list->tensors[list->n];

        *tensor = (HrGgufTensor){.part = part};
        if (!read_tensor(list, cursor, alignment, budget, tensor, error))
            return false;
    }
    data_start = ((uint64_t)cursor->at + alignment - 1) / alignment * alignment;
    for (size_t i = first; i < list->n; i++)
        if (!place(&list->tensors[i], data_start, cursor->size, header_only, error))
            return false;
    return check_overlaps(list->tensors + first, n, error);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const HrGgufTensor *const *)a)->name, (*(const HrGgufTensor *const *)b)->name);
}

bool hr_gguf_tensor_list_finish(HrGgufTensorList *list, GError **error)
{
    list->by_name = g_new(const HrGgufTensor *, list->n + 1);
    for (size_t i = 0; i < list->n; i++)
        list->by_name[i] = &list->tensors[i];
    qsort(list->by_name, list->n, sizeof *list->by_name, compare_names);
    for (size_t i = 1; i < list->n; i++)
        if (compare_names(&list->by_name[i - 1], &list->by_name[i]) == 0)
            return hr_gguf_fail(error, HR_ERROR_FORMAT, "tensor '%s' is there twice",
                                list->by_name[i]->name);
    return true;
}

const HrGgufTensor *hr_gguf_tensor_list_find(const HrGgufTensorList *list, const char *name)
{
    HrGgufTensor wanted = {.name = name};
    const HrGgufTensor *pointer = &wanted;
    const HrGgufTensor **found =
        bsearch(&pointer, list->by_name, list->n, sizeof *list->by_name, compare_names);

    return found ? *found : NULL;
}
