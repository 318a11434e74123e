/* pair-sums.h: byte products on processors without VNNI, where they are summed in 16 bits, signed and
 * saturating.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Wide weights are multiplied by magnitude and sign there, and the others are raised no further than
 * they must.
 */
#pragma once

#include <assert.h>
#include <stdint.h>

#define RAISED_32 16  /* of at most 5 bits, in groups of 32 */
#define RAISED_16 32  /* of at most 6 bits, in groups of 16 */
#define RAISED_WIDE 0 /* of 8 bits */
#define START 0       /* what integer sums start from */

/* How many pair sums of unsigned weights, below twice raised or 32, times -127 .. 127 stay within
 * 16 bits. */
static inline __attribute__((always_inline)) int pair_sums_at_most(int raised)
{
    return raised == RAISED_16 ? 2 : raised == RAISED_WIDE ? 1 : 4;
}
static_assert(4 * 2 * 31 * 127 <= INT16_MAX && 2 * 2 * 63 * 127 <= INT16_MAX &&
                  2 * 128 * 127 <= INT16_MAX,
              "sums of byte products must not saturate");
