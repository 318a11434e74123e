/* load.h: turning a plan into memory.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "run/runner.h"

/* Allocates what runner->plan lists and reads the weights in. HR_ERROR_CANCELLED if progress says
 * stop. */
bool hr_runner_load(HrRunner *runner, HrProgressFunc progress, void *data, GError **error);
