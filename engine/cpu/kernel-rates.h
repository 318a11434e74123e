/* kernel-rates.h: how long the kernels in use take for one number on this machine.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "cpu/pool.h"
#include "memory/region.h"

/* Runs each kernel for some milliseconds on every thread at once, on shapes that no model has;
 * fills in everything but read. region: some memory to work in, its contents do not matter and are
 * lost; read: seconds that all threads together take for a byte of all of it, if they only read. */
void hr_kernel_rates_measure(HrPool *pool, uint32_t n_threads, HrRegion *region, double read,
                             HrKernelRates *ret_rates);
