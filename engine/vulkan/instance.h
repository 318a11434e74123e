/* instance.h: Vulkan itself and the devices that it offers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Describes devices and says which can be used; opening them is device.h's. Thread-safety: Safe
 * once made.
 */
#pragma once

#include "vulkan/api.h"

#include <stdatomic.h>

typedef struct {
    HrVkApi api;
    VkInstance handle;
    VkPhysicalDevice devices[HR_MAX_GPUS];
    uint32_t n_devices;
    VkDebugUtilsMessengerEXT messenger; /* of the validation layers, where they are asked for */
    atomic_uint n_messages;             /* that they had */
} HrVkInstance;

/* validate: with the validation layers, if they are there; what they say is counted and logged.
 * wrap, for tests: called with the table before anything of it is used but the loader; or NULL. */
bool hr_vk_instance_init(HrVkInstance *instance, bool validate, void (*wrap)(HrVkApi *api),
                         GError **error);
void hr_vk_instance_finish(HrVkInstance *instance);

/* Describes device index; gpu->why says why it cannot be used, "" if it can. */
void hr_vk_describe(const HrVkInstance *instance, uint32_t index, HrGpu *gpu);
/* Bytes of the device's own memory that this process may still take: the system's budget where the
 * driver tells it, else nine tenths of all. */
uint64_t hr_vk_free_bytes(const HrVkInstance *instance, uint32_t index);
