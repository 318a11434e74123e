/* cores.h: how many cores the control groups of this process leave to it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A quota on any group above this process counts, in either version of the hierarchy. Threads
 * beyond a quota are stopped together in the middle of a step, which costs more than they bring.
 * Thread-safety: Safe.
 */
#pragma once

#include <stdint.h>

/* Of n cores, as many as the smallest quota pays for, rounded up; n where there is none. root: a
 * folder that stands for "/", for tests; "" otherwise. */
uint32_t hr_cores_within_quota(const char *root, uint32_t n);
