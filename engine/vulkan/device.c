/* device.c: see device.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan/device.h"

#include <string.h>

/* Drivers report a GPU that hangs as lost, much sooner; a software device beside other work may take minutes. */
#define WAIT_NS (600 * UINT64_C(1000000000))

static bool find_family(HrVkDevice *device, VkPhysicalDevice physical, uint32_t *ret_family,
                        GError **error)
{
    VkQueueFamilyProperties families[32];
    uint32_t n = G_N_ELEMENTS(families);
    device->api.GetPhysicalDeviceQueueFamilyProperties(physical, &n, families);
    for (uint32_t i = 0; i < n; i++)
        if (families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) {
            *ret_family = i;
            return true;
        }
    g_set_error_literal(error, HR_ERROR, HR_ERROR_UNSUPPORTED, "it computes nothing");
    return false;
}

static bool open_device(HrVkDevice *device, VkPhysicalDevice physical, uint32_t family,
                        GError **error)
{
    const float priority = 1;
    VkPhysicalDeviceVulkan12Features f12 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
        .bufferDeviceAddress = VK_TRUE,
        .storageBuffer8BitAccess = VK_TRUE,
        .shaderInt8 = VK_TRUE};
    VkPhysicalDeviceVulkan11Features f11 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES,
        .pNext = &f12,
        .storageBuffer16BitAccess = VK_TRUE};
    const VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                           .queueFamilyIndex = family,
                                           .queueCount = 1,
                                           .pQueuePriorities = &priority};
    const VkPhysicalDeviceFeatures features = {.shaderInt16 = VK_TRUE, .shaderInt64 = VK_TRUE};
    const VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                     .pNext = &f11,
                                     .queueCreateInfoCount = 1,
                                     .pQueueCreateInfos = &queue,
                                     .pEnabledFeatures = &features};
    return hr_vk_check(device->api.CreateDevice(physical, &info, NULL, &device->handle),
                       "the GPU could not be opened", error) &&
           hr_vk_api_find_device(&device->api, device->handle, error);
}

static bool make_parts(HrVkDevice *device, uint32_t family, GError **error)
{
    const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .queueFamilyIndex = family};
    const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    device->api.GetDeviceQueue(device->handle, family, 0, &device->queue);
    return hr_vk_check(device->api.CreateCommandPool(device->handle, &pool, NULL, &device->pool),
                       "no command pool", error) &&
           hr_vk_check(device->api.CreateFence(device->handle, &fence, NULL, &device->fence),
                       "no fence", error);
}

bool hr_vk_device_init(HrVkDevice *device, const HrVkInstance *instance, uint32_t index,
                       const HrGpu *gpu, GError **error)
{
    VkPhysicalDevice physical = instance->devices[index];
    VkPhysicalDeviceMemoryProperties2 memory = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2};
    uint32_t family = 0;

    *device = (HrVkDevice){.api = instance->api, .instance = instance, .gpu = *gpu};
    device->api.GetPhysicalDeviceMemoryProperties2(physical, &memory);
    device->memory = memory.memoryProperties;
    if (find_family(device, physical, &family, error) &&
        open_device(device, physical, family, error) && make_parts(device, family, error))
        return true;
    hr_vk_device_finish(device);
    return false;
}

void hr_vk_device_finish(HrVkDevice *device)
{
    if (!device->handle || !device->api.DestroyDevice)
        return;
    device->api.DeviceWaitIdle(device->handle);
    device->api.DestroyFence(device->handle, device->fence, NULL);
    device->api.DestroyCommandPool(device->handle, device->pool, NULL);
    device->api.DestroyDevice(device->handle, NULL);
    device->handle = VK_NULL_HANDLE;
}

bool hr_vk_device_run(HrVkDevice *device, const VkCommandBuffer *commands, uint32_t n,
                      GError **error)
{
    const VkSubmitInfo submit = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                                 .commandBufferCount = n,
                                 .pCommandBuffers = commands};
    return hr_vk_check(device->api.QueueSubmit(device->queue, 1, &submit, device->fence),
                       "the GPU took no work", error) &&
           hr_vk_check(device->api.WaitForFences(device->handle, 1, &device->fence, VK_TRUE,
                                                 WAIT_NS),
                       "the GPU did not finish its work", error) &&
           hr_vk_check(device->api.ResetFences(device->handle, 1, &device->fence),
                       "a fence could not be reset", error);
}

/* ---- Recording ---- */

bool hr_vk_commands_begin(HrVkDevice *device, VkCommandBuffer *ret_commands, GError **error)
{
    const VkCommandBufferAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = device->pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1};
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    VkCommandBuffer commands = VK_NULL_HANDLE;
    if (!hr_vk_check(device->api.AllocateCommandBuffers(device->handle, &allocate, &commands),
                     "no command buffer", error))
        return false;
    if (!hr_vk_check(device->api.BeginCommandBuffer(commands, &begin), "commands", error)) {
        hr_vk_commands_free(device, &commands);
        return false;
    }
    *ret_commands = commands;
    return true;
}

bool hr_vk_commands_end(HrVkDevice *device, VkCommandBuffer commands, GError **error)
{
    return hr_vk_check(device->api.EndCommandBuffer(commands), "commands", error);
}

void hr_vk_commands_free(HrVkDevice *device, VkCommandBuffer *commands)
{
    if (*commands)
        device->api.FreeCommandBuffers(device->handle, device->pool, 1, commands);
    *commands = VK_NULL_HANDLE;
}

void hr_vk_commands_barrier(HrVkDevice *device, VkCommandBuffer commands)
{
    const VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                     .srcAccessMask =
                                         VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
                                     .dstAccessMask =
                                         VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
                                         VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT |
                                         VK_ACCESS_HOST_READ_BIT};
    const VkPipelineStageFlags work =
        VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
    device->api.CmdPipelineBarrier(commands, work, work | VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier,
                                   0, NULL, 0, NULL);
}
