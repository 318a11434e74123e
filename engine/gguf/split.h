/* split.h: how the parts of a split GGUF file are numbered and named.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Part k of n (from 1) is NAME-0000k-of-0000n.gguf; its keys split.no (from 0), split.count and
 * split.tensors.count say the same. The first part holds the metadata; each has tensors and data of
 * its own.
 */
#pragma once

#include "gguf/metadata.h"

typedef struct {
    uint32_t no;         /* from 0 */
    uint32_t count;      /* 1: not split */
    int64_t n_tensors;   /* of all parts; -1: not said */
} HrGgufSplit;

bool hr_gguf_split_read(const HrGgufMetadata *metadata, HrGgufSplit *ret_split, GError **error);
/* The path of another part, from the path of the part that split describes. */
char *hr_gguf_split_path(const char *path, const HrGgufSplit *split, uint32_t no, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
