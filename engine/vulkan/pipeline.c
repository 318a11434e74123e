/* pipeline.c: see pipeline.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan/pipeline.h"

#include <string.h>

/* A driver's file of all variants is some hundred KiB; what is larger is not ours. */
#define MAX_CACHE_BYTES (64u << 20)

/* ---- Shaders ---- */

static const uint32_t rms_norm[] =
#include "rms-norm.inc"
    ;
static const uint32_t head_norms[] =
#include "head-norms.inc"
    ;
static const uint32_t activate[] =
#include "activate.inc"
    ;
static const uint32_t combine[] =
#include "combine.inc"
    ;
static const uint32_t output_rows[] =
#include "output-rows.inc"
    ;
static const uint32_t linear[] =
#include "linear.inc"
    ;
static const uint32_t rope_store[] =
#include "rope-store.inc"
    ;
static const uint32_t attention[] =
#include "attention.inc"
    ;
static const uint32_t layer_norm[] =
#include "layer-norm.inc"
    ;
static const uint32_t group_norm[] =
#include "group-norm.inc"
    ;
static const uint32_t factors[] =
#include "factors.inc"
    ;
static const uint32_t pick[] =
#include "pick.inc"
    ;
static const uint32_t clamp[] =
#include "clamp.inc"
    ;
static const uint32_t mix[] =
#include "mix.inc"
    ;
static const uint32_t match[] =
#include "match.inc"
    ;
static const uint32_t beyond[] =
#include "beyond.inc"
    ;
static const uint32_t xielu[] =
#include "xielu.inc"
    ;
static const uint32_t route[] =
#include "route.inc"
    ;
static const uint32_t order[] =
#include "order.inc"
    ;
static const uint32_t experts[] =
#include "experts.inc"
    ;
static const uint32_t experts_gate[] =
#include "experts-gate.inc"
    ;
static const uint32_t experts_sum[] =
#include "experts-sum.inc"
    ;
static const uint32_t rope[] =
#include "rope.inc"
    ;
static const uint32_t head_linear[] =
#include "head-linear.inc"
    ;
static const uint32_t attend_text[] =
#include "attend-text.inc"
    ;
static const uint32_t mean_rows[] =
#include "mean-rows.inc"
    ;
static const uint32_t short_conv[] =
#include "short-conv.inc"
    ;
static const uint32_t ssm[] =
#include "ssm.inc"
    ;
static const uint32_t selective[] =
#include "selective.inc"
    ;
static const uint32_t delta_rule[] =
#include "delta-rule.inc"
    ;
static const uint32_t retain[] =
#include "retain.inc"
    ;
static const uint32_t linear_tile[] =
#include "linear-tile.inc"
    ;

typedef struct {
    const char *name;
    const uint32_t *words;
    size_t bytes;
} Shader;

static const Shader shaders[HR_VK_N_SHADERS] = {
    [HR_VK_RMS_NORM] = {"rms-norm", rms_norm, sizeof rms_norm},
    [HR_VK_HEAD_NORMS] = {"head-norms", head_norms, sizeof head_norms},
    [HR_VK_ACTIVATE] = {"activate", activate, sizeof activate},
    [HR_VK_COMBINE] = {"combine", combine, sizeof combine},
    [HR_VK_OUTPUT_ROWS] = {"output-rows", output_rows, sizeof output_rows},
    [HR_VK_LINEAR] = {"linear", linear, sizeof linear},
    [HR_VK_ROPE_STORE] = {"rope-store", rope_store, sizeof rope_store},
    [HR_VK_ATTENTION] = {"attention", attention, sizeof attention},
    [HR_VK_LAYER_NORM] = {"layer-norm", layer_norm, sizeof layer_norm},
    [HR_VK_GROUP_NORM] = {"group-norm", group_norm, sizeof group_norm},
    [HR_VK_FACTORS] = {"factors", factors, sizeof factors},
    [HR_VK_PICK] = {"pick", pick, sizeof pick},
    [HR_VK_CLAMP] = {"clamp", clamp, sizeof clamp},
    [HR_VK_MIX] = {"mix", mix, sizeof mix},
    [HR_VK_MATCH] = {"match", match, sizeof match},
    [HR_VK_BEYOND] = {"beyond", beyond, sizeof beyond},
    [HR_VK_ROUTE] = {"route", route, sizeof route},
    [HR_VK_ORDER] = {"order", order, sizeof order},
    [HR_VK_EXPERTS] = {"experts", experts, sizeof experts},
    [HR_VK_EXPERTS_GATE] = {"experts-gate", experts_gate, sizeof experts_gate},
    [HR_VK_EXPERTS_SUM] = {"experts-sum", experts_sum, sizeof experts_sum},
    [HR_VK_ROPE] = {"rope", rope, sizeof rope},
    [HR_VK_HEAD_LINEAR] = {"head-linear", head_linear, sizeof head_linear},
    [HR_VK_ATTEND_TEXT] = {"attend-text", attend_text, sizeof attend_text},
    [HR_VK_MEAN_ROWS] = {"mean-rows", mean_rows, sizeof mean_rows},
    [HR_VK_SHORT_CONV] = {"short-conv", short_conv, sizeof short_conv},
    [HR_VK_SSM] = {"ssm", ssm, sizeof ssm},
    [HR_VK_SELECTIVE] = {"selective", selective, sizeof selective},
    [HR_VK_DELTA_RULE] = {"delta-rule", delta_rule, sizeof delta_rule},
    [HR_VK_RETAIN] = {"retain", retain, sizeof retain},
    [HR_VK_LINEAR_TILE] = {"linear-tile", linear_tile, sizeof linear_tile},
    [HR_VK_XIELU] = {"xielu", xielu, sizeof xielu},
};

