/* count.c: what a step gives to a GPU, counted without one. See hr_plan_list_dispatches in hr.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lowers the same stretch that a GPU with all the layers that it can take would have, by the same
 * code; only addresses are missing. Thread-safety: Safe (plans do not change).
 */
#include "plan/plan.h"
#include "vulkan/segment.h"
#include "vulkan/support.h"

/* Keys and values of what the slots of the step hold behind its tokens, in one layer. */
static uint64_t cache_bytes(const HrPlan *plan, const HrStepShape *shape, uint32_t layer)
{
    uint32_t window = plan->model->hparams.layers[layer].window,
             own = shape->n_tokens / MAX(shape->n_slots, 1);
    uint64_t held = (uint64_t)shape->depth + own;
    if (window > 0)
        held = MIN(held, (uint64_t)window + own);
    return held * plan->token_bytes[layer] * MAX(shape->n_slots, 1);
}

static HrGpuDispatch tell(const HrPlan *plan, const HrStepShape *shape, const HrVkDispatch *d)
{
    const HrOp *op = hr_program_op(plan->program, d->op);
    return (HrGpuDispatch){.shader = hr_vk_shader_name(d->variant.shader),
                           .op = hr_op_name(op->kind),
                           .layer = op->layer == HR_NO_LAYER ? -1 : (int32_t)op->layer,
                           .groups = d->groups_x * d->groups_y,
                           .waits = d->waits,
                           .weight_bytes = hr_vk_dispatch_read_bytes(d),
                           .cache_bytes = d->variant.shader == HR_VK_ATTENTION
                                              ? cache_bytes(plan, shape, op->layer)
                                              : 0};
}

static uint32_t first_op(const HrPlan *plan)
{
    return hr_vulkan_first_op(plan->program, hr_plan_n_layers(plan) - plan->gpu_takes);
}

static GArray *list(const HrPlan *plan, HrKv *kv, const HrStepShape *shape)
{
    GArray *told = g_array_new(false, false, sizeof(HrGpuDispatch));
    HrVkSegment segment;
    hr_vk_segment_outline(&segment, plan->program, kv, first_op(plan), plan->program->ops->len);
    g_autoptr(GArray) dispatches = hr_vk_lower(&segment, shape->n_tokens, shape->n_outputs);
    for (guint i = 0; i < dispatches->len; i++) {
        HrGpuDispatch one = tell(plan, shape, &g_array_index(dispatches, HrVkDispatch, i));
        g_array_append_val(told, one);
    }
    hr_vk_segment_finish(&segment);
    return told;
}

GArray *hr_plan_list_dispatches(const HrPlan *plan, const HrStepShape *shape, GError **error)
{
    HrKv kv;
    GArray *told = NULL;
    if (!plan->program || plan->gpu_takes == 0) {
        g_set_error(error, HR_ERROR, HR_ERROR_UNSUPPORTED,
                    "No layer of this model can run on a GPU yet: %s.",
                    plan->gpu_why ? plan->gpu_why : "it is only imagined");
        return NULL;
    }
    if (shape->n_tokens == 0 || shape->n_tokens > plan->program->max_tokens ||
        shape->n_outputs > plan->program->max_outputs) {
        g_set_error(error, HR_ERROR, HR_ERROR_SETTINGS,
                    "A step can have 1 to %u tokens and up to %u rows of output.",
                    plan->program->max_tokens, plan->program->max_outputs);
        return NULL;
    }
    if (hr_kv_make(&kv, &plan->model->hparams, &plan->settings, error))
        told = list(plan, &kv, shape);
    hr_kv_finish(&kv);
    return told;
}

/* ---- Matrices, each once ---- */

uint64_t hr_plan_get_matrix_bytes(const HrPlan *plan)
{
    uint64_t bytes = 0;
    if (!plan->program || plan->gpu_takes == 0)
        return 0;
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (uint32_t i = first_op(plan); i < plan->program->ops->len; i++) {
        const HrOp *op = hr_program_op(plan->program, i);
        for (uint32_t p = 0; p < op->n_parts; p++) {
            const HrWeight *w = &op->parts[p].linear->weight;
            if (g_hash_table_add(seen, (gpointer)(w->data ? w->data : (const void *)w)))
                bytes += w->n_out * w->row_bytes;
        }
    }
    return bytes;
}
