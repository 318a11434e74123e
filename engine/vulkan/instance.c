/* instance.c: see instance.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan/instance.h"

#include <string.h>

#define VALIDATION_LAYER "VK_LAYER_KHRONOS_validation"
/* What drivers without a budget leave to others, in percent. */
#define UNTOLD_PERCENT 10
#define MIN_LANES 256 /* of a workgroup: those of tiles and of what works number by number */

/* ---- Making ---- */

static VKAPI_ATTR VkBool32 VKAPI_CALL note_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                                   VkDebugUtilsMessageTypeFlagsEXT types,
                                                   const VkDebugUtilsMessengerCallbackDataEXT *what,
                                                   void *data)
{
    HrVkInstance *instance = data;
    atomic_fetch_add(&instance->n_messages, 1);
    g_log("headroom-vulkan", G_LOG_LEVEL_MESSAGE, "%s", what->pMessage);
    return VK_FALSE;
}

static bool has_layer(const HrVkApi *api, const char *name)
{
    VkLayerProperties layers[64];
    uint32_t n = G_N_ELEMENTS(layers);
    api->EnumerateInstanceLayerProperties(&n, layers);
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(layers[i].layerName, name) == 0)
            return true;
    return false;
}

static bool create(HrVkInstance *instance, bool validate, GError **error)
{
    static const char *const layers[] = {VALIDATION_LAYER};
    static const char *const extensions[] = {VK_EXT_DEBUG_UTILS_EXTENSION_NAME};
    const VkDebugUtilsMessengerCreateInfoEXT messenger = {
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
        .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                           VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
        .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT |
                       VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT,
        .pfnUserCallback = note_message,
        .pUserData = instance};
    const VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                           .pApplicationName = "Headroom",
                                           .apiVersion = VK_API_VERSION_1_2};
    bool with_layer = validate && has_layer(&instance->api, VALIDATION_LAYER);
    const VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                       .pNext = with_layer ? &messenger : NULL,
                                       .pApplicationInfo = &application,
                                       .enabledLayerCount = with_layer,
                                       .ppEnabledLayerNames = layers,
                                       .enabledExtensionCount = with_layer,
                                       .ppEnabledExtensionNames = extensions};
    if (!hr_vk_check(instance->api.CreateInstance(&info, NULL, &instance->handle),
                     "Vulkan could not be started", error) ||
        !hr_vk_api_find_instance(&instance->api, instance->handle, error))
        return false;
    PFN_vkCreateDebugUtilsMessengerEXT listen =
        (PFN_vkCreateDebugUtilsMessengerEXT)instance->api
            .GetInstanceProcAddr(instance->handle, "vkCreateDebugUtilsMessengerEXT");
    if (with_layer && listen)
        listen(instance->handle, &messenger, NULL, &instance->messenger);
    return true;
}

static bool list(HrVkInstance *instance, GError **error)
{
    uint32_t n = G_N_ELEMENTS(instance->devices);
    VkResult result =
        instance->api.EnumeratePhysicalDevices(instance->handle, &n, instance->devices);
    if (result != VK_INCOMPLETE && !hr_vk_check(result, "GPUs could not be listed", error))
        return false;
    instance->n_devices = n;
    return true;
}

bool hr_vk_instance_init(HrVkInstance *instance, bool validate, void (*wrap)(HrVkApi *api),
                         GError **error)
{
    uint32_t version = 0;
    *instance = (HrVkInstance){0};
    if (!hr_vk_api_open(&instance->api, error))
        return false;
    if (wrap)
        wrap(&instance->api);
    instance->api.EnumerateInstanceVersion(&version);
    if (version < VK_API_VERSION_1_2) {
        g_set_error(error, HR_ERROR, HR_ERROR_UNSUPPORTED, "the Vulkan loader is older than 1.2");
        return false;
    }
    if (create(instance, validate, error) && list(instance, error))
        return true;
    hr_vk_instance_finish(instance);
    return false;
}

void hr_vk_instance_finish(HrVkInstance *instance)
{
    if (instance->messenger) {
        PFN_vkDestroyDebugUtilsMessengerEXT stop =
            (PFN_vkDestroyDebugUtilsMessengerEXT)instance->api
                .GetInstanceProcAddr(instance->handle, "vkDestroyDebugUtilsMessengerEXT");
        stop(instance->handle, instance->messenger, NULL);
    }
    if (instance->handle && instance->api.DestroyInstance)
        instance->api.DestroyInstance(instance->handle, NULL);
    instance->handle = VK_NULL_HANDLE;
    instance->messenger = VK_NULL_HANDLE;
}

/* ---- Describing ---- */

static bool has_extension(const HrVkInstance *instance, uint32_t index, const char *name)
{
    g_autofree VkExtensionProperties *all = NULL;
    uint32_t n = 0;
    const HrVkApi *api = &instance->api;
    if (api->EnumerateDeviceExtensionProperties(instance->devices[index], NULL, &n, NULL) !=
        VK_SUCCESS)
        return false;
    all = g_new(VkExtensionProperties, n + 1);
    api->EnumerateDeviceExtensionProperties(instance->devices[index], NULL, &n, all);
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(all[i].extensionName, name) == 0)
            return true;
    return false;
}

typedef struct {
    VkPhysicalDeviceMemoryProperties2 memory;
    VkPhysicalDeviceMemoryBudgetPropertiesEXT budget;
    bool told; /* the budget */
} Heaps;

