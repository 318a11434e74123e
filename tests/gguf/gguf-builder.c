/* gguf-builder.c: see gguf-builder.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "gguf-builder.h"

#include <string.h>

static void put(GByteArray *out, const void *bytes, size_t n)
{
    g_byte_array_append(out, bytes, n);
}

static void put_u32(GByteArray *out, uint32_t value)
{
    value = GUINT32_TO_LE(value);
    put(out, &value, sizeof value);
}

static void put_u64(GByteArray *out, uint64_t value)
{
    value = GUINT64_TO_LE(value);
    put(out, &value, sizeof value);
}

static void put_string(GByteArray *out, const char *text)
{
    put_u64(out, strlen(text));
    put(out, text, strlen(text));
}

static void pad(GByteArray *out, size_t alignment)
{
    static const uint8_t zeros[4096];
    size_t n = alignment ? (alignment - out->len % alignment) % alignment : 0;

    for (; n > sizeof zeros; n -= sizeof zeros)
        put(out, zeros, sizeof zeros);
    put(out, zeros, n);
}

static void tensor_free(void *data)
{
    GgufBuilderTensor *tensor = data;

    g_free(tensor->name);
    g_byte_array_unref(tensor->data);
    g_free(tensor);
}

GgufBuilder *gguf_builder_new(void)
{
    GgufBuilder *builder = g_new0(GgufBuilder, 1);

    memcpy(builder->magic, "GGUF", 4);
    builder->version = 3;
    builder->alignment = 32;
    builder->n_tensors = builder->n_entries = -1;
    builder->entries = g_byte_array_new();
    builder->entry_ends = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    builder->tensors = g_ptr_array_new_with_free_func(tensor_free);
    return builder;
}

void gguf_builder_free(GgufBuilder *builder)
{
    if (!builder)
        return;
    g_byte_array_unref(builder->entries);
    g_array_unref(builder->entry_ends);
    g_ptr_array_unref(builder->tensors);
    g_free(builder);
}

/* ---- Metadata ---- */

void gguf_builder_raw(GgufBuilder *builder, uint64_t key_len, const char *key, size_t key_bytes,
                      uint32_t kind, const void *value, size_t value_bytes)
{
    uint64_t end;

    put_u64(builder->entries, key_len);
    put(builder->entries, key, key_bytes);
    put_u32(builder->entries, kind);
    put(builder->entries, value, value_bytes);
    end = builder->entries->len;
    g_array_append_val(builder->entry_ends, end);
}

/* Numbers go out as they are on a little-endian machine, turned on others. */
static void put_numbers(GByteArray *out, const void *values, size_t n, size_t element_bytes)
{
    const uint8_t *from = values;

    for (size_t i = 0; i < n * element_bytes; i++) {
        size_t in_element = i % element_bytes;
        size_t at =
            G_BYTE_ORDER == G_LITTLE_ENDIAN ? i : i - in_element + (element_bytes - 1 - in_element);

        put(out, from + at, 1);
    }
}

void gguf_builder_scalar(GgufBuilder *builder, const char *key, HrGgufKind kind, const void *value,
                         size_t bytes)
{
    g_autoptr(GByteArray) out = g_byte_array_new();

    put_numbers(out, value, 1, bytes);
    gguf_builder_raw(builder, strlen(key), key, strlen(key), kind, out->data, out->len);
}

void gguf_builder_array(GgufBuilder *builder, const char *key, HrGgufKind element,
                        const void *values, size_t n, size_t element_bytes)
{
    g_autoptr(GByteArray) out = g_byte_array_new();

    put_u32(out, element);
    put_u64(out, n);
    put_numbers(out, values, n, element_bytes);
    gguf_builder_raw(builder, strlen(key), key, strlen(key), HR_GGUF_ARRAY, out->data, out->len);
}

void gguf_builder_alignment(GgufBuilder *builder, uint32_t alignment)
{
    builder->alignment = alignment;
    gguf_builder_u32(builder, "general.alignment", alignment);
}

void gguf_builder_u32(GgufBuilder *builder, const char *key, uint32_t value)
{
    gguf_builder_scalar(builder, key, HR_GGUF_U32, &value, sizeof value);
}

void gguf_builder_f32(GgufBuilder *builder, const char *key, float value)
{
    gguf_builder_scalar(builder, key, HR_GGUF_F32, &value, sizeof value);
}

void gguf_builder_bool(GgufBuilder *builder, const char *key, bool value)
{
    uint8_t byte = value;

    gguf_builder_scalar(builder, key, HR_GGUF_BOOL, &byte, sizeof byte);
}

