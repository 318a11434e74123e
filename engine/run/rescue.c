/* rescue.c: a GPU that failed in the middle of a step.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What it had of weights comes from the file again, what it had of caches is read again, by the
 * host or by the device once it was opened anew. Requests that go on have all that they said so far
 * as their prompt, and draw on from there with the same sampler: their text is what it would have
 * been.
 */
#include "run/load.h"

void hr_runner_set_gpu_lost(HrRunner *r, const HrGpuLostOptions *options)
{
    g_return_if_fail(!r->on_lost);
    r->on_lost = g_memdup2(options, sizeof *options);
}

/* ---- Slots ---- */

/* What a slot holds and is about to feed becomes its prompt. */
static void read_again(HrRunner *r, uint32_t index)
{
    HrSlot *slot = &r->slots[index];
    HrRequest *request = slot->request;
    const GArray *held = r->kv.slots[index].tokens;
    if (slot->state == HR_SLOT_GENERATING) {
        g_array_set_size(request->prompt, 0);
        g_array_append_vals(request->prompt, held->data, held->len);
        g_array_append_val(request->prompt, slot->next);
        request->options.tokens = (const HrToken *)(void *)request->prompt->data;
        request->options.n_tokens = request->prompt->len;
    }
    slot->state = HR_SLOT_READING;
    slot->border = 0;
    slot->draft.n = 0;
}

static void fail(HrRunner *r, uint32_t index)
{
    hr_slot_finish(r, &r->slots[index], HR_DONE_ERROR, g_error_copy(r->lost));
}

/* Caches of which a part is gone are worth nothing. */
static void empty_slots(HrRunner *r, bool go_on)
{
    for (uint32_t i = 0; i < r->n_slots; i++) {
        if (r->slots[i].state != HR_SLOT_IDLE && go_on)
            read_again(r, i);
        else if (r->slots[i].state != HR_SLOT_IDLE)
            fail(r, i);
        hr_kv_truncate(&r->kv, i, 0);
        r->slots[i].n_past = 0;
        r->slots[i].n_fed = 0;
    }
}

/* ---- Devices ---- */

static bool change_to(HrRunner *r, HrPlan *plan)
{
    HrResizing resizing = {.plan = plan};
    hr_runner_run_resizing(r, &resizing);
    g_clear_error(&resizing.error);
    return resizing.ok;
}

static bool open_anew(HrRunner *r)
{
    g_autoptr(HrPlan) plan = hr_plan_ref(r->plan);
    return change_to(r, plan);
}

static bool move_to_host(HrRunner *r)
{
    HrSettings settings = *hr_plan_get_settings(r->plan);
    settings.gpu_layers = 0;
    g_autoptr(HrPlan) plan = hr_plan_new_like(r->plan, &settings, NULL);
    return plan && change_to(r, plan);
}

void hr_runner_rescue(HrRunner *r)
{
    const HrGpuLostOptions *options = r->on_lost;
    HrGpuLost what;
    empty_slots(r, options->go_on);
    hr_vulkan_drop(r->vulkan);
    r->rescuing = true;
    GError *why = g_steal_pointer(&r->lost);
    what = !options->go_on && open_anew(r) ? HR_GPU_LOST_REBUILT
           : move_to_host(r)               ? HR_GPU_LOST_MOVED
                                           : HR_GPU_LOST_STUCK;
    r->rescuing = false;
    r->lost = why;
    for (uint32_t i = 0; i < r->n_slots && what == HR_GPU_LOST_STUCK; i++)
        if (r->slots[i].state != HR_SLOT_IDLE)
            fail(r, i);
    if (options->note)
        options->note(what, r->plan, r->lost->message, options->data);
    g_clear_error(&r->lost);
}