static void ask_heaps(const HrVkInstance *instance, uint32_t index, Heaps *heaps)
{
    *heaps = (Heaps){.memory.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
                     .budget.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
    heaps->told = has_extension(instance, index, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
    if (heaps->told)
        heaps->memory.pNext = &heaps->budget;
    instance->api.GetPhysicalDeviceMemoryProperties2(instance->devices[index], &heaps->memory);
}

static void sum_heaps(const Heaps *heaps, uint64_t *ret_total, uint64_t *ret_free)
{
    const VkPhysicalDeviceMemoryProperties *memory = &heaps->memory.memoryProperties;
    *ret_total = *ret_free = 0;
    for (uint32_t i = 0; i < memory->memoryHeapCount; i++) {
        uint64_t size = memory->memoryHeaps[i].size, budget = heaps->budget.heapBudget[i],
                 used = heaps->budget.heapUsage[i];
        if (!(memory->memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT))
            continue;
        *ret_total += size;
        *ret_free += !heaps->told    ? size / 100 * (100 - UNTOLD_PERCENT)
                     : budget > used ? budget - used
                                     : 0;
    }
}

uint64_t hr_vk_free_bytes(const HrVkInstance *instance, uint32_t index)
{
    Heaps heaps;
    uint64_t total, free;
    ask_heaps(instance, index, &heaps);
    sum_heaps(&heaps, &total, &free);
    return free;
}

static HrGpuType type_of(VkPhysicalDeviceType type)
{
    switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU: return HR_GPU_DISCRETE;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU: return HR_GPU_INTEGRATED;
    case VK_PHYSICAL_DEVICE_TYPE_CPU: return HR_GPU_SOFTWARE;
    default: return HR_GPU_VIRTUAL;
    }
}

/* The first thing that the shaders need and the device lacks, or NULL. */
static const char *find_lack(const HrVkInstance *instance, uint32_t index,
                             const VkPhysicalDeviceProperties *properties,
                             const VkPhysicalDeviceSubgroupProperties *subgroup)
{
    const VkSubgroupFeatureFlags wanted =
        VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_ARITHMETIC_BIT;
    VkPhysicalDeviceVulkan12Features f12 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
    VkPhysicalDeviceVulkan11Features f11 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, .pNext = &f12};
    VkPhysicalDeviceFeatures2 f = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                   .pNext = &f11};
    if (properties->apiVersion < VK_API_VERSION_1_2)
        return "its driver knows less than Vulkan 1.2";
    instance->api.GetPhysicalDeviceFeatures2(instance->devices[index], &f);
    return !f12.bufferDeviceAddress      ? "it has no addresses of buffers (bufferDeviceAddress)"
           : !f12.storageBuffer8BitAccess || !f12.shaderInt8 ? "it cannot read bytes"
           : !f11.storageBuffer16BitAccess || !f.features.shaderInt16
               ? "it cannot read 16-bit numbers"
           : !f.features.shaderInt64 ? "it has no 64-bit integers"
           : properties->limits.maxComputeWorkGroupInvocations < MIN_LANES
               ? "its workgroups have fewer than 256 lanes"
           : (subgroup->supportedOperations & wanted) != wanted ||
                   !(subgroup->supportedStages & VK_SHADER_STAGE_COMPUTE_BIT)
               ? "it cannot add up over subgroups"
               : NULL;
}

void hr_vk_describe(const HrVkInstance *instance, uint32_t index, HrGpu *gpu)
{
    VkPhysicalDeviceMaintenance4Properties m4 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_PROPERTIES};
    VkPhysicalDeviceMaintenance3Properties m3 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES};
    VkPhysicalDeviceSubgroupProperties subgroup = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES, .pNext = &m3};
    VkPhysicalDeviceIDProperties id = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES,
                                       .pNext = &subgroup};
    VkPhysicalDeviceDriverProperties driver = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES, .pNext = &id};
    VkPhysicalDeviceProperties2 p = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                     .pNext = &driver};
    Heaps heaps;

    if (has_extension(instance, index, VK_KHR_MAINTENANCE_4_EXTENSION_NAME))
        m3.pNext = &m4;
    instance->api.GetPhysicalDeviceProperties2(instance->devices[index], &p);
    *gpu = (HrGpu){.type = type_of(p.properties.deviceType),
                   .api_version = p.properties.apiVersion,
                   .driver_version = p.properties.driverVersion,
                   .subgroup = subgroup.subgroupSize,
                   .shared_bytes = p.properties.limits.maxComputeSharedMemorySize,
                   .max_invocations = p.properties.limits.maxComputeWorkGroupInvocations,
                   .max_range_bytes = p.properties.limits.maxStorageBufferRange,
                   .max_allocation_bytes = m3.maxMemoryAllocationSize,
                   .max_buffer_bytes = m4.maxBufferSize > 0 ? m4.maxBufferSize
                                                            : m3.maxMemoryAllocationSize};
    g_strlcpy(gpu->name, p.properties.deviceName, sizeof gpu->name);
    g_snprintf(gpu->driver, sizeof gpu->driver, "%s %s", driver.driverName, driver.driverInfo);
    memcpy(gpu->uuid, id.deviceUUID, sizeof gpu->uuid);
    gpu->shares_host = gpu->type == HR_GPU_INTEGRATED || gpu->type == HR_GPU_SOFTWARE;
    ask_heaps(instance, index, &heaps);
    sum_heaps(&heaps, &gpu->total, &gpu->free);
    gpu->tells_budget = heaps.told;
    const char *lack = find_lack(instance, index, &p.properties, &subgroup);
    g_strlcpy(gpu->why, lack ? lack : "", sizeof gpu->why);
}
