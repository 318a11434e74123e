/* linear-avx2.c: the linear kernels with AVX2; compiled a second time for processors that have
 * AVX-VNNI as well.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/lanes-avx2.h"
#include "cpu/linear-template.h"

#ifdef __AVXVNNI__
const HrLinearKernels hr_linear_avx_vnni = LINEAR_KERNELS("avx-vnni");
#else
const HrLinearKernels hr_linear_avx2 = LINEAR_KERNELS("avx2");
#endif
