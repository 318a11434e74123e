/* lora.h: where a program's products meet adapters, and what computing them takes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * For each row of a step and each adapter that counts in it, A x is computed while the rows are
 * being prepared, and B's part is added behind the product. Rows of different requests stay apart,
 * so several adapters may be in one step. Thread-safety: as the executor.
 */
#pragma once

#include "memory/region.h"
#include "model/adapter.h"
#include "program/program.h"

/* An adapter's part in one product. */
typedef struct {
    const HrLora *lora; /* NULL: it has none */
    uint64_t first_row; /* of B */
} HrLoraPlace;

typedef struct {
    uint32_t n;          /* adapters; 0: nothing to do */
    uint32_t total_rank; /* of all of them */
    uint32_t first[HR_MAX_ADAPTERS]; /* where each one's numbers begin among total_rank */
    HrLoraPlace *places; /* [n_ops][HR_LINEAR_PARTS][n] */
    HrRegion inner;      /* [rows][HR_LINEAR_PARTS][total_rank]: A x */
} HrLoras;

/* What A x takes for steps of n_rows. adapters: HrAdapter. */
uint64_t hr_loras_bytes(uint32_t n_rows, const GPtrArray *adapters);
bool hr_loras_init(HrLoras *loras, const HrProgram *program, const GPtrArray *adapters,
                   const HrGguf *base, HrLedger *ledger, const HrPlanItem *item, GError **error);
void hr_loras_finish(HrLoras *loras);
/* HR_ERROR_UNSUPPORTED names a tensor that the adapter changes and no product of the program uses.
 */
bool hr_loras_check(const HrProgram *program, const HrAdapter *adapter, const HrGguf *base,
                    GError **error);

static inline const HrLoraPlace *hr_loras_place(const HrLoras *loras, uint32_t op, uint32_t part,
                                                uint32_t adapter)
{
    return &loras->places[((size_t)op * HR_LINEAR_PARTS + part) * loras->n + adapter];
}
static inline float *hr_loras_inner(const HrLoras *loras, uint32_t row, uint32_t part)
{
    return (float *)loras->inner.base + ((size_t)row * HR_LINEAR_PARTS + part) * loras->total_rank;
}
