/* pipeline.h: shaders made ready for a device, each with its constants.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A pipeline is made when it is first asked for. What the driver makes of them is kept in a file,
 * which belongs to one device and driver. Thread-safety: Unsafe (as the device).
 */
#pragma once

#include "vulkan/device.h"

typedef enum {
    HR_VK_RMS_NORM,
    HR_VK_HEAD_NORMS,
    HR_VK_ACTIVATE,
    HR_VK_COMBINE,
    HR_VK_OUTPUT_ROWS,
    HR_VK_LINEAR,
    HR_VK_ROPE_STORE,
    HR_VK_ATTENTION,
    HR_VK_LAYER_NORM,
    HR_VK_GROUP_NORM,
    HR_VK_FACTORS,
    HR_VK_PICK,
    HR_VK_CLAMP,
    HR_VK_MIX,
    HR_VK_MATCH,
    HR_VK_BEYOND,
    HR_VK_XIELU,
    HR_VK_ROUTE,
    HR_VK_ORDER,
    HR_VK_EXPERTS,
    HR_VK_EXPERTS_GATE,
    HR_VK_EXPERTS_SUM,
    HR_VK_ROPE,
    HR_VK_HEAD_LINEAR,
    HR_VK_ATTEND_TEXT,
    HR_VK_MEAN_ROWS,
    HR_VK_SHORT_CONV,
    HR_VK_SSM,
    HR_VK_SELECTIVE,
    HR_VK_DELTA_RULE,
    HR_VK_RETAIN,
    HR_VK_LINEAR_TILE,
    HR_VK_N_SHADERS,
} HrVkShader;
const char *hr_vk_shader_name(HrVkShader shader);
/* Tells sets of shaders apart. */
char *hr_vk_shaders_mark(void) G_GNUC_WARN_UNUSED_RESULT;

/* Constants in the order of their numbers in the shader. */
#define HR_VK_CONSTANTS 10
typedef struct {
    HrVkShader shader;
    uint32_t constants[HR_VK_CONSTANTS];
} HrVkVariant;

typedef struct {
    HrVkDevice *device;
    VkPipelineLayout layout; /* an address is pushed; nothing else */
    VkPipelineCache cache;
    GArray *made; /* a variant and its VkPipeline */
    char *path;   /* of the file, or NULL */
} HrVkPipelines;

/* path: of the cache's file, or NULL for none; copied. */
bool hr_vk_pipelines_init(HrVkPipelines *pipelines, HrVkDevice *device, const char *path,
                          GError **error);
void hr_vk_pipelines_finish(HrVkPipelines *pipelines);
bool hr_vk_pipelines_get(HrVkPipelines *pipelines, const HrVkVariant *variant,
                         VkPipeline *ret_pipeline, GError **error);
/* Writes the file. That it cannot be written costs only time. */
void hr_vk_pipelines_save(HrVkPipelines *pipelines);
/* Where a device's file is. */
char *hr_vk_pipelines_path(const HrGpu *gpu) G_GNUC_WARN_UNUSED_RESULT;
