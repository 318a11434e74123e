/* run-step.c: running a stretch for a step: data up, commands, rows down. See segment.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan/record.h"

#include <math.h>
#include <string.h>

static uint64_t aligned(uint64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static uint32_t rows_in(const HrStep *step, const HrBuffer *b)
{
    return b->rows == HR_ROWS_TOKENS ? step->n_tokens : step->n_outputs;
}

/* The page tables of the slots that take part, as far as they are in use. */
static void write_pages(const HrVkSegment *s, const HrStep *step, uint32_t *pages)
{
    const HrKv *kv = s->kv;
    for (uint32_t i = 0; i < step->n_tokens; i++) {
        uint32_t slot = step->slots[i];
        if (i > 0 && slot == step->slots[i - 1])
            continue;
        for (uint32_t g = 0; g < kv->layout.n_reaches; g++)
            memcpy(pages + ((size_t)g * kv->n_slots + slot) * s->layout.entries,
                   kv->slots[slot].pages[g], kv->slots[slot].n_pages * sizeof *pages);
    }
}

static const char *host_buffer(const HrVkSegment *s, const HrBuffer *b)
{
    return (const char *)s->host_arena + b->offset;
}

static void write_rows(const HrVkSegment *s, const HrStep *step, char *data)
{
    const HrBuf tables[2] = {s->program->rope_table, s->program->local_rope_table};
    uint64_t at = s->layout.rows;
    for (uint32_t t = 0; t < 2; t++)
        if (tables[t] != HR_NO_BUF)
            memcpy(data + s->layout.tables[t],
                   host_buffer(s, hr_program_buffer(s->program, tables[t])),
                   (size_t)step->n_tokens * s->layout.table_cols[t] * sizeof(float));
    for (guint i = 0; i < s->inputs->len; i++) {
        const HrBuffer *b = hr_program_buffer(s->program, g_array_index(s->inputs, HrBuf, i));
        uint64_t row = b->cols * sizeof(float);
        memcpy(data + at, host_buffer(s, b), rows_in(step, b) * row);
        at += aligned(hr_program_rows(s->program, b->rows) * row);
    }
}

/* What the scores of each token are multiplied with, where the model has that (HrTemperature). */
static void write_tempers(const HrVkSegment *s, const HrStep *step, float *tempers)
{
    const HrTemperature *t = &s->program->hparams->temperature;
    for (uint32_t i = 0; i < step->n_tokens; i++)
        tempers[i] =
            t->length == 0
                ? 1
                : (float)(1 +
                          t->scale * log(1 + floor((step->positions[i] + t->offset) / t->length)));
}

/* Of each token the first of its run, and how many there are. */
static void write_texts(const HrStep *step, uint32_t *texts)
{
    for (uint32_t first = 0, end; first < step->n_tokens; first = end) {
        for (end = first + 1; end < step->n_tokens && step->slots[end] == step->slots[first];)
            end++;
        for (uint32_t i = first; i < end; i++) {
            texts[2 * i] = first;
            texts[2 * i + 1] = end - first;
        }
    }
}

/* Of each run its first token and how many there are; returns how many runs. */
static uint32_t write_runs(const HrStep *step, uint32_t *runs)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < step->n_tokens; i++) {
        if (i == 0 || step->slots[i] != step->slots[i - 1]) {
            runs[2 * n] = i;
            runs[2 * n++ + 1] = 0;
        }
        runs[2 * n - 1]++;
    }
    return n;
}

static void write_step(const HrVkSegment *s, const HrStep *step)
{
    char *data = s->staging.mapped;
    const HrVkStepLayout *l = &s->layout;
    uint32_t *counts = (uint32_t *)(void *)(data + l->counts),
             *seen = (uint32_t *)(void *)(data + l->seen);
    counts[HR_ROWS_TOKENS] = step->n_tokens;
    counts[HR_ROWS_OUTPUTS] = step->n_outputs;
    memcpy(data + l->positions, step->positions, step->n_tokens * sizeof(uint32_t));
    memcpy(data + l->slots, step->slots, step->n_tokens * sizeof(uint32_t));
    memcpy(data + l->outputs, step->output_rows, step->n_outputs * sizeof(uint32_t));
    for (uint32_t i = 0; i < step->n_tokens; i++)
        seen[i] = step->seen ? step->seen[i] : step->positions[i] + 1;
    write_tempers(s, step, (float *)(void *)(data + l->tempers));
    write_texts(step, (uint32_t *)(void *)(data + l->texts));
    counts[2] = write_runs(step, (uint32_t *)(void *)(data + l->runs));
    write_pages(s, step, (uint32_t *)(void *)(data + l->pages));
    write_rows(s, step, data);
}

static void read_rows(const HrVkSegment *s, const HrStep *step)
{
    uint64_t at = 0;
    for (guint i = 0; i < s->outputs->len; i++) {
        const HrBuffer *b = hr_program_buffer(s->program, g_array_index(s->outputs, HrBuf, i));
        uint64_t row = b->cols * sizeof(float);
        memcpy((char *)s->host_arena + b->offset, (const char *)s->back.mapped + at,
               rows_in(step, b) * row);
        at += aligned(hr_program_rows(s->program, b->rows) * row);
    }
}

bool hr_vk_segment_run(HrVkSegment *s, const HrStep *step, const atomic_bool *abort, GError **error)
{
    if (!s->device.handle)
        return hr_vk_check(VK_ERROR_DEVICE_LOST, "it was closed", error);
    const HrVkRecording *r = hr_vk_record(s, step->n_tokens, step->n_outputs, error);
    if (!r)
        return false;
    write_step(s, step);
    hr_vk_states_write(s, step);
    for (guint i = 0; i < r->commands->len; i++) {
        if (atomic_load_explicit(abort, memory_order_relaxed) ||
            !hr_vk_device_run(&s->device, &g_array_index(r->commands, VkCommandBuffer, i), 1,
                              error))
            return false;
    }
    read_rows(s, step);
    hr_vk_states_read(s, step);
    return true;
}
