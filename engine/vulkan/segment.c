/* segment.c: what a stretch of operations takes on a GPU beside its weights. See segment.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan/segment.h"

#include "vulkan/record.h"
#include "vulkan/scratch.h"

#include <string.h>

static uint64_t aligned(uint64_t bytes)
{
    return (bytes + HR_VK_WEIGHT_ALIGN - 1) / HR_VK_WEIGHT_ALIGN * HR_VK_WEIGHT_ALIGN;
}

/* ---- What comes in and goes out ---- */

static bool is_table(const HrProgram *program, HrBuf buf)
{
    return buf == program->rope_table || buf == program->local_rope_table;
}

static void add_input(HrVkSegment *s, HrBuf buf)
{
    if (buf == HR_NO_BUF || is_table(s->program, buf) ||
        hr_program_buffer(s->program, buf)->first_op >= s->begin)
        return;
    for (guint i = 0; i < s->inputs->len; i++)
        if (g_array_index(s->inputs, HrBuf, i) == buf)
            return;
    g_array_append_val(s->inputs, buf);
}

static void find_inputs(HrVkSegment *s)
{
    for (uint32_t i = s->begin; i < s->end; i++) {
        const HrOp *op = hr_program_op(s->program, i);
        add_input(s, op->src);
        add_input(s, op->k);
        add_input(s, op->v);
        add_input(s, op->add);
    }
}

static void find_outputs(HrVkSegment *s)
{
    for (HrBuf buf = 0; buf < s->program->buffers->len; buf++) {
        const HrBuffer *b = hr_program_buffer(s->program, buf);
        if (b->first_op >= s->begin && b->first_op < s->end && b->last_op >= s->end)
            g_array_append_val(s->outputs, buf);
    }
}

static uint64_t bytes_of(const HrVkSegment *s, const GArray *bufs)
{
    uint64_t bytes = 0;
    for (guint i = 0; i < bufs->len; i++) {
        const HrBuffer *b = hr_program_buffer(s->program, g_array_index(bufs, HrBuf, i));
        bytes += aligned((uint64_t)hr_program_rows(s->program, b->rows) * b->cols * sizeof(float));
    }
    return bytes;
}

static uint64_t take(uint64_t *at, uint64_t bytes)
{
    uint64_t begin = *at;
    *at += aligned(bytes);
    return begin;
}

static void lay_out_step(HrVkSegment *s)
{
    HrVkStepLayout *l = &s->layout;
    const HrProgram *p = s->program;
    const HrBuf tables[2] = {p->rope_table, p->local_rope_table};
    uint64_t at = 0;
    l->entries = hr_kv_pages(s->kv->num_ctx);
    l->counts = take(&at, 3 * sizeof(uint32_t));
    l->positions = take(&at, p->max_tokens * sizeof(uint32_t));
    l->seen = take(&at, p->max_tokens * sizeof(uint32_t));
    l->slots = take(&at, p->max_tokens * sizeof(uint32_t));
    l->tempers = take(&at, p->max_tokens * sizeof(float));
    l->texts = take(&at, p->max_tokens * 2 * sizeof(uint32_t));
    l->runs = take(&at, s->kv->n_slots * 2 * sizeof(uint32_t));
    l->outputs = take(&at, p->max_outputs * sizeof(uint32_t));
    l->pages = take(&at, (uint64_t)s->kv->layout.n_reaches * s->kv->n_slots * l->entries *
                             sizeof(uint32_t));
    l->small_bytes = at;
    for (uint32_t t = 0; t < 2; t++) {
        l->table_cols[t] = tables[t] == HR_NO_BUF ? 0 : hr_program_buffer(p, tables[t])->cols;
        l->tables[t] = take(&at, (uint64_t)p->max_tokens * l->table_cols[t] * sizeof(float));
    }
    l->rows = at;
    l->bytes = at + bytes_of(s, s->inputs);
}

/* ---- Lifetime ---- */

bool hr_vk_segment_make_buffers(HrVkSegment *s, GError **error)
{
    const HrProgram *p = s->program;
    bool last = s->end == p->ops->len;
    uint64_t logits = last ? (uint64_t)p->max_outputs * p->output_width * sizeof(float) : 0;
    return hr_vk_buffer_init(&s->arena, &s->device, HR_VK_OWN, p->arena_bytes, "activations",
                             error) &&
           hr_vk_buffer_init(&s->scratch, &s->device, HR_VK_OWN, hr_vulkan_scratch_bytes(p),
                             "scratch", error) &&
           hr_vk_buffer_init(&s->step, &s->device, HR_VK_OWN, s->layout.rows, "step", error) &&
           hr_vk_buffer_init(&s->staging, &s->device, HR_VK_UPLOAD, s->layout.bytes,
                             "rows from the host", error) &&
           hr_vk_buffer_init(&s->back, &s->device, HR_VK_READBACK, bytes_of(s, s->outputs),
                             "rows to the host", error) &&
           hr_vk_buffer_init(&s->logits, &s->device, HR_VK_READBACK, logits, "logits", error) &&
           hr_vk_states_init(s, error);
}

