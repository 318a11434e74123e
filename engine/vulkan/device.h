/* device.h: an opened GPU: its queue, memory and the work that is handed to it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Buffers have addresses, which shaders are given; there are no descriptors. Thread-safety: Unsafe
 * (the loading thread, then the runner's).
 */
#pragma once

#include "vulkan/instance.h"

typedef struct {
    HrVkApi api; /* the instance's, and the device's functions */
    const HrVkInstance *instance;
    HrGpu gpu;
    VkDevice handle;
    VkQueue queue;
    VkPhysicalDeviceMemoryProperties memory;
    VkCommandPool pool;
    VkFence fence;
    uint64_t allocated_bytes; /* of its own memory */
} HrVkDevice;

/* HR_ERROR_UNSUPPORTED, _MEMORY or _INTERNAL says what the driver could not do. */
bool hr_vk_device_init(HrVkDevice *device, const HrVkInstance *instance, uint32_t index,
                       const HrGpu *gpu, GError **error);
void hr_vk_device_finish(HrVkDevice *device); /* also of one that was not opened whole */

/* Hands command buffers to the GPU in order and waits until they are done. */
bool hr_vk_device_run(HrVkDevice *device, const VkCommandBuffer *commands, uint32_t n,
                      GError **error);

/* ---- Buffers (buffer.c) ---- */

typedef enum {
    HR_VK_OWN,      /* the device's memory */
    HR_VK_UPLOAD,   /* written by the host, read by the device */
    HR_VK_READBACK, /* written by the device, read by the host */
} HrVkPlace;

typedef struct {
    VkBuffer handle;
    VkDeviceMemory memory;
    VkDeviceAddress address;
    void *mapped; /* NULL: the host cannot see it */
    uint64_t bytes;
} HrVkBuffer;

/* Zero bytes make an empty buffer with no address. HR_ERROR_MEMORY. what: for messages. */
bool hr_vk_buffer_init(HrVkBuffer *buffer, HrVkDevice *device, HrVkPlace place, uint64_t bytes,
                       const char *what, GError **error);
void hr_vk_buffer_finish(HrVkBuffer *buffer, HrVkDevice *device);

/* Copies between buffers and the host, through a staging buffer where the host sees them not. */
bool hr_vk_buffer_write(HrVkBuffer *buffer, HrVkDevice *device, uint64_t offset, const void *data,
                        uint64_t bytes, GError **error);
bool hr_vk_buffer_read(HrVkBuffer *buffer, HrVkDevice *device, uint64_t offset, void *data,
                       uint64_t bytes, GError **error);
bool hr_vk_buffer_copy(HrVkDevice *device, const HrVkBuffer *from, uint64_t from_offset,
                       const HrVkBuffer *to, uint64_t to_offset, uint64_t bytes, GError **error);

/* ---- Recording ---- */

bool hr_vk_commands_begin(HrVkDevice *device, VkCommandBuffer *ret_commands, GError **error);
bool hr_vk_commands_end(HrVkDevice *device, VkCommandBuffer commands, GError **error);
void hr_vk_commands_free(HrVkDevice *device, VkCommandBuffer *commands);
/* What was written before is seen by everything behind it, the host included. */
void hr_vk_commands_barrier(HrVkDevice *device, VkCommandBuffer commands);
