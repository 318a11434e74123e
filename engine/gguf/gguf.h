/* gguf.h: a bounded reader of GGUF v2 and v3 files, split ones included.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Opening maps the file and reads its header (metadata, tensor list); no tensor data is touched.
 * Every count, length, offset, product, type and alignment is checked before use. Keys and strings
 * are copied out of the file; arrays of numbers stay where they are in the mapping. Immutable after
 * opening. Thread-safety: Safe.
 */
#pragma once

#include "gguf/type.h"
#include <glib.h>

typedef struct HrGguf HrGguf;

/* One of the parts of a split file opens all of them, found beside it. Messages begin with the
 * path. The file must not be cut shorter by others while it is open. */
HrGguf *hr_gguf_open(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A file in memory, for tests and headers that were fetched alone: header_only leaves the tensors'
 * data unchecked against the size (hr_gguf_tensor_data is NULL then). data must stay valid. */
HrGguf *hr_gguf_open_memory(const void *data, size_t size, bool header_only,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
void hr_gguf_close(HrGguf *gguf); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrGguf, hr_gguf_close)

uint64_t hr_gguf_file_bytes(const HrGguf *gguf); /* all parts */

/* ---- Metadata ---- */
typedef enum {
    HR_GGUF_U8,
    HR_GGUF_I8,
    HR_GGUF_U16,
    HR_GGUF_I16,
    HR_GGUF_U32,
    HR_GGUF_I32,
    HR_GGUF_F32,
    HR_GGUF_BOOL,
    HR_GGUF_STRING,
    HR_GGUF_ARRAY,
    HR_GGUF_U64,
    HR_GGUF_I64,
    HR_GGUF_F64,
} HrGgufKind;

/* Between two strings of an array whose places are kept: what lies between is walked. */
#define HR_GGUF_MARKED 16

static inline uint64_t hr_gguf_n_marks(uint64_t n)
{
    return n / HR_GGUF_MARKED + (n % HR_GGUF_MARKED != 0);
}

typedef struct {
    const char *key;    /* NUL-terminated */
    HrGgufKind kind;
    HrGgufKind element; /* of an array */
    uint64_t n;         /* elements of an array, bytes of a string, else 1 */
    const void *data;   /* little-endian, perhaps unaligned; a string's bytes, then a NUL */
    const uint64_t *marks; /* array of strings: [hr_gguf_n_marks(n) + 1] offsets from data of every
                              HR_GGUF_MARKED-th string's length field, then of the end; else NULL */
} HrGgufEntry;

size_t hr_gguf_n_entries(const HrGguf *gguf);
const HrGgufEntry *hr_gguf_entry(const HrGguf *gguf, size_t index); /* in file order */
const HrGgufEntry *hr_gguf_find(const HrGguf *gguf, const char *key); /* NULL if absent */

/* True and *ret set if the key is there with a kind that converts without loss (any integer width;
 * floats from F32 or F64). */
bool hr_gguf_get_uint(const HrGguf *gguf, const char *key, uint64_t *ret);
bool hr_gguf_get_float(const HrGguf *gguf, const char *key, double *ret);
bool hr_gguf_get_bool(const HrGguf *gguf, const char *key, bool *ret);
/* NUL-terminated copy owned by gguf, or NULL if absent or not a string. ret_len may be NULL. */
const char *hr_gguf_get_string(const HrGguf *gguf, const char *key, size_t *ret_len);

/* Element index of an array (or of a scalar, where index is 0). False if out of range or of another
 * kind. A bool is the integer 0 or 1. Strings of an array are not NUL-terminated. */
bool hr_gguf_element_int(const HrGgufEntry *entry, uint64_t index, int64_t *ret);
bool hr_gguf_element_float(const HrGgufEntry *entry, uint64_t index, double *ret);
bool hr_gguf_element_string(const HrGgufEntry *entry, uint64_t index, const char **ret_bytes,
                            size_t *ret_len);

/* ---- Tensors ---- */
typedef struct {
    const char *name;
    uint32_t n_dims;
    uint64_t dims[4];  /* dims[0] is the row length; unused ones are 1 */
    HrType type;
    uint64_t bytes;
    uint32_t part;     /* of a split file */
    uint64_t offset;   /* of the data from the start of that part's file */
} HrGgufTensor;

size_t hr_gguf_n_tensors(const HrGguf *gguf);
const HrGgufTensor *hr_gguf_tensor(const HrGguf *gguf,
                                   size_t index); /* in file order, part by part */
const HrGgufTensor *hr_gguf_find_tensor(const HrGguf *gguf, const char *name);
/* The mapped data, valid until close. */
const void *hr_gguf_tensor_data(const HrGguf *gguf, const HrGgufTensor *tensor);
/* The whole mapping of a part. */
const void *hr_gguf_part_data(const HrGguf *gguf, uint32_t part, size_t *ret_bytes);
uint32_t hr_gguf_n_parts(const HrGguf *gguf);
/* Headers of mapped files need not stay in memory: whoever still wants to know something of one has
 * the kernel read it again. */
void hr_gguf_give_back_header(const HrGguf *gguf);
