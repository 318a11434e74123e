/* self-check.h: whether a device computes what the shaders say.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Drivers announce what they cannot do, and compilers of shaders have bugs; a small product of each
 * family of blocks, a norm, and keys and values that are stored and attended to show that before
 * anybody's answer does. Thread-safety: Unsafe (as the device).
 */
#pragma once

#include "vulkan/pipeline.h"

/* Computes them on an open device. HR_ERROR_UNSUPPORTED says which came out wrong, others what the
 * driver could not do. */
bool hr_vk_self_check(HrVkDevice *device, HrVkPipelines *pipelines, GError **error);

/* The same, once for each device, driver and set of shaders: what came of it is kept in the file
 * path, which holds a line for the shaders' mark and one for what is wrong, empty if nothing is.
 * That it cannot be written costs only time. */
bool hr_vk_self_check_once(HrVkDevice *device, HrVkPipelines *pipelines, const char *path,
                           GError **error);
/* Where a device's file is, beside that of its pipelines. */
char *hr_vk_self_check_path(const HrGpu *gpu) G_GNUC_WARN_UNUSED_RESULT;
