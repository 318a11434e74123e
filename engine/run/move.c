/* move.c: see move.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/move.h"

#include "run/load.h"

/* Of a change that moves layers, weights take about so much of the time. */
#define WEIGHTS_SHARE 0.8

static bool is_elsewhere(const HrPlan *a, uint32_t device_a, const HrPlan *b, uint32_t device_b)
{
    return device_a != device_b ||
           hr_plan_get_device(a, device_a)->gpu != hr_plan_get_device(b, device_b)->gpu;
}

bool hr_move_is_needed(const HrPlan *before, const HrPlan *after)
{
    for (uint32_t il = 0; il < hr_plan_n_layers(before); il++)
        if (is_elsewhere(before, hr_plan_get_layer_device(before, il), after,
                         hr_plan_get_layer_device(after, il)))
            return true;
    return is_elsewhere(before, before->placement.output, after, after->placement.output);
}

bool hr_move_prepare(HrMove *move, HrRunner *r, const HrPlan *plan, const HrProgram *program,
                     HrKv *kv, GError **error)
{
    *move = (HrMove){.runner = r, .program = program, .moves = hr_move_is_needed(r->plan, plan)};
    if (move->moves) {
        move->arriving = hr_laid_list_missing(&r->executor.laid, program);
        move->share = WEIGHTS_SHARE;
    }
    if (!hr_runner_uses_gpus(plan))
        return true;
    move->vulkan = hr_vulkan_new_beside(r->rescuing ? NULL : r->vulkan, program, kv,
                                        hr_plan_get_device(plan, 0), error);
    if (!move->vulkan)
        return false;
    kv->elsewhere = hr_vulkan_cache(move->vulkan);
    return true;
}

/* ---- Moving ---- */

typedef struct {
    HrMove *move;
    const HrResizing *resizing;
    uint64_t done, total; /* bytes */
} Way;

/* What failed meanwhile ends it, too: that is seen to first. */
static bool note_moved(uint64_t bytes, void *data)
{
    Way *way = data;
    way->done += bytes;
    if (way->resizing->progress)
        way->resizing->progress(WEIGHTS_SHARE * (double)MIN(way->done, way->total) /
                                    (double)way->total,
                                way->resizing->data);
    return hr_runner_go_on(way->move->runner);
}

static uint64_t arriving_bytes(const HrMove *move)
{
    uint64_t bytes = 0;
    for (guint i = 0; i < move->arriving->len; i++) {
        const HrWeight *w = g_array_index(move->arriving, HrLaidWeight *, i)->weight;
        bytes += w->n_out * w->row_bytes;
    }
    return bytes;
}

bool hr_move_run(HrMove *move, const HrResizing *resizing, GError **error)
{
    Way way = {move, resizing, 0, 1};
    if (!move->moves)
        return !move->vulkan || hr_vulkan_load(move->vulkan, note_moved, &way, error);
    way.total =
        MAX(arriving_bytes(move) + (move->vulkan ? hr_vulkan_missing_bytes(move->vulkan) : 0), 1);
    if (move->vulkan && !hr_vulkan_load(move->vulkan, note_moved, &way, error))
        return false;
    for (guint i = 0; i < move->arriving->len; i++)
        if (!hr_runner_move_weight(move->runner, g_array_index(move->arriving, HrLaidWeight *, i),
                                   note_moved, &way)) {
            g_set_error(error, HR_ERROR, HR_ERROR_CANCELLED, "The model is on its way out.");
            return false;
        }
    return true;
}

/* ---- Ending ---- */

void hr_move_apply(HrMove *move)
{
    HrRunner *r = move->runner;
    HrVulkan *before = r->vulkan;
    if (move->moves)
        hr_laid_assign(&r->executor.laid, r->program);
    r->vulkan = g_steal_pointer(&move->vulkan);
    if (r->vulkan) {
        hr_vulkan_take_over(r->vulkan, &r->kv);
        hr_vulkan_join(r->vulkan, &r->executor);
    }
    g_clear_pointer(&move->arriving, g_array_unref);
    hr_vulkan_free(before);
}

void hr_move_finish(HrMove *move)
{
    if (move->arriving)
        hr_laid_forget(&move->runner->executor.laid, move->arriving);
    g_clear_pointer(&move->arriving, g_array_unref);
    g_clear_pointer(&move->vulkan, hr_vulkan_free);
}
