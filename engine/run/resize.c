/* resize.c: other settings for a model that is loaded, between two steps.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * First everything that can fail: the checks, memory for the cache (kv/resize.h), for a program of
 * the new step shape and for the tables of slots, and weights and pages on the way to another
 * device. Then all of it takes the place of what was there, at once. Weights that stay are not
 * touched; while others are on their way, answers that run go on, step by step. What moves weights
 * is in move.c.
 */
#include "cpu/recode.h"
#include "kv/resize.h"
#include "run/load.h"
#include "run/move.h"

#include <string.h>

/* What a runner has beside the cache and depends on the settings. */
typedef struct {
    HrPlan *plan;
    const HrSettings *settings, *before;
    uint32_t *from; /* [parallel] which slot goes on there, or HR_KV_NO_SLOT */
    HrKvResize cache;
    HrProgram *program;  /* NULL: steps stay as they are */
    HrExecutor executor; /* with program */
    HrMove move;         /* of weights, and what GPUs are going to have */
} Change;

/* ---- Checks ---- */

/* The next of the plan's items of a kind from *at on, or NULL. */
static const HrPlanItem *next_item(const HrPlan *plan, HrItemKind kind, size_t *at)
{
    for (; *at < hr_plan_n_items(plan); ++*at)
        if (hr_plan_get_item(plan, *at)->kind == kind)
            return hr_plan_get_item(plan, (*at)++);
    return NULL;
}

static bool same_items(const HrPlan *a, const HrPlan *b, HrItemKind kind)
{
    size_t at_a = 0, at_b = 0;
    for (;;) {
        const HrPlanItem *x = next_item(a, kind, &at_a), *y = next_item(b, kind, &at_b);
        if (!x || !y)
            return x == y;
        if (x->bytes != y->bytes || x->device != y->device || x->layer != y->layer)
            return false;
    }
}

static bool check_same(const HrRunner *r, const Change *c, GError **error)
{
    bool same = c->plan->model == r->model && c->settings->threads == c->before->threads &&
                c->settings->all_logits == c->before->all_logits &&
                same_items(r->plan, c->plan, HR_ITEM_PROJECTOR);
    if (!same)
        g_set_error_literal(
            error, HR_ERROR, HR_ERROR_SETTINGS,
            "Another file or other threads would be used: the model has to be loaded again for that.");
    return same && hr_runner_check_devices(c->plan, error);
}

/* Positions that a request needs at least to go on. */
static uint32_t needed_by(const HrRequest *request)
{
    return request->prompt->len + !request->embeds;
}

static bool check_need(uint32_t need, const Change *c, const char *who, GError **error)
{
    if (need <= c->settings->num_ctx)
        return true;
    g_set_error(
        error, HR_ERROR, HR_ERROR_BUSY,
        "%s needs %u positions, but num_ctx would be %u. Choose at least %u, or wait until it is answered.",
        who, need, c->settings->num_ctx, need);
    return false;
}

static bool check_slots(const HrRunner *r, const Change *c, GError **error)
{
    for (uint32_t i = 0; i < r->n_slots; i++) {
        const HrSlot *slot = &r->slots[i];
        if (slot->state != HR_SLOT_IDLE &&
            !check_need(slot->state == HR_SLOT_READING ? needed_by(slot->request)
                                                       : slot->n_past + 1,
                        c, "An answer that runs", error))
            return false;
    }
    return true;
}

/* With the lock held: nobody queues what no longer fits meanwhile. */
static bool check_queue(const HrRunner *r, const Change *c, GError **error)
{
    for (const GList *l = r->queue.head; l; l = l->next)
        if (!check_need(needed_by(l->data), c, "A request that waits", error))
            return false;
    return true;
}

/* ---- Slots ---- */

/* The slot that is worth most of those that are not kept: one that works, or the one that was used
 * last. */
static uint32_t find_best(const HrRunner *r, const bool *kept)
{
    uint32_t best = HR_KV_NO_SLOT;
    for (uint32_t i = 0; i < r->n_slots; i++) {
        if (kept[i])
            continue;
        if (r->slots[i].state != HR_SLOT_IDLE)
            return i;
        if (best == HR_KV_NO_SLOT || r->kv.slots[i].last_used_us > r->kv.slots[best].last_used_us)
            best = i;
    }
    return best;
}

