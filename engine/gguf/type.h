/* type.h: the tensor types of GGUF: ids, names, block shapes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Values are those of the file format. */
typedef enum {
    HR_TYPE_F32 = 0,
    HR_TYPE_F16 = 1,
    HR_TYPE_Q4_0 = 2,
    HR_TYPE_Q4_1 = 3,
    HR_TYPE_Q5_0 = 6,
    HR_TYPE_Q5_1 = 7,
    HR_TYPE_Q8_0 = 8,
    HR_TYPE_Q8_1 = 9,
    HR_TYPE_Q2_K = 10,
    HR_TYPE_Q3_K = 11,
    HR_TYPE_Q4_K = 12,
    HR_TYPE_Q5_K = 13,
    HR_TYPE_Q6_K = 14,
    HR_TYPE_Q8_K = 15,
    HR_TYPE_IQ2_XXS = 16,
    HR_TYPE_IQ2_XS = 17,
    HR_TYPE_IQ3_XXS = 18,
    HR_TYPE_IQ1_S = 19,
    HR_TYPE_IQ4_NL = 20,
    HR_TYPE_IQ3_S = 21,
    HR_TYPE_IQ2_S = 22,
    HR_TYPE_IQ4_XS = 23,
    HR_TYPE_I8 = 24,
    HR_TYPE_I16 = 25,
    HR_TYPE_I32 = 26,
    HR_TYPE_I64 = 27,
    HR_TYPE_F64 = 28,
    HR_TYPE_IQ1_M = 29,
    HR_TYPE_BF16 = 30,
    HR_TYPE_TQ1_0 = 34,
    HR_TYPE_TQ2_0 = 35,
    HR_TYPE_MXFP4 = 39,
    HR_TYPE_NVFP4 = 40,
    HR_TYPE_N = 43, /* one past the highest id that the format defines */
} HrType;

typedef struct {
    const char *name;      /* "Q4_K"; NULL for ids that the format does not define (or no longer) */
    uint32_t block;        /* elements of a block */
    uint32_t block_bytes;
    bool computable;       /* kernels for it exist: weights may have it */
} HrTypeTraits;

/* Never NULL; an unknown id gives traits without a name. Thread-safety: Safe. */
const HrTypeTraits *hr_type_traits(uint32_t type);
