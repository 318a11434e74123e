/* float-mode.h: numbers too small to be normal count as zero while the pool computes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A softmax far from its top gives weights near 1e-38, whose products with values are subnormal:
 * processors that compute these in microcode take a hundred times as long for a sum that they
 * cannot change. Thread-safety: the calling thread's own mode.
 */
#pragma once

#include <stdint.h>

#if defined(__SSE2__)
#include <xmmintrin.h>
#define HR_FLUSH_BITS 0x8040u /* results (bit 15) and operands (bit 6) of MXCSR */
#elif defined(__aarch64__)
#define HR_FLUSH_BITS (UINT64_C(1) << 24) /* FZ of FPCR */
#endif

/* Returns what the mode was, for hr_float_mode_leave. */
static inline uint64_t hr_float_mode_enter(void)
{
#if defined(__SSE2__)
    uint32_t before = _mm_getcsr();
    _mm_setcsr(before | HR_FLUSH_BITS);
    return before;
#elif defined(__aarch64__)
    uint64_t before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(before | HR_FLUSH_BITS));
    return before;
#else
    return 0;
#endif
}

static inline void hr_float_mode_leave(uint64_t before)
{
#if defined(__SSE2__)
    _mm_setcsr((uint32_t)before);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
#endif
}
