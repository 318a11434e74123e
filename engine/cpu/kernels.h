/* kernels.h: the sets of linear kernels that this build holds, and what they share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * For the files of this folder only. A set of another instruction set lives in a static library of
 * its own, compiled with that set's flags; linear.c alone decides which of them may run.
 */
#pragma once

#include "cpu/linear.h"

/* Scratch of one thread. Each set asserts that its panels fit. */
#define HR_LINEAR_SCRATCH (192u * 1024)

static inline size_t hr_round_up(size_t n, size_t multiple)
{
    return (n + multiple - 1) / multiple * multiple;
}

extern const HrLinearKernels hr_linear_plain;
#ifdef __x86_64__
extern const HrLinearKernels hr_linear_avx2;
extern const HrLinearKernels hr_linear_avx512;
extern const HrLinearKernels hr_linear_avx_vnni;
extern const HrLinearKernels hr_linear_avx512_vnni;
#elif defined(__aarch64__)
extern const HrLinearKernels hr_linear_neon;
extern const HrLinearKernels hr_linear_neon_dotprod;
#endif
