/* api.c: see api.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan/api.h"

#include <dlfcn.h>

#define LIBRARY "libvulkan.so.1"

static bool lacks(const char *name, GError **error)
{
    g_set_error(error, HR_ERROR, HR_ERROR_UNSUPPORTED, "the driver has no vk%s", name);
    return false;
}

bool hr_vk_api_open(HrVkApi *api, GError **error)
{
    *api = (HrVkApi){0};
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library)
        api->GetInstanceProcAddr =
            (PFN_vkGetInstanceProcAddr)dlsym(library, "vkGetInstanceProcAddr");
    if (!api->GetInstanceProcAddr) {
        g_set_error(error, HR_ERROR, HR_ERROR_UNSUPPORTED, "Vulkan is not installed (%s)", LIBRARY);
        return false;
    }
#define FIND(name)                                                                 \
    api->name = (PFN_vk##name)api->GetInstanceProcAddr(VK_NULL_HANDLE, "vk" #name); \
    if (!api->name)                                                                \
        return lacks(#name, error);
    HR_VK_GLOBAL_FUNCTIONS(FIND)
#undef FIND
    return true;
}

bool hr_vk_api_find_instance(HrVkApi *api, VkInstance instance, GError **error)
{
#define FIND(name)                                                           \
    api->name = (PFN_vk##name)api->GetInstanceProcAddr(instance, "vk" #name); \
    if (!api->name)                                                          \
        return lacks(#name, error);
    HR_VK_INSTANCE_FUNCTIONS(FIND)
#undef FIND
    return true;
}

bool hr_vk_api_find_device(HrVkApi *api, VkDevice device, GError **error)
{
#define FIND(name)                                                       \
    api->name = (PFN_vk##name)api->GetDeviceProcAddr(device, "vk" #name); \
    if (!api->name)                                                      \
        return lacks(#name, error);
    HR_VK_DEVICE_FUNCTIONS(FIND)
#undef FIND
    return true;
}

const char *hr_vk_result_name(VkResult result)
{
    switch (result) {
    case VK_TIMEOUT: return "the GPU did not answer in time";
    case VK_ERROR_OUT_OF_HOST_MEMORY: return "out of host memory";
    case VK_ERROR_OUT_OF_DEVICE_MEMORY: return "out of GPU memory";
    case VK_ERROR_INITIALIZATION_FAILED: return "the driver could not start";
    case VK_ERROR_DEVICE_LOST: return "the GPU was lost";
    case VK_ERROR_LAYER_NOT_PRESENT: return "a layer is missing";
    case VK_ERROR_EXTENSION_NOT_PRESENT: return "an extension is missing";
    case VK_ERROR_FEATURE_NOT_PRESENT: return "a feature is missing";
    case VK_ERROR_INCOMPATIBLE_DRIVER: return "no driver is installed";
    default: return "the driver failed";
    }
}

bool hr_vk_check(VkResult result, const char *what, GError **error)
{
    if (result == VK_SUCCESS)
        return true;
    bool memory =
        result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY;
    g_set_error(error, HR_ERROR, memory ? HR_ERROR_MEMORY : HR_ERROR_INTERNAL, "%s: %s (%d)", what,
                hr_vk_result_name(result), result);
    return false;
}
