/* offload.c: see offload.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan/offload.h"

#include "vulkan/gpus.h"
#include "vulkan/record.h"
#include "vulkan/segment.h"

struct HrVulkan {
    const HrProgram *program;
    HrVulkan *before;    /* that it is going to take the place of; or NULL */
    GPtrArray *segments; /* HrVkSegment, owned, in the order of their operations */
};

/* ---- Lifetime ---- */

static void free_segment(gpointer data)
{
    hr_vk_segment_finish(data);
    g_free(data);
}

static uint32_t device_of(const HrProgram *program, uint32_t op)
{
    return hr_program_op(program, op)->device;
}

/* What the one before has on a GPU, if no other stretch goes on with it. */
static HrVkSegment *find_before(const HrVulkan *v, uint32_t gpu)
{
    for (guint i = 0; v->before && i < v->before->segments->len; i++) {
        HrVkSegment *s = v->before->segments->pdata[i];
        bool taken = false;
        for (guint k = 0; k < v->segments->len; k++)
            taken = taken || ((HrVkSegment *)v->segments->pdata[k])->before == s;
        if (!taken && s->gpu == gpu)
            return s;
    }
    return NULL;
}

static bool add_segment(HrVulkan *v, HrKv *kv, const HrDevice *device, uint32_t begin, uint32_t end,
                        GError **error)
{
    HrVkInstance *instance = hr_gpus_instance(error);
    HrVkSegment *before = find_before(v, device->gpu);
    if (!instance)
        return false;
    g_autofree char *path = NULL;
    HrGpu gpu;
    HrVkSegment *segment = g_new0(HrVkSegment, 1);
    g_ptr_array_add(v->segments, segment);
    if (before)
        return hr_vk_segment_init_beside(segment, before, v->program, kv, begin, end, error);
    hr_vk_describe(instance, device->gpu - 1, &gpu);
    path = hr_vk_pipelines_path(&gpu);
    return hr_vk_segment_init(segment, v->program, kv, begin, end, instance, device->gpu - 1, path,
                              error);
}

HrVulkan *hr_vulkan_new_beside(HrVulkan *before, const HrProgram *program, HrKv *kv,
                               const HrDevice *devices, GError **error)
{
    HrVulkan *v = g_new0(HrVulkan, 1);
    v->program = program;
    v->before = before;
    v->segments = g_ptr_array_new_with_free_func(free_segment);
    for (uint32_t begin = 0, end; begin < program->ops->len; begin = end) {
        uint32_t device = device_of(program, begin);
        for (end = begin + 1; end < program->ops->len && device_of(program, end) == device;)
            end++;
        if (device != 0 && !add_segment(v, kv, &devices[device], begin, end, error)) {
            hr_vulkan_free(v);
            return NULL;
        }
    }
    return v;
}

HrVulkan *hr_vulkan_new(const HrProgram *program, HrKv *kv, const HrDevice *devices, GError **error)
{
    return hr_vulkan_new_beside(NULL, program, kv, devices, error);
}

void hr_vulkan_take_over(HrVulkan *v, HrKv *kv)
{
    for (guint i = 0; i < v->segments->len; i++)
        hr_vk_segment_take_over(v->segments->pdata[i], kv);
    v->before = NULL;
}

void hr_vulkan_free(HrVulkan *v)
{
    if (!v)
        return;
    g_ptr_array_unref(v->segments);
    g_free(v);
}

void hr_vulkan_drop(HrVulkan *v)
{
    for (guint i = 0; v && i < v->segments->len; i++)
        hr_vk_segment_drop(v->segments->pdata[i]);
}

/* ---- The cache ---- */

/* The segment with the operations of a layer, or NULL: the host has it. */
static HrVkSegment *segment_of(const HrVulkan *v, uint32_t layer)
{
    for (guint i = 0; i < v->segments->len; i++) {
        HrVkSegment *s = v->segments->pdata[i];
        for (uint32_t op = s->begin; op < s->end; op++)
            if (hr_program_op(v->program, op)->layer == layer)
                return s;
    }
    return NULL;
}

