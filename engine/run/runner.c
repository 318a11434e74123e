/* runner.c: loading and the runner's thread. What other threads ask of it is in submit.c. See
 * runner.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/runner.h"

#include "run/load.h"

/* ---- The thread ---- */

static void update_stats(HrRunner *r)
{
    HrRunnerStats *s = &r->stats;
    uint32_t n_active = 0;
    for (uint32_t i = 0; i < r->n_slots; i++)
        n_active += r->slots[i].state != HR_SLOT_IDLE;
    g_mutex_lock(&r->lock);
    s->n_active = n_active;
    s->n_queued = g_queue_get_length(&r->queue);
    for (uint32_t i = 0; i < r->n_slots; i++)
        s->slots[i] =
            (HrSlotStats){r->kv.slots[i].tokens->len, r->slots[i].state != HR_SLOT_IDLE};
    s->cached_tokens = hr_kv_held_positions(&r->kv);
    s->cache_committed_bytes = hr_kv_committed_bytes(&r->kv);
    s->bytes_read = r->bytes_read;
    s->releasing = r->releasing || r->release_until_us > 0;
    g_mutex_unlock(&r->lock);
}

/* The next request, or NULL. With no work left, sleeps until there is some. */
static HrRequest *next_request(HrRunner *r)
{
    g_mutex_lock(&r->lock);
    while (!r->stopping && g_queue_is_empty(&r->queue) && !r->evaluation && !r->resizing &&
           !r->releasing && r->release_until_us == 0 && !hr_slots_active(r) &&
           !hr_runner_is_parking(r))
        g_cond_wait(&r->wake, &r->lock);
    HrRequest *request = r->stopping ? NULL : g_queue_pop_head(&r->queue);
    g_mutex_unlock(&r->lock);
    return request;
}

static void put_back(HrRunner *r, HrRequest *request)
{
    g_mutex_lock(&r->lock);
    g_queue_push_head(&r->queue, request);
    g_mutex_unlock(&r->lock);
}

static void take_requests(HrRunner *r)
{
    for (HrRequest *request; (request = next_request(r));) {
        if (atomic_load(&request->cancelled)) {
            hr_request_send_done(request, HR_DONE_CANCELLED, NULL, NULL);
            hr_request_unref(request);
        } else if (!hr_slots_assign(r, request)) {
            put_back(r, request);
            return;
        }
    }
}

static void drop_cancelled_queue(HrRunner *r)
{
    g_autoptr(GPtrArray) gone = g_ptr_array_new();
    g_mutex_lock(&r->lock);
    for (GList *l = r->queue.head, *next; l; l = next) {
        next = l->next;
        if (atomic_load(&((HrRequest *)l->data)->cancelled)) {
            g_ptr_array_add(gone, l->data);
            g_queue_delete_link(&r->queue, l);
        }
    }
    g_mutex_unlock(&r->lock);
    for (guint i = 0; i < gone->len; i++) {
        hr_request_send_done(gone->pdata[i], HR_DONE_CANCELLED, NULL, NULL);
        hr_request_unref(gone->pdata[i]);
    }
}

static HrEvaluation *pending_evaluation(HrRunner *r)
{
    g_mutex_lock(&r->lock);
    HrEvaluation *evaluation = hr_slots_active(r) ? NULL : r->evaluation;
    g_mutex_unlock(&r->lock);
    return evaluation;
}

static void finish_resizing(HrRunner *r, HrResizing *resizing)
{
    g_mutex_lock(&r->lock);
    resizing->done = true;
    r->resizing = NULL;
    g_cond_broadcast(&r->evaluated);
    g_mutex_unlock(&r->lock);
}

static void resize_if_asked(HrRunner *r)
{
    g_mutex_lock(&r->lock);
    HrResizing *resizing = r->resizing;
    g_mutex_unlock(&r->lock);
    if (!resizing)
        return;
    hr_runner_run_resizing(r, resizing);
    finish_resizing(r, resizing);
}

static void finish_evaluation(HrRunner *r, HrEvaluation *evaluation)
{
    g_mutex_lock(&r->lock);
    evaluation->done = true;
    r->evaluation = NULL;
    g_cond_broadcast(&r->evaluated);
    g_mutex_unlock(&r->lock);
}

static bool is_stopping(HrRunner *r)
{
    g_mutex_lock(&r->lock);
    bool stopping = r->stopping;
    g_mutex_unlock(&r->lock);
    return stopping;
}

static void cancel_all(HrRunner *r)
{
    for (uint32_t i = 0; i < r->n_slots; i++)
        if (r->slots[i].state != HR_SLOT_IDLE)
            hr_slot_finish(r, &r->slots[i], HR_DONE_CANCELLED, NULL);
    for (HrRequest *request; (request = g_queue_pop_head(&r->queue));) {
        hr_request_send_done(request, HR_DONE_CANCELLED, NULL, NULL);
        hr_request_unref(request);
    }
    hr_runner_park_all(r);
    if (r->resizing) {
        r->resizing->error =
            g_error_new_literal(HR_ERROR, HR_ERROR_CANCELLED, "The model is on its way out.");
        finish_resizing(r, r->resizing);
    }
}

/* Who waits for a slot gets it, who left goes. */
static void look_around(HrRunner *r)
{
    take_requests(r);
    atomic_store(&r->interrupt, false);
    hr_slots_drop_cancelled(r);
    drop_cancelled_queue(r);
}

