/* fuzz.h: the one function of a fuzz target, called by libFuzzer or by replay.c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Does with data[0..size) what the parser under test does with what it is given. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
