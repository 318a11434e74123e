/* peak-neon.c: the loops of peak.h with NEON; compiled once with each set of linear kernels.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/lanes-neon.h"
#include "cpu/peak-loop.h"
#include "cpu/peak.h"

#define V_ZERO() v_set_32(0)

#ifdef __ARM_FEATURE_DOTPROD
HR_PEAK_LOOP(hr_peak_int8_neon_dotprod, V, "w", V_ZERO, v_set_32, 16, add_dots(sums[i], x, (B)x, 0))
#else
/* Of the 16 products of a vector half are in each of these. */
#define MORE(sum, x) ((V)vmlal_high_s8((int16x8_t)(sum), (B)(x), (B)(x)))
#define SPLAT(v) f_from_bits(v_set_32(v))

HR_PEAK_LOOP(hr_peak_int8_neon, V, "w", V_ZERO, v_set_32, 8, MORE(sums[i], x))
HR_PEAK_LOOP(hr_peak_float32_neon, F, "w", f_zero, SPLAT, LANES, f_add_product(sums[i], x, x))
#endif
