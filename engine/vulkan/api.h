/* api.h: the functions of Vulkan that are used, found at run time.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Nothing links against Vulkan: a machine without it has no GPUs, and that is all. Every call goes
 * through the table, so tests put functions of their own into it (memory that runs out, a device
 * that is lost). Thread-safety: Safe once filled.
 */
#pragma once

#include "hr.h"

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#define HR_VK_GLOBAL_FUNCTIONS(X) X(EnumerateInstanceVersion) X(CreateInstance) \
    X(EnumerateInstanceLayerProperties) X(EnumerateInstanceExtensionProperties)

#define HR_VK_INSTANCE_FUNCTIONS(X)                                            \
    X(DestroyInstance) X(EnumeratePhysicalDevices)                             \
    X(EnumerateDeviceExtensionProperties) X(GetPhysicalDeviceProperties2)      \
    X(GetPhysicalDeviceFeatures2) X(GetPhysicalDeviceMemoryProperties2)        \
    X(GetPhysicalDeviceQueueFamilyProperties) X(CreateDevice) X(GetDeviceProcAddr)

#define HR_VK_DEVICE_FUNCTIONS(X)                                              \
    X(DestroyDevice) X(GetDeviceQueue) X(DeviceWaitIdle)                       \
    X(AllocateMemory) X(FreeMemory) X(MapMemory) X(CreateBuffer)               \
    X(DestroyBuffer) X(GetBufferMemoryRequirements) X(BindBufferMemory)        \
    X(GetBufferDeviceAddress) X(CreateShaderModule) X(DestroyShaderModule)     \
    X(CreatePipelineLayout) X(DestroyPipelineLayout) X(CreatePipelineCache)    \
    X(DestroyPipelineCache) X(GetPipelineCacheData) X(CreateComputePipelines)  \
    X(DestroyPipeline) X(CreateCommandPool) X(DestroyCommandPool)              \
    X(AllocateCommandBuffers) X(FreeCommandBuffers) X(BeginCommandBuffer)      \
    X(EndCommandBuffer) X(CmdBindPipeline) X(CmdPushConstants) X(CmdDispatch)  \
    X(CmdCopyBuffer) X(CmdPipelineBarrier) X(CreateFence) X(DestroyFence)      \
    X(ResetFences) X(WaitForFences) X(QueueSubmit)

#define HR_VK_FIELD(name) PFN_vk##name name;
typedef struct {
    PFN_vkGetInstanceProcAddr GetInstanceProcAddr;
    HR_VK_GLOBAL_FUNCTIONS(HR_VK_FIELD)
    HR_VK_INSTANCE_FUNCTIONS(HR_VK_FIELD)
    HR_VK_DEVICE_FUNCTIONS(HR_VK_FIELD)
} HrVkApi;
#undef HR_VK_FIELD

/* Finds Vulkan's library, which is never closed again (drivers do not survive that), and its global
 * functions. HR_ERROR_UNSUPPORTED says that there is none. */
bool hr_vk_api_open(HrVkApi *api, GError **error);
/* The rest. HR_ERROR_UNSUPPORTED names the function that a driver lacks. */
bool hr_vk_api_find_instance(HrVkApi *api, VkInstance instance, GError **error);
bool hr_vk_api_find_device(HrVkApi *api, VkDevice device, GError **error);

/* "VK_ERROR_DEVICE_LOST", ... */
const char *hr_vk_result_name(VkResult result);
/* True for VK_SUCCESS; else sets error to "what: result", HR_ERROR_MEMORY where memory is short. */
bool hr_vk_check(VkResult result, const char *what, GError **error);