/* That something is being resized keeps take_requests from sleeping. */
bool hr_runner_go_on(HrRunner *r)
{
    if (is_stopping(r) || r->lost)
        return false;
    if (r->rescuing)
        return true;
    look_around(r);
    if (hr_slots_active(r)) {
        hr_runner_step(r);
        hr_runner_look(r);
    }
    hr_runner_park(r);
    update_stats(r);
    return true;
}

static void *run(void *data)
{
    HrRunner *r = data;
    while (!is_stopping(r)) {
        look_around(r);
        resize_if_asked(r);
        hr_runner_release(r);
        HrEvaluation *evaluation = pending_evaluation(r);
        if (evaluation) {
            hr_runner_leave_parking(r);
            hr_runner_run_evaluation(r, evaluation);
            finish_evaluation(r, evaluation);
        } else if (hr_slots_active(r) && !is_stopping(r)) {
            hr_runner_step(r);
            hr_runner_look(r);
        }
        if (r->lost)
            hr_runner_rescue(r);
        hr_runner_park(r);
        update_stats(r);
    }
    cancel_all(r);
    return NULL;
}

/* ---- Lifetime ---- */

static void free_parts(HrRunner *r)
{
    hr_parking_free(r->parking);
    if (r->on_lost && r->on_lost->destroy)
        r->on_lost->destroy(r->on_lost->data);
    g_free(r->on_lost);
    g_clear_error(&r->lost);
    hr_executor_finish(&r->executor);
    hr_vulkan_free(r->vulkan);
    hr_encoder_finish(&r->encoder);
    g_free(r->step_rows);
    g_free(r->step_seen);
    g_free(r->step_axes);
    hr_kv_finish(&r->kv);
    hr_program_free(r->program);
    hr_ledger_finish(&r->ledger);
    hr_plan_unref(r->plan);
    hr_model_unref(r->model);
    g_free(r->slots);
    g_free(r->step_tokens);
    g_free(r->step_positions);
    g_free(r->step_slots);
    g_free(r->step_outputs);
    g_free(r->top);
    g_free(r->slot_adapters);
    hr_vocab_trie_free(r->trie);
    g_mutex_clear(&r->lock);
    g_cond_clear(&r->wake);
    g_cond_clear(&r->evaluated);
    g_free(r);
}

HrRunner *hr_runner_new(HrModel *model, HrPlan *plan, bool force, HrProgressFunc progress,
                        void *data, GError **error)
{
    if (!hr_model_has_weights(model)) {
        g_set_error(error, HR_ERROR, HR_ERROR_FILE,
                    "Only the shape of %s is here; it has no weights to run.", model->path);
        return NULL;
    }
    if (!force && !hr_plan_fits(plan, error))
        return NULL;
    HrRunner *r = g_new0(HrRunner, 1);
    g_mutex_init(&r->lock);
    g_cond_init(&r->wake);
    g_cond_init(&r->evaluated);
    g_queue_init(&r->queue);
    r->model = hr_model_ref(model);
    r->plan = hr_plan_ref(plan);
    r->num_ctx = hr_plan_get_settings(plan)->num_ctx;
    r->tokenizer = hr_model_get_tokenizer(model, NULL);
    hr_ledger_init(&r->ledger);
    if (!hr_runner_load(r, progress, data, error)) {
        free_parts(r);
        return NULL;
    }
    r->thread = g_thread_new("hr-runner", run, r);
    return r;
}

void hr_runner_free(HrRunner *r)
{
    if (!r)
        return;
    g_mutex_lock(&r->lock);
    r->stopping = true;
    atomic_store(&r->interrupt, true);
    g_cond_broadcast(&r->wake);
    g_mutex_unlock(&r->lock);
    g_thread_join(r->thread);
    free_parts(r);
}

void hr_runner_interrupt(HrRunner *r)
{
    g_mutex_lock(&r->lock);
    atomic_store(&r->interrupt, true);
    g_cond_signal(&r->wake);
    g_mutex_unlock(&r->lock);
}

HrModel *hr_runner_get_model(const HrRunner *r)
{
    return r->model;
}

HrPlan *hr_runner_get_plan(const HrRunner *r)
{
    HrRunner *runner = (HrRunner *)r; /* for its lock */
    g_mutex_lock(&runner->lock);
    HrPlan *plan = r->plan;
    g_mutex_unlock(&runner->lock);
    return plan;
}

/* ---- Parking ---- */

void hr_runner_set_parking(HrRunner *r, const HrParkingOptions *options)
{
    g_return_if_fail(!r->parking);
    r->parking = hr_parking_new(options, &r->kv, hr_runner_turns_far(r), r->model->adapters->len);
}

void hr_runner_release_idle(HrRunner *r)
{
    g_mutex_lock(&r->lock);
    r->releasing = r->stats.releasing = true;
    g_cond_signal(&r->wake);
    g_mutex_unlock(&r->lock);
}

void hr_runner_set_stretch(HrRunner *r, double stretch)
{
    atomic_store_explicit(&r->stretch_percent, (uint32_t)(100 * CLAMP(stretch, 1, 1000)),
                          memory_order_relaxed);
}

/* ---- Telling ---- */

void hr_runner_get_stats(HrRunner *r, HrRunnerStats *ret_stats)
{
    g_mutex_lock(&r->lock);
    *ret_stats = r->stats;
    g_mutex_unlock(&r->lock);
}

size_t hr_runner_n_allocations(const HrRunner *r)
{
    return r->ledger.items->len;
}

const HrPlanItem *hr_runner_get_allocation(const HrRunner *r, size_t index)
{
    return &g_array_index(r->ledger.items, HrPlanItem, index);
}
