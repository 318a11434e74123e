/* adapter.h: LoRA adapters (Hu et al. 2021): y = W x + scale * B (A x) for some of a model's
 * products.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An adapter belongs to a base model, whose weights it leaves as they are; how much of it counts is
 * said by each request. Its own stay in the mapped file. Immutable once opened. Thread-safety:
 * Safe.
 */
#pragma once

#include "gguf/gguf.h"
#include "hr.h"
#include "model/weights.h"

/* Adapters of one model, and the rank of one: published ones have 4 to 256; what a step keeps for a
 * token grows with them. */
#define HR_MAX_ADAPTERS 8
#define HR_MAX_LORA_RANK 1024

/* What changes one tensor. */
typedef struct {
    const HrGgufTensor *base;
    HrWeight a; /* [rank, n_in] */
    HrWeight b; /* [n_out, rank] */
    float scale; /* alpha / rank */
} HrLora;

typedef struct {
    char *name; /* the file's own, or its base name */
    HrGguf *gguf;
    GHashTable *loras; /* HrGgufTensor of the base -> HrLora */
    uint32_t rank;     /* the largest */
    uint64_t bytes;    /* of its tensors */
} HrAdapter;

/* HR_ERROR_FORMAT or _UNSUPPORTED names the key or tensor that does not fit base. */
HrAdapter *hr_adapter_open(const char *path, const HrGguf *base, const char *base_arch,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
void hr_adapter_free(HrAdapter *adapter); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrAdapter, hr_adapter_free)

/* What the adapter adds to a product with weight, or NULL. ret_row: weight's first row in its
 * tensor. */
const HrLora *hr_adapter_find(const HrAdapter *adapter, const HrGguf *base, const HrWeight *weight,
                              uint64_t *ret_row);
