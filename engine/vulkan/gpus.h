/* gpus.h: the GPUs of this machine, for the engine.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Found once per process. Thread-safety: Safe.
 */
#pragma once

#include "vulkan/instance.h"

/* The process's own instance, with the devices in the order of hr_gpus_find; made when it is first
 * asked for, which is after another process has survived the same. It lives as long as the process.
 */
HrVkInstance *hr_gpus_instance(GError **error);
