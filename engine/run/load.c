/* load.c: see load.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/load.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* Weights that are read in between two looks at whether to go on. */
#define READ_CHUNK_BYTES (32u << 20)

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

/* Faults a stretch of the mapping in, so that the first answer does not wait page by page. Kernels before 5.14 do it by hand. */
static void read_in(const char *begin, size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = (uintptr_t)begin / page * page;
    size_t length = (uintptr_t)begin + bytes - start;
    if (madvise((void *)start, length, MADV_POPULATE_READ) == 0 || errno != EINVAL)
        return;
    for (size_t i = 0; i < length; i += page)
        (void)*(const volatile char *)(start + i);
}

static bool stopped(GError **error)
{
    g_set_error(error, HR_ERROR, HR_ERROR_CANCELLED, "Loading was stopped.");
    return false;
}

static bool read_weights(HrRunner *r, HrProgressFunc progress, void *data, GError **error)
{
    const HrGguf *gguf = r->model->gguf;
    uint64_t total = MAX(hr_gguf_file_bytes(gguf), 1), done = 0;
    for (uint32_t part = 0; part < hr_gguf_n_parts(gguf); part++) {
        size_t bytes;
        const char *base = hr_gguf_part_data(gguf, part, &bytes);
        for (size_t offset = 0; offset < bytes; offset += READ_CHUNK_BYTES) {
            size_t n = MIN(READ_CHUNK_BYTES, bytes - offset);
            read_in(base + offset, n);
            done += n;
            if (progress && !progress((double)done / (double)total, data))
                return stopped(error);
        }
    }
    return true;
}

/* Weights are mapped, not copied: their items are what the bound tensors take. */
static void record_weights(HrRunner *r)
{
    for (size_t i = 0; i < hr_plan_n_items(r->plan); i++) {
        const HrPlanItem *item = hr_plan_get_item(r->plan, i);
        if (item->kind == HR_ITEM_WEIGHTS)
            hr_ledger_record(&r->ledger, item, item->bytes);
    }
}

static bool allocate(HrRunner *r, GError **error)
{
    const HrSettings *s = hr_plan_get_settings(r->plan);
    const HrWeight *divisors = &r->model->weights.rope_freqs;
    const HrPlanItem *compute[4];
    for (uint32_t i = 0; i < 4; i++)
        compute[i] = hr_plan_get_item(r->plan, r->plan->first_compute + i);
    r->program = hr_model_build_program(r->model, hr_settings_max_tokens(s), hr_settings_max_outputs(s));
    return hr_kv_init(&r->kv, &r->model->hparams, s, &r->ledger, hr_plan_get_item(r->plan, r->plan->first_cache), error) &&
           hr_executor_init(&r->executor, r->program, &r->kv, s->threads,
                            hr_weight_exists(divisors) ? divisors->data : NULL, &r->ledger, compute, error);
}

static void make_slots(HrRunner *r)
{
    const HrSettings *s = hr_plan_get_settings(r->plan);
    uint32_t max_tokens = hr_settings_max_tokens(s);
    r->n_slots = s->parallel;
    r->slots = g_new0(HrSlot, r->n_slots);
    r->step_tokens = g_new(HrToken, max_tokens);
    r->step_positions = g_new(uint32_t, max_tokens);
    r->step_slots = g_new(uint32_t, max_tokens);
    r->step_outputs = g_new(uint32_t, hr_settings_max_outputs(s));
    r->top = g_new(HrTokenProb, HR_MAX_TOP_LOGPROBS);
}

bool hr_runner_load(HrRunner *r, HrProgressFunc progress, void *data, GError **error)
{
    record_weights(r);
    if (!allocate(r, error) || !read_weights(r, progress, data, error))
        return false;
    make_slots(r);
    r->stats.n_slots = r->n_slots;
    for (guint i = 0; i < r->ledger.items->len; i++) {
        const HrPlanItem *item = &g_array_index(r->ledger.items, HrPlanItem, i);
        r->stats.allocated[item->kind] += item->bytes;
    }
    return true;
}
