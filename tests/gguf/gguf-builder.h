/* gguf-builder.h: writes GGUF files for tests, good ones and, by changing fields before the end,
 * broken ones.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     g_autoptr(GgufBuilder) builder = gguf_builder_new();
 *     gguf_builder_string(builder, "general.architecture", "llama");
 *     gguf_builder_tensor(builder, "output.weight", HR_TYPE_F32, 2, (uint64_t[]){64, 128},
 * weights); g_autoptr(GBytes) file = gguf_builder_finish(builder);
 *
 * Tensors are laid out in the order in which they were added. Aborts on lack of memory, as tests
 * may.
 */
#pragma once

#include "gguf/gguf.h"
#include <glib.h>

typedef struct {
    char *name;
    uint64_t name_len;  /* what is written before the name */
    uint32_t n_dims;
    uint64_t dims[8];   /* as many as n_dims are written, 8 at most */
    uint32_t type;
    uint64_t offset;    /* filled in when added */
    GByteArray *data;   /* padded to the alignment in the file */
} GgufBuilderTensor;

typedef struct {
    char magic[4];
    uint32_t version;
    uint32_t alignment;  /* of the layout; gguf_builder_alignment sets the key as well */
    int64_t n_tensors;   /* what the header says; -1: the truth */
    int64_t n_entries;
    GByteArray *entries;
    GArray *entry_ends;  /* uint64_t: of each entry, from the start of entries */
    GPtrArray *tensors;  /* GgufBuilderTensor */
    /* Filled by gguf_builder_finish: offsets in the file. */
    size_t entries_at, tensors_at, header_end, data_at;
} GgufBuilder;

GgufBuilder *gguf_builder_new(void);
void gguf_builder_free(GgufBuilder *builder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GgufBuilder, gguf_builder_free)

/* ---- Metadata ---- */
void gguf_builder_alignment(GgufBuilder *builder, uint32_t alignment); /* before any tensor */
void gguf_builder_u32(GgufBuilder *builder, const char *key, uint32_t value);
void gguf_builder_f32(GgufBuilder *builder, const char *key, float value);
void gguf_builder_bool(GgufBuilder *builder, const char *key, bool value);
void gguf_builder_string(GgufBuilder *builder, const char *key, const char *value);
void gguf_builder_strings(GgufBuilder *builder, const char *key, const char *const *values,
                          size_t n);
void gguf_builder_i32s(GgufBuilder *builder, const char *key, const int32_t *values, size_t n);
void gguf_builder_f32s(GgufBuilder *builder, const char *key, const float *values, size_t n);
/* A scalar or an array of any kind of number, from its bytes in the machine's order. */
void gguf_builder_scalar(GgufBuilder *builder, const char *key, HrGgufKind kind, const void *value,
                         size_t bytes);
void gguf_builder_array(GgufBuilder *builder, const char *key, HrGgufKind element,
                        const void *values, size_t n, size_t element_bytes);
/* An entry from its parts, unchecked: key_len is what is written before key (of key_bytes bytes),
 * then kind, then value. */
void gguf_builder_raw(GgufBuilder *builder, uint64_t key_len, const char *key, size_t key_bytes,
                      uint32_t kind, const void *value, size_t value_bytes);

/* ---- Tensors ---- */
/* data NULL: zeros. Returns the tensor for changes before the end. */
GgufBuilderTensor *gguf_builder_tensor(GgufBuilder *builder, const char *name, HrType type,
                                       uint32_t n_dims, const uint64_t *dims, const void *data);

GBytes *gguf_builder_finish(GgufBuilder *builder);
/* The same into a file. Aborts if it cannot be written. */
void gguf_builder_write(GgufBuilder *builder, const char *path);
