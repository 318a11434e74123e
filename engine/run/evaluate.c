/* evaluate.c: the logits of given tokens, for perplexity and debugging.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/runner.h"

/* Rows of a step that an evaluation fills. */
typedef struct {
    HrStep step;
    uint32_t first, n,
        past; /* those of the slot that was asked about, and the position of the first */
} Rows;

/* n more tokens of slot, backwards for company. */
static bool add_rows(HrRunner *r, HrEvaluation *ev, Rows *rows, uint32_t slot, size_t begin,
                     uint32_t n)
{
    bool company = slot != ev->options.slot;
    uint32_t past = r->kv.slots[slot].tokens->len;
    if (!hr_kv_prepare(&r->kv, slot, past, past + n, &ev->error))
        return false;
    if (!company) {
        rows->first = rows->step.n_tokens;
        rows->past = past;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t row = rows->step.n_tokens++;
        r->step_tokens[row] = ev->tokens[company ? ev->n - 1 - (begin + i) : begin + i];
        r->step_positions[row] = past + i;
        r->step_slots[row] = slot;
    }
    return true;
}

static void ask_for_outputs(HrRunner *r, Rows *rows, bool all, bool last)
{
    rows->step.n_outputs = all ? rows->n : last;
    for (uint32_t i = 0; i < rows->step.n_outputs; i++)
        r->step_outputs[i] = rows->first + (all ? i : rows->n - 1);
}

static void advance(HrRunner *r, const Rows *rows)
{
    for (uint32_t begin = 0, end; begin < rows->step.n_tokens; begin = end) {
        for (end = begin; end < rows->step.n_tokens && r->step_slots[end] == r->step_slots[begin];)
            end++;
        hr_kv_advance(&r->kv, r->step_slots[begin], r->step_tokens + begin, end - begin);
    }
}

static bool evaluate_chunk(HrRunner *r, HrEvaluation *ev, size_t begin, uint32_t n)
{
    Rows rows = {.n = n,
                 .step = {.tokens = r->step_tokens,
                          .positions = r->step_positions,
                          .slots = r->step_slots,
                          .adapters = r->model->adapters->len > 0 ? r->slot_adapters : NULL,
                          .output_rows = r->step_outputs}};
    for (uint32_t slot = 0; slot < r->n_slots; slot++)
        if ((slot == ev->options.slot || ev->options.company) &&
            !add_rows(r, ev, &rows, slot, begin, n))
            return false;
    ask_for_outputs(r, &rows, hr_plan_get_settings(r->plan)->all_logits, begin + n == ev->n);
    if (!hr_executor_run(&r->executor, &rows.step, &r->interrupt)) {
        if (r->executor.failure)
            g_propagate_error(&ev->error, g_steal_pointer(&r->executor.failure));
        else
            g_set_error(&ev->error, HR_ERROR, HR_ERROR_CANCELLED, "The evaluation was stopped.");
        return false;
    }
    advance(r, &rows);
    for (uint32_t i = 0; i < rows.step.n_outputs; i++)
        ev->func(rows.past + r->step_outputs[i] - rows.first, hr_executor_logits(&r->executor, i),
                 r->program->hparams->n_vocab, ev->data);
    return true;
}

/* Leaves the slots with what is kept of their past; returns how many of the tokens that is. */
static uint32_t forget(HrRunner *r, const HrEvaluation *ev)
{
    uint32_t slot = ev->options.slot, common = hr_kv_common_prefix(&r->kv, slot, ev->tokens, ev->n);
    bool matches = hr_slots_match_adapters(r, slot, NULL);
    for (uint32_t i = 0; i < r->n_slots && ev->options.company; i++)
        if (i != slot)
            hr_kv_truncate(&r->kv, i, 0);
    hr_slots_set_adapters(r, slot, NULL);
    return hr_kv_truncate(&r->kv, slot, matches ? MIN(common, ev->options.n_keep) : 0);
}

static uint32_t chunk_of(const HrRunner *r, const HrEvaluation *ev)
{
    uint32_t most =
        MAX(1, hr_plan_get_settings(r->plan)->num_batch / (ev->options.company ? r->n_slots : 1));
    return ev->options.chunk > 0 ? MIN(ev->options.chunk, most) : most;
}

void hr_runner_run_evaluation(HrRunner *r, HrEvaluation *ev)
{
    uint32_t chunk = chunk_of(r, ev);
    if (ev->options.slot >= r->n_slots) {
        g_set_error(&ev->error, HR_ERROR, HR_ERROR_SETTINGS,
                    "There is no slot %u; the plan has %u.", ev->options.slot, r->n_slots);
        return;
    }
    size_t begin = ev->append ? 0 : forget(r, ev), past = r->kv.slots[ev->options.slot].tokens->len;
    if (past + ev->n - begin > r->kv.num_ctx) {
        g_set_error(&ev->error, HR_ERROR, HR_ERROR_TOO_LONG, "The tokens do not fit in num_ctx %u.",
                    r->kv.num_ctx);
        return;
    }
    ev->ok = true;
    for (; ev->ok && begin < ev->n; begin += chunk)
        ev->ok = evaluate_chunk(r, ev, begin, (uint32_t)MIN(chunk, ev->n - begin));
    if (ev->ok)
        hr_kv_checkpoint(&r->kv, ev->options.slot);
}
