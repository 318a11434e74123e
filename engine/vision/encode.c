/* encode.c: the walk over a tower, in slices. See encode.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vision/encode.h"

#include <math.h>
#include <string.h>

#define ROPE_BASE 10000.0 /* of all families that turn by axes */

static const HrEncoderOp *const operations[HR_TOWER_N] = {
    [HR_TOWER_PATCHES] = &hr_encoder_patches, [HR_TOWER_POSITION] = &hr_encoder_position,
    [HR_TOWER_ANGLES] = &hr_encoder_angles,   [HR_TOWER_NORM] = &hr_encoder_norm,
    [HR_TOWER_LINEAR] = &hr_encoder_linear,   [HR_TOWER_TURN] = &hr_encoder_turn,
    [HR_TOWER_ATTEND] = &hr_encoder_attend,   [HR_TOWER_GATE] = &hr_encoder_gate,
    [HR_TOWER_MEAN] = &hr_encoder_mean,       [HR_TOWER_PUT] = &hr_encoder_put,
};

/* ---- Sizes ---- */

bool hr_encoder_needs(const HrVision *vision, uint32_t n_threads, HrEncoderNeeds *ret,
                      GError **error)
{
    HrSightLimits limits = hr_sight_limits(&vision->params);
    g_autoptr(HrTower) tower = hr_tower_new(vision, limits.grid_w, limits.grid_h, error);
    if (!tower)
        return false;
    *ret = (HrEncoderNeeds){
        .arena_bytes = tower->arena_bytes,
        .scratch_bytes = (uint64_t)n_threads * hr_encoder_thread_scratch(tower),
        .rows_bytes =
            (uint64_t)limits.n_views * limits.n_view_rows * vision->params.n_out * sizeof(float),
    };
    return true;
}

static void set_frequencies(HrEncoder *e)
{
    const HrVisionParams *p = &e->vision->params;
    uint32_t width = p->n_embd / p->n_head, quarter = width / 4;
    e->frequencies = g_new0(double, width / 2 + 1);
    for (uint32_t i = 0; i < 2 * quarter; i++) {
        uint32_t pair = i % quarter;
        double exponent = p->kind == HR_VISION_PIXTRAL ? 2.0 * (2 * pair + i / quarter) / width
                                                       : 2.0 * pair / (width / 2);
        e->frequencies[i] = pow(ROPE_BASE, -exponent);
    }
}

bool hr_encoder_init(HrEncoder *e, const HrVision *vision, uint32_t n_threads, HrLedger *ledger,
                     const HrPlanItem *const items[3], GError **error)
{
    HrEncoderNeeds needs;
    *e = (HrEncoder){.vision = vision,
                     .product = hr_product_best(),
                     .vector = hr_vector_kernels(),
                     .n_threads = n_threads};
    e->pool = hr_pool_ref();
    set_frequencies(e);
    if (!hr_encoder_needs(vision, n_threads, &needs, error))
        return false;
    e->thread_scratch_bytes = needs.scratch_bytes / n_threads;
    return hr_region_map(&e->arena, ledger, items[0], needs.arena_bytes, true, error) &&
           hr_region_map(&e->scratch, ledger, items[1], needs.scratch_bytes, true, error) &&
           hr_region_map(&e->rows, ledger, items[2], needs.rows_bytes, true, error);
}

void hr_encoder_finish(HrEncoder *e)
{
    if (e->vision)
        hr_encoder_begin(e, NULL);
    hr_region_unmap(&e->arena);
    hr_region_unmap(&e->scratch);
    hr_region_unmap(&e->rows);
    g_clear_pointer(&e->frequencies, g_free);
    g_clear_pointer(&e->pool, hr_pool_unref);
}

/* ---- Views ---- */

void hr_encoder_begin(HrEncoder *e, HrSight *sight)
{
    HrSight *old = e->sight;
    e->sight = sight ? hr_sight_ref(sight) : NULL;
    hr_sight_unref(old);
    g_clear_pointer(&e->tower, hr_tower_free);
    e->view = 0;
    /* What the last image took is given back: many rows of pixels, and most prompts have no image.
     */
    if (!sight && e->arena.base) {
        hr_region_discard(&e->arena, 0, e->arena.bytes);
        hr_region_discard(&e->rows, 0, e->rows.bytes);
    }
}

