/* peak.h: how many multiplications a thread can do when nothing else holds it up.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Loops over registers alone, with the instructions that the kernels' inner loops are made of: what
 * a product's speed is a share of. For machine.c.
 */
#pragma once

#include <stdint.h>

/* Runs for a while (some microseconds) and returns the multiplications done, each with its
 * addition. */
typedef uint64_t (*HrPeakFunc)(void);

/* NULL: the processor, or the set of kernels that is in use, has no instruction for it. */
typedef struct {
    HrPeakFunc int8, bf16, float32;
} HrPeaks;
HrPeaks hr_peaks(void);

#ifdef __aarch64__
uint64_t hr_peak_int8_neon(void);
uint64_t hr_peak_float32_neon(void);
uint64_t hr_peak_int8_neon_dotprod(void);
#endif