static bool holds(void *data, uint32_t layer)
{
    return segment_of(data, layer) != NULL;
}

static bool take(void *data, uint32_t layer, uint64_t bytes, GError **error)
{
    return hr_vk_segment_add_pool(segment_of(data, layer), layer, bytes, error);
}

static bool copy(void *data, uint32_t layer, uint32_t from, uint32_t to, GError **error)
{
    return hr_vk_segment_copy_page(segment_of(data, layer), layer, from, to, error);
}

static bool read_page(void *data, uint32_t layer, uint32_t page, void *dst, GError **error)
{
    return hr_vk_segment_read_page(segment_of(data, layer), layer, page, dst, error);
}

static bool write_page(void *data, uint32_t layer, uint32_t page, const void *src, GError **error)
{
    return hr_vk_segment_write_page(segment_of(data, layer), layer, page, src, error);
}

static bool keeps(void *data, uint32_t layer, uint64_t bytes)
{
    return hr_vk_segment_keeps_pool(segment_of(data, layer), layer, bytes);
}

HrKvElsewhere hr_vulkan_cache(HrVulkan *v)
{
    return (HrKvElsewhere){v, holds, keeps, take, copy, read_page, write_page};
}

/* ---- Weights ---- */

bool hr_vulkan_load(HrVulkan *v, bool (*progress)(uint64_t bytes, void *data), void *data,
                    GError **error)
{
    for (guint i = 0; i < v->segments->len; i++)
        if (!hr_vk_segment_load(v->segments->pdata[i], progress, data, error))
            return false;
    return true;
}

uint64_t hr_vulkan_find(const HrVulkan *v, const void *data)
{
    uint64_t address = 0;
    for (guint i = 0; i < v->segments->len && address == 0; i++)
        address = hr_vk_segment_find(v->segments->pdata[i], data);
    return address;
}

bool hr_vulkan_has(const HrVulkan *v, const void *data)
{
    return hr_vulkan_find(v, data) != 0;
}

uint64_t hr_vulkan_weight_bytes(const HrVulkan *v)
{
    uint64_t bytes = 0;
    for (guint i = 0; i < v->segments->len; i++)
        bytes += hr_vk_segment_weight_bytes(v->segments->pdata[i]);
    return bytes;
}

uint64_t hr_vulkan_missing_bytes(const HrVulkan *v)
{
    uint64_t bytes = 0;
    for (guint i = 0; i < v->segments->len; i++)
        bytes += hr_vk_segment_missing_bytes(v->segments->pdata[i]);
    return bytes;
}

/* ---- Steps ---- */

static bool run(void *data, uint32_t begin, const HrStep *step, const atomic_bool *abort,
                GError **error)
{
    HrVulkan *v = data;
    for (guint i = 0; i < v->segments->len; i++) {
        HrVkSegment *s = v->segments->pdata[i];
        if (s->begin == begin)
            return hr_vk_segment_run(s, step, abort, error);
    }
    g_return_val_if_reached(false);
}

void hr_vulkan_join(HrVulkan *v, HrExecutor *host)
{
    host->elsewhere = (HrElsewhere){v, run};
    for (guint i = 0; i < v->segments->len; i++) {
        HrVkSegment *s = v->segments->pdata[i];
        s->host_arena = host->arena.base;
        if (s->logits.mapped)
            host->elsewhere_logits = s->logits.mapped;
    }
}

bool hr_vulkan_count(HrVulkan *v, uint32_t n_tokens, uint32_t n_outputs, HrVulkanCost *ret_cost,
                     GError **error)
{
    HrVulkanCost cost = {0};
    for (guint i = 0; i < v->segments->len; i++) {
        const HrVkRecording *r = hr_vk_record(v->segments->pdata[i], n_tokens, n_outputs, error);
        if (!r)
            return false;
        cost.n_dispatches += r->n_dispatches;
        cost.n_barriers += r->n_waits;
        cost.read_bytes += r->read_bytes;
    }
    *ret_cost = cost;
    return true;
}
