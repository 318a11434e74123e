/* host.h: the host's memory, as the system and its control groups tell of it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * root is a folder that stands for "/", for tests; "" otherwise. What cannot be read is not known.
 * Thread-safety: Safe.
 */
#pragma once

#include "hr.h"

/* Name, total and free of the host; its reserve is left alone. */
void hr_host_probe(const char *root, HrDevice *host);
void hr_host_read_pressure(const char *root, HrPressure *ret_pressure);
