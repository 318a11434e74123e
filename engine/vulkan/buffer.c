/* buffer.c: memory of a GPU, and memory that it shares with the host. See device.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Buffers are few and large (the weights or the cache of a layer), so each has memory of its own.
 */
#include "vulkan/device.h"

#include <string.h>

/* What goes through the staging buffer at once. */
#define STAGING_BYTES (32u << 20)

#define HOST (VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)

/* The first type of bits with all of wanted and none of unwanted; UINT32_MAX: none. */
static uint32_t find_type(const HrVkDevice *device, uint32_t bits, VkMemoryPropertyFlags wanted,
                          VkMemoryPropertyFlags unwanted)
{
    for (uint32_t i = 0; i < device->memory.memoryTypeCount; i++) {
        VkMemoryPropertyFlags flags = device->memory.memoryTypes[i].propertyFlags;
        if ((bits >> i & 1) && (flags & wanted) == wanted && !(flags & unwanted))
            return i;
    }
    return UINT32_MAX;
}

/* The part of a card's memory that the host sees may be small, so weights keep out of it where they
 * can. */
static uint32_t choose_type(const HrVkDevice *device, uint32_t bits, HrVkPlace place)
{
    static const struct {
        VkMemoryPropertyFlags wanted, unwanted;
    } wishes[][3] = {
        [HR_VK_OWN] = {{VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT},
                       {VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | HOST, 0},
                       {VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0}},
        [HR_VK_UPLOAD] = {{HOST, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT}, {HOST, 0}, {HOST, 0}},
        [HR_VK_READBACK] = {{HOST | VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
                             VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT},
                            {HOST | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, 0},
                            {HOST, 0}},
    };
    uint32_t type = UINT32_MAX;
    for (uint32_t i = 0; type == UINT32_MAX && i < G_N_ELEMENTS(wishes[place]); i++)
        type = find_type(device, bits, wishes[place][i].wanted, wishes[place][i].unwanted);
    return type;
}

static bool bind_memory(HrVkBuffer *buffer, HrVkDevice *device, HrVkPlace place, GError **error)
{
    VkMemoryRequirements needs;
    device->api.GetBufferMemoryRequirements(device->handle, buffer->handle, &needs);
    uint32_t type = choose_type(device, needs.memoryTypeBits, place);
    if (type == UINT32_MAX)
        return hr_vk_check(VK_ERROR_FEATURE_NOT_PRESENT, "no memory of the kind", error);
    const VkMemoryAllocateFlagsInfo flags = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
        .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT};
    const VkMemoryAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                           .pNext = &flags,
                                           .allocationSize = needs.size,
                                           .memoryTypeIndex = type};
    if (!hr_vk_check(device->api.AllocateMemory(device->handle, &allocate, NULL, &buffer->memory),
                     "no memory", error) ||
        !hr_vk_check(device->api.BindBufferMemory(device->handle, buffer->handle, buffer->memory, 0),
                     "memory could not be bound", error))
        return false;
    bool visible = (device->memory.memoryTypes[type].propertyFlags & HOST) == HOST;
    return !visible || hr_vk_check(device->api.MapMemory(device->handle, buffer->memory, 0,
                                                         VK_WHOLE_SIZE, 0, &buffer->mapped),
                                   "memory could not be mapped", error);
}

static bool make(HrVkBuffer *buffer, HrVkDevice *device, HrVkPlace place, uint64_t bytes,
                 GError **error)
{
    const VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                     .size = (bytes + 3) / 4 * 4,
                                     .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
                                              VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                                              VK_BUFFER_USAGE_TRANSFER_DST_BIT |
                                              VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT};
    uint64_t most = MIN(device->gpu.max_allocation_bytes, device->gpu.max_buffer_bytes);
    if (info.size > most) {
        g_set_error(error, HR_ERROR, HR_ERROR_MEMORY,
                    "%" G_GUINT64_FORMAT " bytes at once are more than the driver gives (%" G_GUINT64_FORMAT
                    ")",
                    bytes, most);
        return false;
    }
    if (!hr_vk_check(device->api.CreateBuffer(device->handle, &info, NULL, &buffer->handle),
                     "no buffer", error) ||
        !bind_memory(buffer, device, place, error))
        return false;
    const VkBufferDeviceAddressInfo where = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO, .buffer = buffer->handle};
    buffer->address = device->api.GetBufferDeviceAddress(device->handle, &where);
    buffer->bytes = bytes;
    if (place == HR_VK_OWN)
        device->allocated_bytes += bytes;
    return true;
}