static void begin_op(HrEncoder *e)
{
    atomic_store(&e->claimed, 0);
    if (e->op < e->tower->ops->len) {
        const HrTowerOp *op = hr_tower_op(e->tower, e->op);
        e->n_pieces = operations[op->kind]->count(e, op);
    }
}

static bool begin_view(HrEncoder *e, GError **error)
{
    const HrView *view = &g_array_index(e->sight->views, HrView, e->view);
    if (!e->tower || e->tower->grid_w != view->grid_w || e->tower->grid_h != view->grid_h) {
        g_clear_pointer(&e->tower, hr_tower_free);
        e->tower = hr_tower_new(e->vision, view->grid_w, view->grid_h, error);
    }
    e->op = 0;
    if (!e->tower)
        return false;
    if (e->tower->arena_bytes > e->arena.bytes) {
        g_set_error(error, HR_ERROR, HR_ERROR_INTERNAL,
                    "An image of %u x %u patches takes more than was planned.", view->grid_w,
                    view->grid_h);
        return false;
    }
    begin_op(e);
    return true;
}

/* Rows of the views before this one. */
static size_t rows_before(const HrEncoder *e, uint32_t n_views)
{
    size_t n = 0;
    for (uint32_t i = 0; i < n_views; i++) {
        const HrView *view = &g_array_index(e->sight->views, HrView, i);
        n += hr_view_rows(&e->vision->params, view->grid_w, view->grid_h);
    }
    return n;
}

static void end_view(HrEncoder *e)
{
    size_t n = hr_encoder_rows_of(e, e->tower->result), n_out = e->vision->params.n_out;
    memcpy((float *)e->rows.base + rows_before(e, e->view) * n_out,
           hr_encoder_at(e, e->tower->result, 0), n * n_out * sizeof(float));
    e->view++;
}

/* ---- The walk ---- */

static bool is_over(const HrEncoder *e)
{
    return atomic_load_explicit(e->abort, memory_order_relaxed) ||
           (!e->is_owed && g_get_monotonic_time() >= e->deadline_us);
}

static bool claim(HrEncoder *e, uint32_t *ret_piece)
{
    if (is_over(e))
        return false;
    *ret_piece = atomic_fetch_add_explicit(&e->claimed, 1, memory_order_relaxed);
    return *ret_piece < e->n_pieces;
}

/* Thread 0, between two barriers. */
static void decide(HrEncoder *e)
{
    e->is_owed = false;
    if (atomic_load(&e->claimed) >= e->n_pieces) {
        e->op++;
        begin_op(e);
    }
    e->leave = e->op == e->tower->ops->len || is_over(e);
}

static void walk(HrThread *thread, void *data)
{
    HrEncoder *e = data;
    HrEncoderTask task = {.e = e,
                          .scratch =
                              (char *)e->scratch.base + thread->index * e->thread_scratch_bytes};
    for (bool leave = false; !leave; leave = e->leave) {
        task.op = hr_tower_op(e->tower, e->op);
        for (uint32_t piece; claim(e, &piece);)
            operations[task.op->kind]->run(&task, piece);
        hr_pool_barrier(thread);
        if (thread->index == 0)
            decide(e);
        hr_pool_barrier(thread);
    }
}

bool hr_encoder_work(HrEncoder *e, int64_t deadline_us, const atomic_bool *abort, bool *ret_done,
                     GError **error)
{
    e->deadline_us = deadline_us;
    e->abort = abort;
    e->is_owed = true;
    while (e->view < e->sight->views->len && !is_over(e)) {
        bool is_new = !e->tower || e->op == e->tower->ops->len;
        if (is_new && !begin_view(e, error))
            return false;
        e->leave = false;
        hr_pool_run(e->pool, e->n_threads, walk, e);
        if (e->op == e->tower->ops->len)
            end_view(e);
    }
    *ret_done = e->view == e->sight->views->len;
    return true;
}

const float *hr_encoder_row(const HrEncoder *e, uint32_t row)
{
    uint32_t index = e->sight->index[row];
    if (index == HR_SIGHT_NEWLINE)
        return e->vision->newline.data;
    return (const float *)e->rows.base + (size_t)index * e->vision->params.n_out;
}
