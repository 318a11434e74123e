/* load.c: see load.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/load.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Weights that are read in between two looks at whether to go on. */
#define READ_CHUNK_BYTES (32u << 20)

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

/* Faults a stretch of the mapping in, so that the first answer does not wait page by page. Kernels
 * before 5.14 do it by hand. */
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

/* Looks around after every stretch of weights. */
typedef struct {
    HrProgressFunc func;
    void *data;
    uint64_t done, total;
} Progress;

static bool advance(Progress *progress, uint64_t bytes, GError **error)
{
    progress->done += bytes;
    return !progress->func ||
           progress->func((double)progress->done / (double)progress->total, progress->data) ||
           stopped(error);
}

bool hr_runner_move_weight(HrRunner *r, const HrLaidWeight *at,
                           bool (*go_on)(uint64_t bytes, void *data), void *data)
{
    const HrWeight *w = at->weight;
    uint64_t rows = MAX(1, READ_CHUNK_BYTES / (w->row_bytes * HR_PANEL_ROWS)) * HR_PANEL_ROWS;
    for (uint64_t begin = 0; begin < w->n_out; begin += rows) {
        uint64_t end = MIN(begin + rows, w->n_out);
        read_in((const char *)w->data + begin * w->row_bytes, (end - begin) * w->row_bytes);
        hr_laid_fill(at, begin, end, r->executor.pool, r->executor.n_threads);
        if (!go_on((end - begin) * w->row_bytes, data))
            return false;
    }
    return true;
}

/* What stays mapped. */
static bool read_tensor(const char *data, uint64_t bytes, Progress *progress, GError **error)
{
    for (uint64_t offset = 0; offset < bytes; offset += READ_CHUNK_BYTES) {
        size_t n = MIN(READ_CHUNK_BYTES, bytes - offset);
        read_in(data + offset, n);
        if (!advance(progress, n, error))
            return false;
    }
    return true;
}

/* Pages of the file that hold what a GPU has a copy of now. */
static void give_back(const char *begin, uint64_t bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = ((uintptr_t)begin + page - 1) / page * page,
              to = ((uintptr_t)begin + bytes) / page * page;
    if (to > from)
        madvise((void *)from, to - from, MADV_DONTNEED);
}

typedef struct {
    Progress *progress;
    GError *error;
} Sending;

static bool note_sent(uint64_t bytes, void *data)
{
    Sending *sending = data;
    return advance(sending->progress, bytes, &sending->error);
}

void hr_runner_give_back_sent(const HrRunner *r)
{
    const HrGguf *gguf = r->model->gguf;
    const void *embeddings = r->model->weights.token_embd.data;
    for (size_t i = 0; r->vulkan && i < hr_gguf_n_tensors(gguf); i++) {
        const HrGgufTensor *tensor = hr_gguf_tensor(gguf, i);
        const char *data = hr_gguf_tensor_data(gguf, tensor);
        if (data != embeddings && hr_vulkan_has(r->vulkan, data))
            give_back(data, tensor->bytes);
    }
}

/* What GPUs compute with; the file's pages are only kept of what the host looks up, too. */
static bool send_weights(HrRunner *r, Progress *progress, GError **error)
{
    Sending sending = {progress, NULL};
    bool ok = hr_vulkan_load(r->vulkan, note_sent, &sending, error);
    g_clear_error(&sending.error); /* the GPUs' says the same */
    if (ok)
        hr_runner_give_back_sent(r);
    return ok;
}

/* Those of the host that have a place of their own. */
static bool move_weights(HrRunner *r, Progress *progress, GError **error)
{
    const GArray *laid = r->executor.laid.weights;
    Sending sending = {progress, NULL};
    for (guint i = 0; i < laid->len; i++) {
        const HrLaidWeight *at = &g_array_index(laid, HrLaidWeight, i);
        if (at->here && !hr_runner_move_weight(r, at, note_sent, &sending)) {
            g_propagate_error(error, sending.error);
            return false;
        }
    }
    hr_laid_give_back(&r->executor.laid);
    return true;
}

/* Whether a tensor was sent or moved elsewhere and is not looked up in the file. */
static bool is_away(const HrRunner *r, const char *data, uint64_t bytes)
{
    return hr_laid_covers(&r->executor.laid, data, bytes) ||
           (r->vulkan && (const void *)data != r->model->weights.token_embd.data &&
            hr_vulkan_has(r->vulkan, data));
}

