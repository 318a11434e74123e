/* headroom-gguf-header.h: writes the beginning of a GGUF file: metadata and the list of tensors,
 * without their data.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * GGUF version 3, little-endian, alignment 32:
 *   "GGUF", u32 3, u64 tensors, u64 entries
 *   an entry:  string key, u32 kind (4 u32, 5 i32, 6 f32, 7 bool, 8 string, 9 array of u32 kind,
 * u64 count), value a tensor:  string name, u32 dimensions, u64 each, u32 type, u64 offset from the
 * start of the data, a multiple of 32 a string:  u64 bytes, the bytes
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

typedef struct _HeadroomGgufHeader HeadroomGgufHeader;

HeadroomGgufHeader *headroom_gguf_header_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* value: a string, a bool, a number, or a list of numbers of one kind. Whole numbers must be 0 to
 * 2^32 - 1. Others are left out. */
void headroom_gguf_header_set (HeadroomGgufHeader *self, const char *key, const HrValue *value);
/* FALSE if the type is not known or a row is no whole number of blocks. */
gboolean headroom_gguf_header_add_tensor (HeadroomGgufHeader *self, const char *name,
                                          const guint64 *dims, guint n_dims, const char *type);
/* Bytes of all tensors that were added, as they lie in a file. */
guint64 headroom_gguf_header_get_data_bytes (const HeadroomGgufHeader *self);
GBytes *headroom_gguf_header_write (const HeadroomGgufHeader *self) G_GNUC_WARN_UNUSED_RESULT;
void headroom_gguf_header_free (HeadroomGgufHeader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomGgufHeader, headroom_gguf_header_free)

G_END_DECLS
