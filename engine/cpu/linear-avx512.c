/* linear-avx512.c: the linear kernels with AVX-512 and its byte products (VNNI).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/lanes-avx512.h"
#include "cpu/linear-template.h"

const HrLinearKernels hr_linear_avx512_vnni = LINEAR_KERNELS("avx512-vnni");
