/* evaluate.c: the logits of given tokens, for perplexity and debugging.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/runner.h"

#define SLOT 0

static bool evaluate_chunk(HrRunner *r, HrEvaluation *ev, size_t begin, size_t n)
{
    const HrSettings *s = hr_plan_get_settings(r->plan);
    uint32_t past = r->kv.slots[SLOT].tokens->len;
    bool last = begin + n == ev->n;
    HrStep step = {.n_tokens = (uint32_t)n, .tokens = ev->tokens + begin, .positions = r->step_positions, .slots = r->step_slots,
                   .output_rows = r->step_outputs, .n_outputs = s->all_logits ? (uint32_t)n : last};
    if (!hr_kv_prepare(&r->kv, SLOT, past, past + (uint32_t)n, &ev->error))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        r->step_positions[i] = past + i;
        r->step_slots[i] = SLOT;
        if (s->all_logits)
            r->step_outputs[i] = i;
    }
    if (!s->all_logits)
        r->step_outputs[0] = (uint32_t)n - 1;
    if (!hr_executor_run(&r->executor, &step, &r->interrupt)) {
        g_set_error(&ev->error, HR_ERROR, HR_ERROR_CANCELLED, "The evaluation was stopped.");
        return false;
    }
    hr_kv_advance(&r->kv, SLOT, step.tokens, step.n_tokens);
    for (uint32_t i = 0; i < step.n_outputs; i++)
        ev->func(past + r->step_outputs[i], hr_executor_logits(&r->executor, i), r->program->hparams->n_vocab, ev->data);
    return true;
}

void hr_runner_run_evaluation(HrRunner *r, HrEvaluation *ev)
{
    size_t chunk = hr_plan_get_settings(r->plan)->num_batch;
    if (ev->from_start)
        hr_kv_truncate(&r->kv, SLOT, 0);
    if (r->kv.slots[SLOT].tokens->len + ev->n > r->kv.num_ctx) {
        g_set_error(&ev->error, HR_ERROR, HR_ERROR_TOO_LONG, "The tokens do not fit in num_ctx %u.", r->kv.num_ctx);
        return;
    }
    ev->ok = true;
    for (size_t begin = 0; ev->ok && begin < ev->n; begin += chunk)
        ev->ok = evaluate_chunk(r, ev, begin, MIN(chunk, ev->n - begin));
}