void hr_vk_segment_outline(HrVkSegment *s, const HrProgram *program, HrKv *kv, uint32_t begin,
                           uint32_t end)
{
    *s = (HrVkSegment){.program = program, .kv = kv, .begin = begin, .end = end};
    s->weights = g_new0(HrVkWeights, program->hparams->n_layer + 1);
    s->pools = g_new0(HrVkBuffer, program->hparams->n_layer);
    s->placed = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    s->inputs = g_array_new(false, false, sizeof(HrBuf));
    s->outputs = g_array_new(false, false, sizeof(HrBuf));
    s->recordings = g_array_new(false, false, sizeof(HrVkRecording));
    find_inputs(s);
    find_outputs(s);
    lay_out_step(s);
    hr_vk_states_lay_out(s);
}

bool hr_vk_segment_init(HrVkSegment *s, const HrProgram *program, HrKv *kv, uint32_t begin,
                        uint32_t end, const HrVkInstance *instance, uint32_t gpu,
                        const char *cache_path, GError **error)
{
    HrGpu described;
    hr_vk_segment_outline(s, program, kv, begin, end);
    s->gpu = gpu + 1;
    hr_vk_describe(instance, gpu, &described);
    return hr_vk_device_init(&s->device, instance, gpu, &described, error) &&
           hr_vk_pipelines_init(&s->pipelines, &s->device, cache_path, error) &&
           hr_vk_segment_make_buffers(s, error);
}

void hr_vk_segment_drop(HrVkSegment *s)
{
    if (!s->device.handle)
        return;
    hr_vk_states_finish(s);
    for (guint i = 0; i < s->recordings->len; i++)
        hr_vk_recording_finish(&g_array_index(s->recordings, HrVkRecording, i), &s->device);
    if (!s->before) {
        hr_vk_pipelines_save(&s->pipelines);
        hr_vk_pipelines_finish(&s->pipelines);
    }
    for (uint32_t il = 0; il <= s->program->hparams->n_layer; il++)
        hr_vk_weights_finish(&s->weights[il], &s->device);
    for (uint32_t il = 0; il < s->program->hparams->n_layer; il++)
        hr_vk_buffer_finish(&s->pools[il], &s->device);
    HrVkBuffer *const buffers[] = {&s->arena,   &s->scratch, &s->step,
                                   &s->staging, &s->back,    &s->logits};
    for (size_t i = 0; i < G_N_ELEMENTS(buffers); i++)
        hr_vk_buffer_finish(buffers[i], &s->device);
    if (!s->before)
        hr_vk_device_finish(&s->device);
    g_array_set_size(s->recordings, 0);
    s->device.handle = VK_NULL_HANDLE;
}

void hr_vk_segment_finish(HrVkSegment *s)
{
    if (!s->program)
        return;
    hr_vk_segment_drop(s);
    hr_vk_states_finish(s);
    g_free(s->weights);
    g_free(s->pools);
    g_hash_table_unref(s->placed);
    g_array_unref(s->inputs);
    g_array_unref(s->outputs);
    g_array_unref(s->recordings);
    *s = (HrVkSegment){0};
}

/* ---- The cache ---- */

bool hr_vk_segment_add_pool(HrVkSegment *s, uint32_t layer, uint64_t bytes, GError **error)
{
    return hr_vk_buffer_init(&s->pools[layer], &s->device, HR_VK_OWN, bytes, "cache", error);
}

bool hr_vk_segment_copy_page(HrVkSegment *s, uint32_t layer, uint32_t from, uint32_t to,
                             GError **error)
{
    uint64_t bytes = s->kv->layout.layers[layer].page_bytes;
    return hr_vk_buffer_copy(&s->device, &s->pools[layer], from * bytes, &s->pools[layer],
                             to * bytes, bytes, error);
}

bool hr_vk_segment_read_page(HrVkSegment *s, uint32_t layer, uint32_t page, void *dst,
                             GError **error)
{
    uint64_t bytes = s->kv->layout.layers[layer].page_bytes;
    return hr_vk_buffer_read(&s->pools[layer], &s->device, page * bytes, dst, bytes, error);
}

bool hr_vk_segment_write_page(HrVkSegment *s, uint32_t layer, uint32_t page, const void *src,
                              GError **error)
{
    uint64_t bytes = s->kv->layout.layers[layer].page_bytes;
    return hr_vk_buffer_write(&s->pools[layer], &s->device, page * bytes, src, bytes, error);
}
