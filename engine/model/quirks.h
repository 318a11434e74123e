/* quirks.h: files that name things in their maker's own way.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "gguf/gguf.h"

/* Gives what a file calls otherwise the usual names beside its own, and adds what it leaves to its
 * maker's program. Returns the architecture whose program it is for, borrowed; NULL if it names
 * none. */
const char *hr_quirks_apply(HrGguf *gguf);
