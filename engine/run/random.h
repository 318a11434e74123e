/* random.h: the generator behind sampling. The same seed gives the same numbers on every machine.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * xoshiro256** (Blackman and Vigna, 2018), its state filled by splitmix64 as its authors advise.
 */
#pragma once

#include <stdint.h>

typedef struct {
    uint64_t state[4];
} HrRandom;

void hr_random_init(HrRandom *random, uint64_t seed);
uint64_t hr_random_u64(HrRandom *random);
/* Uniform in [0, 1), a multiple of 2^-53. */
double hr_random_unit(HrRandom *random);
