/* linear-neon.c: the linear kernels with NEON; compiled a second time for processors that have its
 * byte products (dotprod) as well.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/lanes-neon.h"
#include "cpu/linear-template.h"

#ifdef __ARM_FEATURE_DOTPROD
const HrLinearKernels hr_linear_neon_dotprod = LINEAR_KERNELS("neon-dotprod");
#else
const HrLinearKernels hr_linear_neon = LINEAR_KERNELS("neon");
#endif
