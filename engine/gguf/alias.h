/* alias.h: other names and further entries of a file, for makers who have their own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Found by name where the file has nothing of that name; not listed. To be added by who opened the
 * file, before anyone else has it.
 */
#pragma once

#include "gguf/gguf.h"

/* key and name find what existing does, which may be missing: then nothing is added. */
void hr_gguf_alias_key(HrGguf *gguf, const char *key, const char *existing);
void hr_gguf_alias_tensor(HrGguf *gguf, const char *name, const char *existing);
void hr_gguf_add_uint(HrGguf *gguf, const char *key, uint32_t value);
void hr_gguf_add_float(HrGguf *gguf, const char *key, float value);
void hr_gguf_add_string(HrGguf *gguf, const char *key, const char *value);

/* ---- For open.c ---- */

typedef struct {
    GHashTable *keys;    /* name -> HrGgufEntry; NULL: none */
    GHashTable *tensors; /* name -> borrowed HrGgufTensor; NULL: none */
} HrGgufAliases;

HrGgufAliases *hr_gguf_aliases(HrGguf *gguf);
void hr_gguf_aliases_finish(HrGgufAliases *aliases);
