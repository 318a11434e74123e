/* linear-avx512.c: the linear kernels with AVX-512; compiled a second time for processors that have
 * its byte products (VNNI) as well.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/lanes-avx512.h"
#include "cpu/linear-template.h"

#ifdef __AVX512VNNI__
const HrLinearKernels hr_linear_avx512_vnni = LINEAR_KERNELS("avx512-vnni");
#else
const HrLinearKernels hr_linear_avx512 = LINEAR_KERNELS("avx512");
#endif