void gguf_builder_string(GgufBuilder *builder, const char *key, const char *value)
{
    g_autoptr(GByteArray) out = g_byte_array_new();

    put_string(out, value);
    gguf_builder_raw(builder, strlen(key), key, strlen(key), HR_GGUF_STRING, out->data, out->len);
}

void gguf_builder_strings(GgufBuilder *builder, const char *key, const char *const *values,
                          size_t n)
{
    g_autoptr(GByteArray) out = g_byte_array_new();

    put_u32(out, HR_GGUF_STRING);
    put_u64(out, n);
    for (size_t i = 0; i < n; i++)
        put_string(out, values[i]);
    gguf_builder_raw(builder, strlen(key), key, strlen(key), HR_GGUF_ARRAY, out->data, out->len);
}

void gguf_builder_i32s(GgufBuilder *builder, const char *key, const int32_t *values, size_t n)
{
    gguf_builder_array(builder, key, HR_GGUF_I32, values, n, sizeof *values);
}

void gguf_builder_f32s(GgufBuilder *builder, const char *key, const float *values, size_t n)
{
    gguf_builder_array(builder, key, HR_GGUF_F32, values, n, sizeof *values);
}

/* ---- Tensors ---- */

static size_t tensor_bytes(HrType type, uint32_t n_dims, const uint64_t *dims)
{
    const HrTypeTraits *traits = hr_type_traits(type);
    size_t bytes = dims[0] / traits->block * traits->block_bytes;

    for (uint32_t i = 1; i < n_dims; i++)
        bytes *= dims[i];
    return bytes;
}

GgufBuilderTensor *gguf_builder_tensor(GgufBuilder *builder, const char *name, HrType type,
                                       uint32_t n_dims, const uint64_t *dims, const void *data)
{
    GgufBuilderTensor *tensor = g_new0(GgufBuilderTensor, 1);
    size_t bytes = tensor_bytes(type, n_dims, dims);

    g_assert_true(n_dims <= G_N_ELEMENTS(tensor->dims));
    *tensor = (GgufBuilderTensor){.name = g_strdup(name),
                                  .name_len = strlen(name),
                                  .n_dims = n_dims,
                                  .type = type};
    memcpy(tensor->dims, dims, n_dims * sizeof *dims);
    tensor->data = g_byte_array_new();
    g_byte_array_set_size(tensor->data, bytes);
    if (data)
        memcpy(tensor->data->data, data, bytes);
    else if (bytes)
        memset(tensor->data->data, 0, bytes);
    if (builder->tensors->len > 0) {
        const GgufBuilderTensor *last = builder->tensors->pdata[builder->tensors->len - 1];

        tensor->offset = last->offset + last->data->len;
        tensor->offset +=
            (builder->alignment - tensor->offset % builder->alignment) % builder->alignment;
    }
    g_ptr_array_add(builder->tensors, tensor);
    return tensor;
}

static void put_tensor(GByteArray *out, const GgufBuilderTensor *tensor)
{
    put_u64(out, tensor->name_len);
    put(out, tensor->name, strlen(tensor->name));
    put_u32(out, tensor->n_dims);
    for (uint32_t i = 0; i < MIN(tensor->n_dims, G_N_ELEMENTS(tensor->dims)); i++)
        put_u64(out, tensor->dims[i]);
    put_u32(out, tensor->type);
    put_u64(out, tensor->offset);
}

/* ---- The file ---- */

GBytes *gguf_builder_finish(GgufBuilder *builder)
{
    GByteArray *out = g_byte_array_new();

    put(out, builder->magic, sizeof builder->magic);
    put_u32(out, builder->version);
    put_u64(out, builder->n_tensors < 0 ? builder->tensors->len : (uint64_t)builder->n_tensors);
    put_u64(out, builder->n_entries < 0 ? builder->entry_ends->len : (uint64_t)builder->n_entries);
    builder->entries_at = out->len;
    put(out, builder->entries->data, builder->entries->len);
    builder->tensors_at = out->len;
    for (guint i = 0; i < builder->tensors->len; i++)
        put_tensor(out, builder->tensors->pdata[i]);
    builder->header_end = out->len;
    if (builder->tensors->len > 0)
        pad(out, builder->alignment);
    builder->data_at = out->len;
    for (guint i = 0; i < builder->tensors->len; i++) {
        const GgufBuilderTensor *tensor = builder->tensors->pdata[i];

        put(out, tensor->data->data, tensor->data->len);
        pad(out, builder->alignment);
    }
    return g_byte_array_free_to_bytes(out);
}

void gguf_builder_write(GgufBuilder *builder, const char *path)
{
    g_autoptr(GBytes) file = gguf_builder_finish(builder);
    g_autoptr(GError) error = NULL;

    g_file_set_contents(path, g_bytes_get_data(file, NULL), g_bytes_get_size(file), &error);
    g_assert_no_error(error);
}
