/* record.c: see record.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan/record.h"

#include <string.h>

/* Steps of more tokens are handed over piece by piece: no submit takes so long that a driver takes
 * the GPU for hung, and a cancelled step ends between two. */
#define LONG_STEP_TOKENS 64
#define PIECE_DISPATCHES 32
#define PARAMS_ALIGN 16

uint32_t hr_vk_bucket(uint32_t n, uint32_t max)
{
    uint32_t bucket = n > 0;
    while (bucket < n)
        bucket *= 2;
    return MIN(bucket, max);
}

void hr_vk_recording_finish(HrVkRecording *recording, HrVkDevice *device)
{
    for (guint i = 0; i < recording->commands->len; i++)
        hr_vk_commands_free(device, &g_array_index(recording->commands, VkCommandBuffer, i));
    g_clear_pointer(&recording->commands, g_array_unref);
    hr_vk_buffer_finish(&recording->params, device);
}

/* ---- Copies around the work ---- */

static uint64_t aligned(uint64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static uint32_t rows_in(const HrVkRecording *r, const HrBuffer *b)
{
    return b->rows == HR_ROWS_TOKENS ? r->n_tokens : r->n_outputs;
}

static void copy(HrVkSegment *s, VkCommandBuffer commands, const HrVkBuffer *from,
                 uint64_t from_offset, const HrVkBuffer *to, uint64_t to_offset, uint64_t bytes)
{
    const VkBufferCopy region = {from_offset, to_offset, bytes};
    if (bytes > 0)
        s->device.api.CmdCopyBuffer(commands, from->handle, to->handle, 1, &region);
}

/* Of as many runs as there can be. */
static uint64_t states_bytes(const HrVkSegment *s, const HrVkRecording *r)
{
    return MIN(r->n_tokens, s->kv->n_slots) * s->states.run_bytes;
}

static void record_inputs(HrVkSegment *s, const HrVkRecording *r, VkCommandBuffer commands)
{
    const HrVkStepLayout *l = &s->layout;
    uint64_t at = l->rows;
    copy(s, commands, &s->staging, 0, &s->step, 0, l->small_bytes);
    for (uint32_t t = 0; t < 2; t++)
        copy(s, commands, &s->staging, l->tables[t], &s->step, l->tables[t],
             (uint64_t)r->n_tokens * l->table_cols[t] * sizeof(float));
    for (guint i = 0; i < s->inputs->len; i++) {
        const HrBuffer *b = hr_program_buffer(s->program, g_array_index(s->inputs, HrBuf, i));
        uint64_t row = b->cols * sizeof(float);
        copy(s, commands, &s->staging, at, &s->arena, b->offset, rows_in(r, b) * row);
        at += aligned(hr_program_rows(s->program, b->rows) * row);
    }
    copy(s, commands, &s->states.host, 0, &s->states.device, 0, states_bytes(s, r));
    hr_vk_commands_barrier(&s->device, commands);
}

static void record_outputs(HrVkSegment *s, const HrVkRecording *r, VkCommandBuffer commands)
{
    uint64_t at = 0;
    hr_vk_commands_barrier(&s->device, commands);
    for (guint i = 0; i < s->outputs->len; i++) {
        const HrBuffer *b = hr_program_buffer(s->program, g_array_index(s->outputs, HrBuf, i));
        uint64_t row = b->cols * sizeof(float);
        copy(s, commands, &s->arena, b->offset, &s->back, at, rows_in(r, b) * row);
        at += aligned(hr_program_rows(s->program, b->rows) * row);
    }
    copy(s, commands, &s->states.device, 0, &s->states.host, 0, states_bytes(s, r));
    if (s->outputs->len > 0 || s->states.run_bytes > 0)
        hr_vk_commands_barrier(&s->device, commands);
}

/* ---- Dispatches ---- */

static bool write_params(HrVkSegment *s, HrVkRecording *r, const GArray *dispatches, GError **error)
{
    uint64_t stride = (sizeof((HrVkDispatch *)0)->params + PARAMS_ALIGN - 1) / PARAMS_ALIGN *
                      PARAMS_ALIGN;
    g_autofree char *params = g_malloc0(stride * dispatches->len + 1);
    for (guint i = 0; i < dispatches->len; i++) {
        const HrVkDispatch *d = &g_array_index(dispatches, HrVkDispatch, i);
        memcpy(params + i * stride, &d->params, d->params_bytes);
    }
    return hr_vk_buffer_init(&r->params, &s->device, HR_VK_OWN, stride * dispatches->len,
                             "parameters", error) &&
           (dispatches->len == 0 || hr_vk_buffer_write(&r->params, &s->device, 0, params,
                                                       stride * dispatches->len, error));
}

static bool is_product(const HrVkDispatch *d)
{
    return d->variant.shader == HR_VK_LINEAR || d->variant.shader == HR_VK_LINEAR_TILE;
}

/* Each column of workgroups reads the weights once. */
uint64_t hr_vk_dispatch_read_bytes(const HrVkDispatch *d)
{
    uint64_t bytes = 0;
    for (uint32_t p = 0; is_product(d) && p < d->params.linear.n_parts; p++)
        bytes += (uint64_t)d->params.linear.parts[p].n_out * d->params.linear.parts[p].row_bytes;
    for (uint32_t p = 0; d->variant.shader == HR_VK_EXPERTS && p < d->params.experts.n_parts; p++)
        bytes += (uint64_t)d->params.experts.parts[p].n_out * d->params.experts.parts[p].row_bytes;
    return bytes * d->groups_y;
}

static bool record_dispatch(HrVkSegment *s, HrVkRecording *r, VkCommandBuffer commands,
                            const HrVkDispatch *d, uint32_t index, GError **error)
{
    uint64_t stride = (sizeof d->params + PARAMS_ALIGN - 1) / PARAMS_ALIGN * PARAMS_ALIGN,
             address = r->params.address + index * stride;
    VkPipeline pipeline;
    if (!hr_vk_pipelines_get(&s->pipelines, &d->variant, &pipeline, error))
        return false;
    if (d->waits)
        hr_vk_commands_barrier(&s->device, commands);
    s->device.api.CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
    s->device.api.CmdPushConstants(commands, s->pipelines.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                                   sizeof address, &address);
    s->device.api.CmdDispatch(commands, d->groups_x, d->groups_y, 1);
    r->n_dispatches++;
    r->n_waits += d->waits;
    r->read_bytes += hr_vk_dispatch_read_bytes(d);
    return true;
}

/* Dispatches [begin, end) into commands of their own. */
static bool record_piece(HrVkSegment *s, HrVkRecording *r, const GArray *dispatches, guint begin,
                         guint end, GError **error)
{
    VkCommandBuffer commands;
    if (!hr_vk_commands_begin(&s->device, &commands, error))
        return false;
    g_array_append_val(r->commands, commands);
    if (begin == 0)
        record_inputs(s, r, commands);
    else
        hr_vk_commands_barrier(&s->device, commands);
    for (guint i = begin; i < end; i++)
        if (!record_dispatch(s, r, commands, &g_array_index(dispatches, HrVkDispatch, i), i, error))
            return false;
    if (end == dispatches->len)
        record_outputs(s, r, commands);
    return hr_vk_commands_end(&s->device, commands, error);
}

static bool record(HrVkSegment *s, HrVkRecording *r, GError **error)
{
    g_autoptr(GArray) dispatches = hr_vk_lower(s, r->n_tokens, r->n_outputs);
    guint piece = r->n_tokens > LONG_STEP_TOKENS ? PIECE_DISPATCHES : dispatches->len, begin = 0;
    if (!write_params(s, r, dispatches, error))
        return false;
    do {
        guint end = MIN(begin + piece, dispatches->len);
        if (!record_piece(s, r, dispatches, begin, end, error))
            return false;
        begin = end;
    } while (begin < dispatches->len);
    return true;
}

const HrVkRecording *hr_vk_record(HrVkSegment *s, uint32_t n_tokens, uint32_t n_outputs,
                                  GError **error)
{
    HrVkRecording r = {.n_tokens = hr_vk_bucket(n_tokens, s->program->max_tokens),
                       .n_outputs = hr_vk_bucket(n_outputs, s->program->max_outputs)};
    for (guint i = 0; i < s->recordings->len; i++) {
        const HrVkRecording *made = &g_array_index(s->recordings, HrVkRecording, i);
        if (made->n_tokens == r.n_tokens && made->n_outputs == r.n_outputs)
            return made;
    }
    r.commands = g_array_new(false, false, sizeof(VkCommandBuffer));
    if (!record(s, &r, error)) {
        hr_vk_recording_finish(&r, &s->device);
        return NULL;
    }
    g_array_append_val(s->recordings, r);
    return &g_array_index(s->recordings, HrVkRecording, s->recordings->len - 1);
}