bool hr_vk_buffer_init(HrVkBuffer *buffer, HrVkDevice *device, HrVkPlace place, uint64_t bytes,
                       const char *what, GError **error)
{
    *buffer = (HrVkBuffer){0};
    if (bytes == 0 || make(buffer, device, place, bytes, error))
        return true;
    g_prefix_error(error, "%s on %s: ", what, device->gpu.name);
    hr_vk_buffer_finish(buffer, device);
    return false;
}

void hr_vk_buffer_finish(HrVkBuffer *buffer, HrVkDevice *device)
{
    if (buffer->handle)
        device->api.DestroyBuffer(device->handle, buffer->handle, NULL);
    if (buffer->memory)
        device->api.FreeMemory(device->handle, buffer->memory, NULL);
    *buffer = (HrVkBuffer){0};
}

/* ---- Copies ---- */

bool hr_vk_buffer_copy(HrVkDevice *device, const HrVkBuffer *from, uint64_t from_offset,
                       const HrVkBuffer *to, uint64_t to_offset, uint64_t bytes, GError **error)
{
    const VkBufferCopy region = {from_offset, to_offset, bytes};
    VkCommandBuffer commands;
    if (bytes == 0)
        return true;
    if (!hr_vk_commands_begin(device, &commands, error))
        return false;
    device->api.CmdCopyBuffer(commands, from->handle, to->handle, 1, &region);
    hr_vk_commands_barrier(device, commands);
    bool ok = hr_vk_commands_end(device, commands, error) &&
              hr_vk_device_run(device, &commands, 1, error);
    hr_vk_commands_free(device, &commands);
    return ok;
}

bool hr_vk_buffer_write(HrVkBuffer *buffer, HrVkDevice *device, uint64_t offset, const void *data,
                        uint64_t bytes, GError **error)
{
    HrVkBuffer staging;
    bool ok = true;
    if (buffer->mapped) {
        memcpy((char *)buffer->mapped + offset, data, bytes);
        return true;
    }
    if (!hr_vk_buffer_init(&staging, device, HR_VK_UPLOAD, MIN(bytes, STAGING_BYTES), "staging",
                           error))
        return false;
    for (uint64_t done = 0; ok && done < bytes; done += STAGING_BYTES) {
        uint64_t n = MIN(STAGING_BYTES, bytes - done);
        memcpy(staging.mapped, (const char *)data + done, n);
        ok = hr_vk_buffer_copy(device, &staging, 0, buffer, offset + done, n, error);
    }
    hr_vk_buffer_finish(&staging, device);
    return ok;
}

bool hr_vk_buffer_read(HrVkBuffer *buffer, HrVkDevice *device, uint64_t offset, void *data,
                       uint64_t bytes, GError **error)
{
    HrVkBuffer staging;
    bool ok = true;
    if (buffer->mapped) {
        memcpy(data, (const char *)buffer->mapped + offset, bytes);
        return true;
    }
    if (!hr_vk_buffer_init(&staging, device, HR_VK_READBACK, MIN(bytes, STAGING_BYTES), "staging",
                           error))
        return false;
    for (uint64_t done = 0; ok && done < bytes; done += STAGING_BYTES) {
        uint64_t n = MIN(STAGING_BYTES, bytes - done);
        ok = hr_vk_buffer_copy(device, buffer, offset + done, &staging, 0, n, error);
        if (ok)
            memcpy((char *)data + done, staging.mapped, n);
    }
    hr_vk_buffer_finish(&staging, device);
    return ok;
}