static bool read_weights(HrRunner *r, HrProgressFunc func, void *data, GError **error)
{
    const HrGguf *gguf = r->model->gguf;
    const HrGguf *tower = r->model->vision ? r->model->vision->own : NULL;
    Progress progress = {.func = func,
                         .data = data,
                         .total = MAX(hr_gguf_file_bytes(gguf), 1) +
                                  (tower ? hr_gguf_file_bytes(tower) : 0)};
    if ((r->vulkan && !send_weights(r, &progress, error)) || !move_weights(r, &progress, error))
        return false;
    for (size_t i = 0; tower && i < hr_gguf_n_tensors(tower); i++)
        if (!read_tensor(hr_gguf_tensor_data(tower, hr_gguf_tensor(tower, i)),
                         hr_gguf_tensor(tower, i)->bytes, &progress, error))
            return false;
    for (size_t i = 0; i < hr_gguf_n_tensors(gguf); i++) {
        const HrGgufTensor *tensor = hr_gguf_tensor(gguf, i);
        if (!is_away(r, hr_gguf_tensor_data(gguf, tensor), tensor->bytes) &&
            !read_tensor(hr_gguf_tensor_data(gguf, tensor), tensor->bytes, &progress, error))
            return false;
    }
    hr_laid_give_back(&r->executor.laid);
    hr_gguf_give_back_header(gguf);
    return true;
}

/* Weights take what the bound tensors take, moved (laid.h) or mapped. */
void hr_runner_record_weights(const HrPlan *plan, HrLedger *ledger)
{
    for (size_t i = 0; i < hr_plan_n_items(plan); i++) {
        const HrPlanItem *item = hr_plan_get_item(plan, i);
        if (item->kind == HR_ITEM_WEIGHTS)
            hr_ledger_record(ledger, item, item->bytes);
    }
}

const float *hr_runner_rope_divisors(const HrRunner *r, const HrSettings *settings)
{
    const HrWeights *w = &r->model->weights;
    bool beyond = settings->num_ctx > r->model->hparams.rope.n_ctx_orig;
    return hr_weight_exists(&w->rope_freqs) ? w->rope_freqs.data
           : beyond                         ? w->rope_long.data
                                            : w->rope_short.data;
}

bool hr_runner_turns_far(const HrRunner *r)
{
    const float *divisors = hr_runner_rope_divisors(r, hr_plan_get_settings(r->plan));
    return divisors && divisors == r->model->weights.rope_long.data;
}

/* What the tower computes in, and what its rows add to a step. */
static bool allocate_vision(HrRunner *r, GError **error)
{
    const HrSettings *s = hr_plan_get_settings(r->plan);
    uint32_t max_tokens = hr_settings_max_tokens(s);
    const HrPlanItem *items[3];
    if (!r->model->vision)
        return true;
    r->step_rows = g_new(const float *, max_tokens);
    r->step_seen = g_new(uint32_t, max_tokens);
    r->step_axes = g_malloc_n(max_tokens, sizeof *r->step_axes);
    for (uint32_t i = 0; i < 3; i++)
        items[i] = hr_plan_get_item(r->plan, r->plan->first_projector + 1 + i);
    hr_ledger_record(&r->ledger, hr_plan_get_item(r->plan, r->plan->first_projector),
                     r->model->vision->bytes);
    return hr_encoder_init(&r->encoder, r->model->vision, s->threads, &r->ledger, items, error);
}

static bool allocate_adapters(HrRunner *r, GError **error)
{
    const GPtrArray *adapters = r->model->adapters;
    if (adapters->len == 0)
        return true;
    return hr_loras_init(&r->executor.loras, r->program, adapters, r->model->gguf, &r->ledger,
                         hr_plan_get_item(r->plan, r->plan->first_adapter + adapters->len), error);
}

bool hr_runner_uses_gpus(const HrPlan *plan)
{
    for (uint32_t il = 0; il < hr_plan_n_layers(plan); il++)
        if (plan->placement.layers[il] > 0 || plan->placement.experts[il] > 0)
            return true;
    return false;
}

/* The device of an operation: that of its layer; what comes behind the layers goes with the output,
 * what comes before with the host. */
static void assign_devices(HrProgram *program, const HrPlacement *at)
{
    bool behind = false;
    for (uint32_t i = 0; i < program->ops->len; i++) {
        HrOp *op = &g_array_index(program->ops, HrOp, i);
        behind = behind || op->layer != HR_NO_LAYER;
        op->device = op->layer != HR_NO_LAYER ? at->layers[op->layer] : behind ? at->output : 0;
    }
}

bool hr_runner_check_devices(const HrPlan *plan, GError **error)
{
    for (uint32_t il = 0; il < hr_plan_n_layers(plan); il++) {
        const HrDevice *device = hr_plan_get_device(plan, plan->placement.layers[il]);
        if (device->kind == HR_DEVICE_GPU && device->gpu == 0) {
            g_set_error(error, HR_ERROR, HR_ERROR_SETTINGS,
                        "%s is only described: nothing can run there.", device->name);
            return false;
        }
    }
    return true;
}

void hr_runner_record_gpus(const HrPlan *plan, HrLedger *ledger)
{
    for (size_t i = plan->first_compute + 4; i < hr_plan_n_items(plan); i++) {
        const HrPlanItem *item = hr_plan_get_item(plan, i);
        bool theirs = item->kind == HR_ITEM_STAGING || item->kind == HR_ITEM_DRIVER ||
                      (item->kind == HR_ITEM_COMPUTE && item->device > 0);
        if (theirs)
            hr_ledger_record(ledger, item, item->bytes);
    }
}

