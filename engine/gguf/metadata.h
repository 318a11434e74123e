/* metadata.h: the key/value section of one GGUF file.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Owns copies of keys and strings and marks in arrays of strings; arrays themselves stay in
 * the file's bytes, which must outlive it. Immutable once read. Thread-safety: Safe.
 */
#pragma once

#include "gguf/cursor.h"
#include "gguf/gguf.h"
#include "gguf/limits.h"

typedef struct {
    HrGgufEntry *entries;         /* [n_entries], in file order */
    const HrGgufEntry **by_key;   /* [n_entries], sorted */
    size_t n_entries;
    GPtrArray *owned;             /* what entries point to and the file does not hold */
} HrGgufMetadata;

/* Reads n_entries entries at the cursor. budget shrinks by what they take. */
HrGgufMetadata *hr_gguf_metadata_read(HrCursor *cursor, uint64_t n_entries, HrGgufBudget *budget,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
void hr_gguf_metadata_free(HrGgufMetadata *metadata);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrGgufMetadata, hr_gguf_metadata_free)

const HrGgufEntry *hr_gguf_metadata_find(const HrGgufMetadata *metadata, const char *key);
/* general.alignment, or the format's default. */
bool hr_gguf_metadata_alignment(const HrGgufMetadata *metadata, uint32_t *ret_alignment,
                                GError **error);

/* Bytes of one element; 0 for strings, arrays and ids that are none. */
size_t hr_gguf_kind_bytes(HrGgufKind kind);
const char *hr_gguf_kind_name(HrGgufKind kind);