static bool check_busy(uint32_t n_busy, const Change *c, GError **error)
{
    if (n_busy <= c->settings->parallel)
        return true;
    g_set_error(error, HR_ERROR, HR_ERROR_BUSY,
                "%u answers run at once, but parallel would be %u. Wait until some have ended.",
                n_busy, c->settings->parallel);
    return false;
}

static bool choose_slots(const HrRunner *r, Change *c, GError **error)
{
    uint32_t n = c->settings->parallel, n_busy = 0;
    g_autofree bool *kept = g_new0(bool, r->n_slots);
    c->from = g_new(uint32_t, n);
    for (uint32_t i = 0; i < n; i++)
        c->from[i] = HR_KV_NO_SLOT;
    for (uint32_t i = 0; i < r->n_slots; i++)
        n_busy += r->slots[i].state != HR_SLOT_IDLE;
    if (!check_busy(n_busy, c, error))
        return false;
    for (uint32_t i = 0; i < MIN(n, r->n_slots); i++)
        kept[find_best(r, kept)] = true;
    for (uint32_t i = 0, k = 0; i < r->n_slots; i++)
        if (kept[i])
            c->from[k++] = i;
    return true;
}

/* Beyond the context that a model was first trained for some turn keys otherwise: then what is held
 * means nothing any more. */
static bool forget_turned(const HrRunner *r, Change *c, GError **error)
{
    if (hr_runner_rope_divisors(r, c->settings) == hr_runner_rope_divisors(r, c->before))
        return true;
    if (hr_slots_active(r)) {
        g_set_error(
            error, HR_ERROR, HR_ERROR_BUSY,
            "This model counts positions otherwise in a context of more than %u: wait until its answers have ended.",
            r->model->hparams.rope.n_ctx_orig);
        return false;
    }
    for (uint32_t i = 0; i < c->settings->parallel; i++)
        c->from[i] = HR_KV_NO_SLOT;
    return true;
}

/* ---- Preparing ---- */

static bool steps_change(const HrRunner *r, const Change *c)
{
    return hr_move_is_needed(r->plan, c->plan) ||
           hr_settings_max_tokens(c->settings) != r->program->max_tokens ||
           hr_settings_max_outputs(c->settings) != r->program->max_outputs ||
           hr_runner_rope_divisors(r, c->settings) != hr_runner_rope_divisors(r, c->before);
}

static bool prepare_steps(HrRunner *r, Change *c, GError **error)
{
    const GPtrArray *adapters = r->model->adapters;
    const HrPlanItem *items[4];
    if (!steps_change(r, c))
        return true;
    for (uint32_t i = 0; i < 4; i++)
        items[i] = hr_plan_get_item(c->plan, c->plan->first_compute + i);
    if (items[3]->device > 0)
        items[3] = NULL;
    c->program = hr_runner_place_program(r, c->plan);
    if (!hr_executor_init_beside(&c->executor, &r->executor, c->program,
                                 hr_runner_rope_divisors(r, c->settings), items, error))
        return false;
    return adapters->len == 0 ||
           hr_loras_init(&c->executor.loras, c->program, adapters, r->model->gguf, NULL,
                         hr_plan_get_item(c->plan, c->plan->first_adapter + adapters->len), error);
}

static void clear(Change *c)
{
    hr_kv_resize_abandon(&c->cache);
    hr_move_finish(&c->move);
    hr_executor_finish(&c->executor);
    g_clear_pointer(&c->program, hr_program_free);
    g_clear_pointer(&c->from, g_free);
}

/* What takes long comes first, and answers go on meanwhile; the slots that are then at work decide.
 */
static bool prepare(HrRunner *r, Change *c, const HrResizing *resizing, GError **error)
{
    if (!check_same(r, c, error) || !prepare_steps(r, c, error) ||
        !hr_kv_resize_make(&c->cache, &r->kv, &r->model->hparams, c->settings, error) ||
        !hr_move_prepare(&c->move, r, c->plan, c->program ? c->program : r->program, &c->cache.next,
                         error) ||
        !hr_move_run(&c->move, resizing, error))
        return false;
    hr_runner_leave_parking(r);
    return check_slots(r, c, error) && choose_slots(r, c, error) && forget_turned(r, c, error) &&
           hr_kv_resize_prepare(&c->cache, c->from, error);
}

/* ---- Moving pages ---- */

typedef struct {
    const HrRunner *runner;
    const HrResizing *resizing;
    double begin;           /* the share of the work that was done before */
    const HrKvMoves *moves; /* of the job that runs */
    atomic_uint next;
} Mover;