HrProgram *hr_runner_place_program(HrRunner *r, const HrPlan *plan)
{
    const HrSettings *s = hr_plan_get_settings(plan);
    HrProgram *shared =
        hr_model_get_program(r->model, hr_settings_max_tokens(s), hr_settings_max_outputs(s));
    if (!hr_runner_uses_gpus(plan))
        return shared;
    HrProgram *placed = hr_program_copy(shared);
    hr_program_free(shared);
    assign_devices(placed, &plan->placement);
    return placed;
}

static bool allocate_gpus(HrRunner *r, GError **error)
{
    if (!hr_runner_uses_gpus(r->plan))
        return true;
    r->vulkan = hr_vulkan_new(r->program, &r->kv, hr_plan_get_device(r->plan, 0), error);
    if (!r->vulkan)
        return false;
    r->kv.elsewhere = hr_vulkan_cache(r->vulkan);
    return true;
}

static bool allocate_executor(HrRunner *r, GError **error)
{
    const HrSettings *s = hr_plan_get_settings(r->plan);
    const HrPlanItem *compute[4];
    for (uint32_t i = 0; i < 4; i++)
        compute[i] = hr_plan_get_item(r->plan, r->plan->first_compute + i);
    const HrPlanItem *logits = compute[3];
    if (hr_program_op(r->program, r->program->ops->len - 1)->device > 0)
        compute[3] = NULL;
    if (!hr_executor_init(&r->executor, r->program, &r->kv, s->threads,
                          hr_runner_rope_divisors(r, s), &r->ledger, compute, error))
        return false;
    if (!compute[3])
        hr_ledger_record(&r->ledger, logits, logits->bytes);
    if (r->vulkan) {
        hr_vulkan_join(r->vulkan, &r->executor);
        hr_runner_record_gpus(r->plan, &r->ledger);
    }
    return true;
}

static bool allocate(HrRunner *r, GError **error)
{
    const HrSettings *s = hr_plan_get_settings(r->plan);
    if (!hr_runner_check_devices(r->plan, error))
        return false;
    r->program = hr_runner_place_program(r, r->plan);
    return hr_kv_make(&r->kv, &r->model->hparams, s, error) && allocate_gpus(r, error) &&
           hr_kv_map(&r->kv, &r->ledger, hr_plan_get_item(r->plan, r->plan->first_cache), error) &&
           allocate_executor(r, error) && allocate_vision(r, error) && allocate_adapters(r, error);
}

static void make_slots(HrRunner *r)
{
    const HrSettings *s = hr_plan_get_settings(r->plan);
    uint32_t max_tokens = hr_settings_max_tokens(s);
    hr_runner_set_stretch(r, HR_DEFAULT_STRETCH);
    r->n_slots = s->parallel;
    r->slots = g_new0(HrSlot, r->n_slots);
    r->step_tokens = g_new(HrToken, max_tokens);
    r->step_positions = g_new(uint32_t, max_tokens);
    r->step_slots = g_new(uint32_t, max_tokens);
    r->step_outputs = g_new(uint32_t, hr_settings_max_outputs(s));
    r->slot_adapters = g_new(float, (size_t)r->n_slots * r->model->adapters->len + 1);
    for (uint32_t i = 0; i < r->n_slots; i++)
        hr_slots_set_adapters(r, i, NULL);
    r->top = g_new(HrTokenProb, HR_MAX_TOP_LOGPROBS);
}

void hr_runner_sum_ledger(HrRunner *r)
{
    memset(r->stats.allocated, 0, sizeof r->stats.allocated);
    for (guint i = 0; i < r->ledger.items->len; i++) {
        const HrPlanItem *item = &g_array_index(r->ledger.items, HrPlanItem, i);
        r->stats.allocated[item->kind] += item->bytes;
    }
}

void hr_runner_record_tokenizer(HrRunner *r, const HrPlan *plan, HrLedger *ledger)
{
    const HrTokenizer *tokenizer = hr_model_get_tokenizer(r->model, NULL);
    if (tokenizer && r->model->tokenizer_bytes > 0)
        hr_ledger_record(ledger, hr_plan_get_item(plan, plan->tokenizer_item),
                         hr_tokenizer_held_bytes(tokenizer));
}

bool hr_runner_load(HrRunner *r, HrProgressFunc progress, void *data, GError **error)
{
    hr_runner_record_weights(r->plan, &r->ledger);
    if (!allocate(r, error) || !read_weights(r, progress, data, error))
        return false;
    hr_runner_record_tokenizer(r, r->plan, &r->ledger);
    make_slots(r);
    r->stats.n_slots = r->n_slots;
    r->stats.weights_moved_bytes = hr_laid_bytes(&r->executor.laid);
    hr_runner_sum_ledger(r);
    return true;
}
