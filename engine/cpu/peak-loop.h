/* peak-loop.h: the loop that peak.c and peak-neon.c run an instruction in.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "cpu/inline.h"

#include <stdint.h>

#define ROUNDS 1000
/* Sums that do not wait for each other: more than an instruction's latency times how many begin per
 * cycle. */
#define SUMS 12

/* lanes: multiplications of one instruction; step: the instruction, from sums[i] and x, which are
 * in a register of a kind that assembly calls by this letter. The empty assembly makes x a new
 * value every time, and the sums wanted. */
#define HR_PEAK_LOOP(name, type, letter, zero, splat, lanes, step) \
    uint64_t name(void)                                            \
    {                                                              \
        volatile int operand = 0x3f803f80; /* about 1 */           \
        type sums[SUMS], x = splat(operand);                       \
        HR_UNROLL(12)                                              \
        for (int i = 0; i < SUMS; i++)                             \
            sums[i] = zero();                                      \
        for (int round = 0; round < ROUNDS; round++) {             \
            HR_UNROLL(12)                                          \
            for (int i = 0; i < SUMS; i++) {                       \
                __asm__ volatile("" : "+" letter(x));              \
                sums[i] = step;                                    \
            }                                                      \
        }                                                          \
        HR_UNROLL(12)                                              \
        for (int i = 0; i < SUMS; i++)                             \
            __asm__ volatile("" : : letter(sums[i]));              \
        return (uint64_t)ROUNDS * SUMS * (lanes);                  \
    }
