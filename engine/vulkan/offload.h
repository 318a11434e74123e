/* offload.h: the part of a loaded model that is on GPUs, for the rest of the engine.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Needs no Vulkan to be included: a build without it has no GPUs. Thread-safety: Unsafe (the
 * loading thread, then the runner's), but for hr_gpus_probe.
 */
#pragma once

#include "cpu/execute.h"

/* devices[0..) = the GPUs of this machine that are used, with what is free now. */
size_t hr_gpus_probe(HrDevice *devices, size_t max);

typedef struct HrVulkan HrVulkan;

/* For each stretch of operations of program that a GPU of devices has, everything but the cache and
 * the weights. program, kv and host stay as they are while it lives. NULL with error. */
HrVulkan *hr_vulkan_new(const HrProgram *program, HrKv *kv, const HrDevice *devices,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
void hr_vulkan_free(HrVulkan *vulkan); /* NULL is a no-op */

/* The same for another placement, another program or other sizes of the same model, beside what
 * before (NULL: nothing) has: it shares the GPUs that both use, and weights and pages that stay as
 * they are. kv: what the cache is going to be. Until it takes over, only before is run. */
HrVulkan *hr_vulkan_new_beside(HrVulkan *before, const HrProgram *program, HrKv *kv,
                               const HrDevice *devices, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Has what is kept; kv: where what was kv then is now. before is to be freed, and nothing else. */
void hr_vulkan_take_over(HrVulkan *vulkan, HrKv *kv);

/* Gives back all that the GPUs have and closes them; what is run then fails. NULL is a no-op. */
void hr_vulkan_drop(HrVulkan *vulkan);

/* For kv. */
HrKvElsewhere hr_vulkan_cache(HrVulkan *vulkan);
/* Sends weights up; as hr_vk_segment_load. */
bool hr_vulkan_load(HrVulkan *vulkan, bool (*progress)(uint64_t bytes, void *data), void *data,
                    GError **error);
/* Whether a GPU has a copy of the weight that was bound at data, and where; 0: none has. */
bool hr_vulkan_has(const HrVulkan *vulkan, const void *data);
uint64_t hr_vulkan_find(const HrVulkan *vulkan, const void *data);
uint64_t hr_vulkan_weight_bytes(const HrVulkan *vulkan);
/* What hr_vulkan_load is going to send. */
uint64_t hr_vulkan_missing_bytes(const HrVulkan *vulkan);
/* Lets host hand the GPUs' operations over. */
void hr_vulkan_join(HrVulkan *vulkan, HrExecutor *host);

/* What the commands of a step do. */
typedef struct {
    uint32_t n_dispatches, n_barriers;
    uint64_t read_bytes; /* of the matrices of products */
} HrVulkanCost;
/* Of a step of n_tokens tokens with n_outputs, on all GPUs together. */
bool hr_vulkan_count(HrVulkan *vulkan, uint32_t n_tokens, uint32_t n_outputs,
                     HrVulkanCost *ret_cost, GError **error);
