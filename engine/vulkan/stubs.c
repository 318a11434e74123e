/* stubs.c: what a build without Vulkan says instead of the rest of this folder.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan/offload.h"

size_t hr_gpus_find(HrGpu *gpus, size_t max, const char **ret_note)
{
    if (ret_note)
        *ret_note = "this build has no Vulkan";
    return 0;
}

int hr_gpus_tell(int fd)
{
    return 1;
}

GArray *hr_plan_list_dispatches(const HrPlan *plan, const HrStepShape *shape, GError **error)
{
    g_set_error_literal(error, HR_ERROR, HR_ERROR_UNSUPPORTED, "This build has no Vulkan.");
    return NULL;
}

uint64_t hr_plan_get_matrix_bytes(const HrPlan *plan)
{
    return 0;
}

bool hr_gpu_measure(uint32_t gpu, HrGpuRates *ret_rates, GError **error)
{
    g_set_error_literal(error, HR_ERROR, HR_ERROR_UNSUPPORTED, "This build has no Vulkan.");
    return false;
}

size_t hr_gpus_probe(HrDevice *devices, size_t max)
{
    return 0;
}

HrVulkan *hr_vulkan_new(const HrProgram *program, HrKv *kv, const HrDevice *devices, GError **error)
{
    g_set_error_literal(error, HR_ERROR, HR_ERROR_UNSUPPORTED, "This build has no Vulkan.");
    return NULL;
}

HrVulkan *hr_vulkan_new_beside(HrVulkan *before, const HrProgram *program, HrKv *kv,
                               const HrDevice *devices, GError **error)
{
    return hr_vulkan_new(program, kv, devices, error);
}

/* There never is one, so the rest is not reached. */
uint64_t hr_vulkan_find(const HrVulkan *v, const void *data)
{
    return 0;
}

uint64_t hr_vulkan_missing_bytes(const HrVulkan *v)
{
    return 0;
}

void hr_vulkan_free(HrVulkan *v)
{
}

void hr_vulkan_drop(HrVulkan *v)
{
}

void hr_vulkan_take_over(HrVulkan *v, HrKv *kv)
{
}

HrKvElsewhere hr_vulkan_cache(HrVulkan *v)
{
    return (HrKvElsewhere){0};
}

bool hr_vulkan_load(HrVulkan *v, bool (*progress)(uint64_t bytes, void *data), void *data,
                    GError **error)
{
    return false;
}

bool hr_vulkan_has(const HrVulkan *v, const void *data)
{
    return false;
}

uint64_t hr_vulkan_weight_bytes(const HrVulkan *v)
{
    return 0;
}

void hr_vulkan_join(HrVulkan *v, HrExecutor *host)
{
}

bool hr_vulkan_count(HrVulkan *v, uint32_t n_tokens, uint32_t n_outputs, HrVulkanCost *ret_cost,
                     GError **error)
{
    return false;
}