static void move_pages(HrThread *thread, void *data)
{
    Mover *mover = data;
    const HrKvMoves *m = mover->moves;
    const HrKvLayerLayout *from = &m->from->layers[m->layer], *to = &m->to->layers[m->layer];
    g_autofree float *row = g_new(float, MAX(from->dk, from->dv));
    (void)thread;
    for (uint32_t i; (i = atomic_fetch_add(&mover->next, 1)) < m->n_moves;) {
        const char *source = m->source + m->moves[i].from * from->page_bytes;
        char *target = m->target + m->moves[i].to * to->page_bytes;
        if (m->from->type == m->to->type)
            memcpy(target, source, from->page_bytes);
        else
            hr_recode_page(mover->runner->executor.vector, m->from, m->to, m->layer, source, target,
                           row);
    }
}

static void move_layer(const HrKvMoves *moves, void *data)
{
    Mover *mover = data;
    mover->moves = moves;
    atomic_store(&mover->next, 0);
    hr_pool_run(mover->runner->executor.pool, mover->runner->executor.n_threads, move_pages, mover);
}

static void tell_progress(double fraction, void *data)
{
    const Mover *mover = data;
    if (mover->resizing->progress)
        mover->resizing->progress(mover->begin + (1 - mover->begin) * fraction,
                                  mover->resizing->data);
}

/* ---- Applying ---- */

static void replace_steps(HrRunner *r, Change *c)
{
    uint32_t max_tokens = hr_settings_max_tokens(c->settings);
    if (!c->program)
        return;
    hr_executor_replace(&r->executor, &c->executor);
    hr_program_free(r->program);
    r->program = g_steal_pointer(&c->program);
    r->step_tokens = g_renew(HrToken, r->step_tokens, max_tokens);
    r->step_positions = g_renew(uint32_t, r->step_positions, max_tokens);
    r->step_slots = g_renew(uint32_t, r->step_slots, max_tokens);
    r->step_outputs = g_renew(uint32_t, r->step_outputs, hr_settings_max_outputs(c->settings));
    if (!r->model->vision)
        return;
    r->step_rows = g_renew(const float *, r->step_rows, max_tokens);
    r->step_seen = g_renew(uint32_t, r->step_seen, max_tokens);
    r->step_axes = g_realloc_n(r->step_axes, max_tokens, sizeof *r->step_axes);
}

static void replace_slots(HrRunner *r, const Change *c)
{
    uint32_t n = c->settings->parallel, n_adapters = r->model->adapters->len;
    HrSlot *slots = g_new0(HrSlot, n);
    float *adapters = g_new(float, (size_t)n *n_adapters + 1), *before = r->slot_adapters;
    for (uint32_t i = 0; i < n; i++) {
        const float *held =
            c->from[i] != HR_KV_NO_SLOT ? before + (size_t)c->from[i] * n_adapters : NULL;
        if (held)
            slots[i] = r->slots[c->from[i]];
        for (uint32_t a = 0; a < n_adapters; a++)
            adapters[(size_t)i * n_adapters + a] = held ? held[a] : 1;
    }
    g_free(before);
    g_free(r->slots);
    r->slot_adapters = adapters;
    r->slots = slots;
    r->n_slots = n;
}

/* ---- The ledger ---- */

/* What is as large as before, under the new plan's names. */
static void record_again(const HrRunner *r, const HrPlan *plan, HrItemKind kind, HrLedger *ledger)
{
    size_t at = 0;
    for (guint i = 0; i < r->ledger.items->len; i++) {
        const HrPlanItem *before = &g_array_index(r->ledger.items, HrPlanItem, i);
        if (before->kind == kind)
            hr_ledger_record(ledger, next_item(plan, kind, &at), before->bytes);
    }
}

static void record_cache(const HrRunner *r, const HrPlan *plan, HrLedger *ledger)
{
    size_t at = plan->first_cache;
    for (uint32_t il = 0; il < r->kv.layout.n_layer; il++) {
        bool elsewhere = hr_kv_is_elsewhere(&r->kv, il);
        uint64_t pool =
            elsewhere ? hr_kv_layer_pool_bytes(&r->kv.layout, il) : r->kv.pools[il].bytes;
        if (pool > 0)
            hr_ledger_record(ledger, hr_plan_get_item(plan, at++), pool);
        if (r->kv.states[il].bytes > 0)
            hr_ledger_record(ledger, hr_plan_get_item(plan, at++), r->kv.states[il].bytes);
    }
}

