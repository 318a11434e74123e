/* vector.c: choosing the vector kernels, and the scratch of attention.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/vector.h"

#include "cpu/linear.h"

#include <string.h>

const HrVectorKernels *hr_vector_kernels(void)
{
    const char *name = hr_linear_kernels()->name;
#ifdef __x86_64__
    if (g_str_has_prefix(name, "avx512"))
        return &hr_vector_avx512;
    if (g_str_has_prefix(name, "avx"))
        return &hr_vector_avx2;
#elif defined(__aarch64__)
    if (g_str_has_prefix(name, "neon"))
        return &hr_vector_neon;
#endif
    (void)name;
    return &hr_vector_plain;
}

/* Hands out aligned pieces of scratch; with base NULL it only counts. */
static float *take(char *base, size_t *offset, size_t n)
{
    float *piece = base ? (float *)(base + *offset) : NULL;
    *offset += (n * sizeof(float) + 63) / 64 * 64;
    return piece;
}

static size_t lay_out(HrAttend *a, char *scratch)
{
    size_t offset = 0;
    a->q = take(scratch, &offset, (size_t)HR_ATTEND_ROWS * a->dk);
    a->keys = take(scratch, &offset, (size_t)a->dk * HR_PAGE_POSITIONS);
    a->values = take(scratch, &offset, (size_t)HR_PAGE_POSITIONS * a->dv_padded);
    a->p = take(scratch, &offset, HR_ATTEND_ROWS * HR_PAGE_POSITIONS);
    a->acc = take(scratch, &offset, (size_t)HR_ATTEND_ROWS * a->dv_padded);
    a->max = take(scratch, &offset, HR_ATTEND_ROWS);
    a->sum = take(scratch, &offset, HR_ATTEND_ROWS);
    a->first_valid = (uint32_t *)take(scratch, &offset, HR_ATTEND_ROWS);
    a->n_valid = (uint32_t *)take(scratch, &offset, HR_ATTEND_ROWS);
    a->slope = take(scratch, &offset, HR_ATTEND_ROWS);
    a->at = (int32_t *)take(scratch, &offset, HR_ATTEND_ROWS);
    return offset;
}

size_t hr_attend_scratch_bytes(uint32_t dk, uint32_t dv)
{
    HrAttend attend = {.dk = dk, .dv = dv, .dv_padded = hr_padded(dv)};
    return lay_out(&attend, NULL);
}

void hr_attend_init(HrAttend *attend, HrKvType type, uint32_t dk, uint32_t dv, void *scratch)
{
    *attend = (HrAttend){.type = type, .dk = dk, .dv = dv, .dv_padded = hr_padded(dv)};
    lay_out(attend, scratch);
    memset(attend->first_valid, 0, HR_ATTEND_ROWS * sizeof *attend->first_valid);
    memset(attend->slope, 0, HR_ATTEND_ROWS * sizeof *attend->slope);
}