const char *hr_vk_shader_name(HrVkShader shader)
{
    return shaders[shader].name;
}

char *hr_vk_shaders_mark(void)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (size_t i = 0; i < HR_VK_N_SHADERS; i++)
        g_checksum_update(sum, (const guchar *)shaders[i].words, (gssize)shaders[i].bytes);
    return g_strdup(g_checksum_get_string(sum));
}

/* ---- Variants ---- */

typedef struct {
    HrVkVariant variant;
    VkPipeline pipeline;
} Made;

static bool make(HrVkPipelines *p, const HrVkVariant *variant, VkPipeline *ret, GError **error)
{
    const Shader *shader = &shaders[variant->shader];
    const VkShaderModuleCreateInfo code = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                           .codeSize = shader->bytes,
                                           .pCode = shader->words};
    VkSpecializationMapEntry entries[HR_VK_CONSTANTS];
    for (uint32_t i = 0; i < HR_VK_CONSTANTS; i++)
        entries[i] = (VkSpecializationMapEntry){i, i * sizeof(uint32_t), sizeof(uint32_t)};
    const VkSpecializationInfo constants = {HR_VK_CONSTANTS, entries, sizeof variant->constants,
                                            variant->constants};
    VkShaderModule module = VK_NULL_HANDLE;
    if (!hr_vk_check(p->device->api.CreateShaderModule(p->device->handle, &code, NULL, &module),
                     shader->name, error))
        return false;
    const VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                  .module = module,
                  .pName = "main",
                  .pSpecializationInfo = &constants},
        .layout = p->layout};
    VkResult result = p->device->api.CreateComputePipelines(p->device->handle, p->cache, 1, &info,
                                                            NULL, ret);
    p->device->api.DestroyShaderModule(p->device->handle, module, NULL);
    return hr_vk_check(result, shader->name, error);
}

bool hr_vk_pipelines_get(HrVkPipelines *p, const HrVkVariant *variant, VkPipeline *ret_pipeline,
                         GError **error)
{
    Made made = {.variant = *variant};
    for (guint i = 0; i < p->made->len; i++) {
        const Made *other = &g_array_index(p->made, Made, i);
        if (memcmp(&other->variant, variant, sizeof *variant) == 0) {
            *ret_pipeline = other->pipeline;
            return true;
        }
    }
    if (!make(p, variant, &made.pipeline, error))
        return false;
    g_array_append_val(p->made, made);
    *ret_pipeline = made.pipeline;
    return true;
}

/* ---- The file: as the driver gives it, which checks what it is given back ---- */

char *hr_vk_pipelines_path(const HrGpu *gpu)
{
    g_autoptr(GString) name = g_string_new("vulkan-");
    for (size_t i = 0; i < sizeof gpu->uuid; i++)
        g_string_append_printf(name, "%02x", gpu->uuid[i]);
    g_string_append_printf(name, "-%x.bin", gpu->driver_version);
    return g_build_filename(g_get_user_cache_dir(), "headroom", name->str, NULL);
}

static bool make_cache(HrVkPipelines *p, GError **error)
{
    g_autofree char *data = NULL;
    gsize bytes = 0;
    if (p->path && g_file_get_contents(p->path, &data, &bytes, NULL) && bytes > MAX_CACHE_BYTES)
        bytes = 0;
    const VkPipelineCacheCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
                                            .initialDataSize = bytes,
                                            .pInitialData = bytes > 0 ? data : NULL};
    return hr_vk_check(p->device->api.CreatePipelineCache(p->device->handle, &info, NULL, &p->cache),
                       "no pipeline cache", error);
}

void hr_vk_pipelines_save(HrVkPipelines *p)
{
    size_t bytes = 0;
    if (!p->path || !p->cache || p->device->api.GetPipelineCacheData(p->device->handle, p->cache, &bytes, NULL) !=
                        VK_SUCCESS)
        return;
    g_autofree char *folder = g_path_get_dirname(p->path);
    g_autofree char *data = g_try_malloc(bytes);
    if (data && bytes <= MAX_CACHE_BYTES && g_mkdir_with_parents(folder, 0700) == 0 &&
        p->device->api.GetPipelineCacheData(p->device->handle, p->cache, &bytes, data) == VK_SUCCESS)
        g_file_set_contents(p->path, data, (gssize)bytes, NULL);
}

/* ---- Lifetime ---- */

bool hr_vk_pipelines_init(HrVkPipelines *p, HrVkDevice *device, const char *path, GError **error)
{
    const VkPushConstantRange range = {VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof(uint64_t)};
    const VkPipelineLayoutCreateInfo layout = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .pushConstantRangeCount = 1,
        .pPushConstantRanges = &range};
    *p = (HrVkPipelines){.device = device,
                         .path = g_strdup(path),
                         .made = g_array_new(false, false, sizeof(Made))};
    return hr_vk_check(device->api.CreatePipelineLayout(device->handle, &layout, NULL, &p->layout),
                       "no pipeline layout", error) &&
           make_cache(p, error);
}

void hr_vk_pipelines_finish(HrVkPipelines *p)
{
    if (!p->device)
        return;
    const HrVkApi *api = &p->device->api;
    for (guint i = 0; i < p->made->len; i++)
        api->DestroyPipeline(p->device->handle, g_array_index(p->made, Made, i).pipeline, NULL);
    if (p->cache)
        api->DestroyPipelineCache(p->device->handle, p->cache, NULL);
    if (p->layout)
        api->DestroyPipelineLayout(p->device->handle, p->layout, NULL);
    g_array_unref(p->made);
    g_free(p->path);
    *p = (HrVkPipelines){0};
}