static void record_steps(const HrRunner *r, const HrPlan *plan, HrLedger *ledger)
{
    const HrRegion *regions[] = {&r->executor.arena, &r->executor.prepared, &r->executor.scratch,
                                 &r->executor.logits};
    for (size_t i = 0; i < G_N_ELEMENTS(regions); i++) {
        const HrPlanItem *item = hr_plan_get_item(plan, plan->first_compute + i);
        hr_ledger_record(ledger, item, item->device > 0 ? item->bytes : regions[i]->bytes);
    }
    hr_runner_record_gpus(plan, ledger);
}

static void replace_ledger(HrRunner *r, const HrPlan *plan)
{
    guint n_adapters = r->model->adapters->len;
    HrLedger ledger;
    hr_ledger_init(&ledger);
    hr_runner_record_weights(plan, &ledger);
    record_cache(r, plan, &ledger);
    record_steps(r, plan, &ledger);
    record_again(r, plan, HR_ITEM_PROJECTOR, &ledger);
    if (n_adapters > 0)
        hr_ledger_record(&ledger, hr_plan_get_item(plan, plan->first_adapter + n_adapters),
                         r->executor.loras.inner.bytes);
    hr_runner_record_tokenizer(r, plan, &ledger);
    hr_ledger_finish(&r->ledger);
    r->ledger = ledger;
}

/* With the lock held, so that who asks for numbers sees the old or the new ones. */
static void apply(HrRunner *r, Change *c)
{
    HrPlan *before = r->plan;
    HrProgram *program = hr_program_ref(r->program); /* what GPUs had refers to it */
    replace_steps(r, c);
    hr_move_apply(&c->move);
    hr_program_free(program);
    replace_slots(r, c);
    replace_ledger(r, c->plan);
    r->plan = hr_plan_ref(c->plan);
    hr_plan_unref(before);
    r->num_ctx = c->settings->num_ctx;
    r->stats.n_slots = r->n_slots;
    r->stats.weights_moved_bytes = hr_laid_bytes(&r->executor.laid);
    hr_runner_sum_ledger(r);
}

bool hr_runner_may_resize(HrRunner *r, const HrSettings *settings, GError **error)
{
    Change c = {.settings = settings};
    g_mutex_lock(&r->lock);
    bool may = check_busy(r->stats.n_active, &c, error) && check_queue(r, &c, error);
    for (uint32_t i = 0; i < r->stats.n_slots && may; i++)
        if (r->stats.slots[i].active)
            may = check_need(r->stats.slots[i].n_positions + 1, &c, "An answer that runs", error);
    g_mutex_unlock(&r->lock);
    return may;
}

/* From now on nobody queues what would not fit. */
static bool check_queued(HrRunner *r, const Change *c, GError **error)
{
    g_mutex_lock(&r->lock);
    bool fits = check_queue(r, c, error);
    if (fits)
        r->num_ctx = MIN(c->before->num_ctx, c->settings->num_ctx);
    g_mutex_unlock(&r->lock);
    return fits;
}

static void allow_queue(HrRunner *r, const Change *c)
{
    g_mutex_lock(&r->lock);
    r->num_ctx = c->before->num_ctx;
    g_mutex_unlock(&r->lock);
}

void hr_runner_run_resizing(HrRunner *r, HrResizing *resizing)
{
    Change c = {.plan = resizing->plan,
                .settings = hr_plan_get_settings(resizing->plan),
                .before = hr_plan_get_settings(r->plan)};
    Mover mover = {.runner = r, .resizing = resizing};
    hr_runner_leave_parking(r);
    bool ready = prepare(r, &c, resizing, &resizing->error);
    mover.begin = c.move.share;
    ready = ready && check_queued(r, &c, &resizing->error) &&
            hr_kv_resize_carry(&c.cache, move_layer, tell_progress, &mover, &resizing->error);
    if (ready) {
        hr_kv_resize_apply(&c.cache, move_layer, tell_progress, &mover);
        g_mutex_lock(&r->lock);
        apply(r, &c);
        g_mutex_unlock(&r->lock);
        if (r->parking)
            hr_parking_reform(r->parking, &r->kv, hr_runner_turns_far(r));
        hr_runner_give_back_sent(r);
    } else {
        allow_queue(r, &c);
    }
    clear(&c);
    resizing->ok = ready;
}
