/* limits.h: what a GGUF file may ask for, the one way to refuse it, and the copies of its text.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Together these bound the memory of a reader to less than 64 MiB, whatever a file says and however
 * many parts it has. Counts are also checked against the bytes that are there before anything is
 * allocated for them.
 */
#pragma once

#include "hr.h"

#define HR_GGUF_MAX_ENTRIES (1u << 14)      /* real files hold 20 to 80 */
#define HR_GGUF_MAX_TENSORS \
    (1u << 16) /* a mixture with each expert's matrices apart: some 50 000 */
#define HR_GGUF_MAX_KEY_BYTES 1024          /* real keys stay under 100 */
#define HR_GGUF_MAX_NAME_BYTES 255          /* the format's tools write 63 at most */
#define HR_GGUF_MAX_TEXT_BYTES \
    (24u << 20) /* all keys, string values and names; some files embed a 10 MB tokenizer.json */
#define HR_GGUF_MAX_STRINGS \
    (1u << 21) /* in arrays, all together; tokens and merges of the largest: 0.8 million */
#define HR_GGUF_MAX_ELEMENTS (1u << 30)     /* of one array; other readers stop here too */
#define HR_GGUF_MIN_ALIGNMENT \
    8 /* the format's own lower bound; kernels load aligned 4-byte scales */
#define HR_GGUF_MAX_ALIGNMENT 65536         /* the largest page size in use */
#define HR_GGUF_DEFAULT_ALIGNMENT 32
#define HR_GGUF_MAX_PARTS 512               /* a 1T-parameter model in 5 GB parts has 400 */

/* What is left of the limits that hold for all parts together. */
typedef struct {
    uint64_t text_bytes;
    uint64_t strings;
    uint64_t tensors;
} HrGgufBudget;

/* Sets error and returns false, so that a check reads `return hr_gguf_fail(...)`. */
bool hr_gguf_fail(GError **error, HrError code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* A NUL-terminated copy of text that a file holds, kept in owned. what names it in errors
 * ("metadata entry 3"). Fails if it would exceed the budget. */
char *hr_gguf_copy_text(GPtrArray *owned, HrGgufBudget *budget, const void *bytes, uint64_t len,
                        const char *what, GError **error);
/* The same for keys and names of tensors: 1 to max bytes of UTF-8 without control characters. */
char *hr_gguf_copy_name(GPtrArray *owned, HrGgufBudget *budget, const void *bytes, uint64_t len,
                        uint64_t max, const char *what, GError **error);
