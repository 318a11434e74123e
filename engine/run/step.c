/* step.c: what one step computes, and what is drawn from it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/runner.h"

/* ---- Composition ---- */

static void feed(HrRunner *r, HrStep *step, uint32_t slot, HrToken token, uint32_t position)
{
    r->step_tokens[step->n_tokens] = token;
    r->step_positions[step->n_tokens] = position;
    r->step_slots[step->n_tokens] = slot;
    if (r->step_rows)
        hr_look_describe(r, step, step->n_tokens, slot, position);
    step->n_tokens++;
    r->slots[slot].n_fed++;
}

static void want_output(HrRunner *r, HrStep *step, uint32_t row)
{
    r->step_outputs[step->n_outputs++] = row;
}

/* The rows that a finished prompt is answered from, which has n tokens at the end of the step: all,
 * the first or the last one. Means are asked for by any row of theirs. */
static void want_outputs(HrRunner *r, HrStep *step, uint32_t n)
{
    const HrHparams *hp = r->program->hparams;
    uint32_t first = step->n_tokens - n;
    if (hp->embeds && hp->pooling == HR_POOLING_NONE)
        for (uint32_t row = first; row < step->n_tokens; row++)
            want_output(r, step, row);
    else if (hp->embeds &&
             (hp->pooling == HR_POOLING_CLS || (hp->pooling == HR_POOLING_RANK && hp->encoder)))
        want_output(r, step, first);
    else
        want_output(r, step, step->n_tokens - 1);
}

/* Pages for the next n positions; a slot that cannot have them ends with the reason, the others go
 * on. */
static bool make_room(HrRunner *r, uint32_t index, uint32_t n)
{
    HrSlot *slot = &r->slots[index];
    GError *error = NULL;
    if (hr_kv_prepare(&r->kv, index, slot->n_past, slot->n_past + n, &error))
        return true;
    hr_slot_finish(r, slot, HR_DONE_ERROR, error);
    return false;
}

/* Nobody else waits for the step, and what was read in vain can be forgotten. */
static bool may_draft(const HrRunner *r, const HrSlot *slot)
{
    for (uint32_t i = 0; i < r->n_slots; i++)
        if (&r->slots[i] != slot && r->slots[i].state != HR_SLOT_IDLE)
            return false;
    return slot->request->options.drafts && r->kv.layout.n_states == 0;
}

/* What is fed behind the next token of a slot that generates. */
static void draft(HrRunner *r, uint32_t index)
{
    HrSlot *slot = &r->slots[index];
    const GArray *past = r->kv.slots[index].tokens;
    uint32_t n_generated = slot->request->timings.n_generated;
    int64_t left = hr_request_limit(r, slot->request) - n_generated - 1;
    uint32_t room = MIN(r->kv.num_ctx - slot->n_past, r->program->max_tokens) - 1;
    slot->draft.n = 0;
    if (!may_draft(r, slot) || left <= 0)
        return;
    uint32_t most = MIN(hr_draft_length(&slot->draft, n_generated), room);
    slot->draft.n = hr_draft_find((const HrToken *)past->data, past->len, slot->next,
                                  (uint32_t)MIN(most, left), slot->draft.tokens);
}

static void add_generating(HrRunner *r, HrStep *step)
{
    for (uint32_t i = 0; i < r->n_slots; i++) {
        HrSlot *slot = &r->slots[i];
        if (slot->state != HR_SLOT_GENERATING)
            continue;
        draft(r, i);
        if (!make_room(r, i, 1 + slot->draft.n))
            continue;
        for (uint32_t k = 0; k <= slot->draft.n; k++) {
            feed(r, step, i, k == 0 ? slot->next : slot->draft.tokens[k - 1], slot->n_past + k);
            want_output(r, step, step->n_tokens - 1);
        }
    }
}

static void add_prompt(HrRunner *r, HrStep *step, uint32_t index, uint32_t budget)
{
    HrSlot *slot = &r->slots[index];
    const GArray *prompt = slot->request->prompt;
    uint32_t n = hr_look_limit(r, slot, budget, r->program->max_tokens - step->n_tokens);
    bool waits =
        r->program->hparams->whole && n < prompt->len; /* for a step with room for all of it */
    n = hr_checkpoint_limit(r, index, n);
    if (n == 0 || waits || !make_room(r, index, n))
        return;
    for (uint32_t k = 0; k < n; k++)
        feed(r, step, index, g_array_index(prompt, HrToken, slot->n_past + k), slot->n_past + k);
    if (slot->n_past + n == prompt->len)
        want_outputs(r, step, n);
}

/* Prompts share the rest of the step, beginning with another one each time. */
static void add_prompts(HrRunner *r, HrStep *step)
{
    uint32_t num_batch = hr_plan_get_settings(r->plan)->num_batch;
    double stretch = atomic_load_explicit(&r->stretch_percent, memory_order_relaxed) / 100.0;
    uint32_t share =
        step->n_tokens > 0 ? hr_pace_share(&r->pace, stretch, num_batch) : num_batch;
    uint32_t end = MIN(step->n_tokens + share, r->program->max_tokens);
    for (uint32_t k = 0; k < r->n_slots && step->n_tokens < end; k++) {
        uint32_t index = (r->reading_turn + k) % r->n_slots;
        if (r->slots[index].state == HR_SLOT_READING)
            add_prompt(r, step, index, end - step->n_tokens);
        /* Whole texts join others as long as the step stays short; one may be as long as it must.
         */
        if (r->program->hparams->whole && step->n_tokens > 0)
            end = MIN(end, MAX(HR_DEFAULT_NUM_BATCH, step->n_tokens));
    }
    r->reading_turn++;
}

/* ---- Drawing ---- */

/* Whether the answer ends after the token that was just drawn; sets the reason. */
static bool is_over(HrRunner *r, HrSlot *slot, bool stopped, HrDoneReason *reason)
{
    HrRequest *request = slot->request;
    *reason = stopped ? HR_DONE_STOP : HR_DONE_LENGTH;
    if (stopped || request->timings.n_generated >= hr_request_limit(r, request))
        return true;
    return slot->n_past >= r->kv.num_ctx && !hr_slot_shift(r, slot);
}

static bool ends_answer(const HrRunner *r, const HrRequest *request, HrToken token)
{
    return r->tokenizer && !request->options.ignore_eos && hr_tokenizer_is_end(r->tokenizer, token);
}

/* Sends the token with the text that can be shown; true if a stop string was met. */
static bool send_token(HrRunner *r, HrRequest *request, HrToken token, float logprob, size_t n_top)
{
    g_autoptr(GString) text = g_string_new(NULL);
    size_t len = 0;
    const char *bytes =
        r->tokenizer ? hr_tokenizer_bytes(r->tokenizer, token, request->options.special_text, &len)
                     : "";
    bool stopped = hr_stop_feed(request->stopper, bytes, len, text);
    hr_request_send_token(request, token, text, logprob, r->top, n_top);
    return stopped;
}

static void draw(HrRunner *r, HrSlot *slot, float *logits)
{
    HrRequest *request = slot->request;
    uint32_t n_vocab = r->program->hparams->n_vocab;
    size_t n_top = (size_t)CLAMP(request->options.top_logprobs, 0, HR_MAX_TOP_LOGPROBS);
    HrDoneReason reason;
    float logprob = 0;
    if (request->options.mask)
        request->options.mask(logits, n_vocab, request->options.mask_data);
    GError *error = NULL;
    if (!hr_request_constrain(r, slot, logits, n_vocab, &error)) {
        hr_slot_finish(r, slot, HR_DONE_ERROR, error);
        return;
    }
    HrToken token = hr_sampler_draw(request->sampler, logits, r->top, MIN(n_top, n_vocab),
                                    request->options.top_logprobs >= 0 ? &logprob : NULL);
    if (token < 0) {
        hr_slot_finish(
            r, slot, HR_DONE_ERROR,
            g_error_new_literal(
                HR_ERROR, HR_ERROR_INTERNAL,
                "No token is possible: every logit is masked, -infinity or not a number."));
        return;
    }
    hr_sampler_accept(request->sampler, token);
    if (ends_answer(r, request, token)) {
        hr_slot_finish(r, slot, HR_DONE_STOP, NULL);
        return;
    }
    request->timings.n_generated++;
    if (request->matcher)
        hr_matcher_accept(request->matcher, token);
    bool stopped = send_token(r, request, token, logprob, MIN(n_top, n_vocab)) ||
                   (request->matcher && hr_matcher_is_over(request->matcher));
    slot->next = token;
    slot->state = HR_SLOT_GENERATING;
    hr_slot_remember(slot, token);
    if (is_over(r, slot, stopped, &reason))
        hr_slot_finish(r, slot, reason, NULL);
}

/* Draws from the outputs of a slot, one behind the other, as long as what is drawn is what was
 * drafted. Returns how many outputs there were. */
static uint32_t draw_all(HrRunner *r, HrSlot *slot, uint32_t output)
{
    uint32_t index = (uint32_t)(slot - r->slots), n = slot->draft.n, n_past = slot->n_past - n, k;
    HrRequest *request = hr_request_ref(slot->request);
    HrDraft *drafted = &slot->draft;
    request->timings.n_drafted += n;
    for (k = 0;; k++) {
        slot->n_past = n_past + k;
        draw(r, slot, hr_executor_logits(&r->executor, output + k));
        if (k == n || slot->state != HR_SLOT_GENERATING || slot->next != drafted->tokens[k])
            break;
        request->timings.n_taken++;
    }
    if (n > 0) {
        hr_kv_truncate(&r->kv, index, n_past + k);
        hr_draft_learn(drafted, k, request->timings.n_generated);
        drafted->n = 0;
    }
    hr_request_unref(request);
    return n + 1;
}

/* ---- Results ---- */

static void note_fed(HrRunner *r, const HrStep *step)
{
    for (uint32_t i = 0, slot; i < step->n_tokens; i += r->slots[slot].n_fed) {
        slot = step->slots[i];
        hr_kv_advance(&r->kv, slot, step->tokens + i, r->slots[slot].n_fed);
    }
    for (uint32_t i = 0; i < r->n_slots; i++) {
        HrSlot *slot = &r->slots[i];
        slot->n_past += slot->n_fed;
        if (slot->n_fed > 0 && slot->state == HR_SLOT_READING) {
            hr_checkpoint_note(r, i);
            if (slot->request->timings.n_generated == 0)
                hr_request_send_prompt(slot->request, slot->n_past);
        }
        slot->n_fed = 0;
    }
}

/* Hands out the vectors from output on that belong to one text; returns how many. */
static uint32_t send_vectors(HrRunner *r, const HrStep *step, uint32_t output)
{
    HrSlot *slot = &r->slots[step->slots[step->output_rows[output]]];
    uint32_t n = 1;
    while (output + n < step->n_outputs &&
           step->slots[step->output_rows[output + n]] == step->slots[step->output_rows[output]])
        n++;
    hr_request_send_vectors(slot->request, hr_executor_logits(&r->executor, output), n,
                            r->program->output_width);
    hr_slot_finish(r, slot, HR_DONE_STOP, NULL);
    return n;
}

static void answer_all(HrRunner *r, const HrStep *step)
{
    for (uint32_t i = 0; i < step->n_outputs; i++) {
        HrSlot *slot = &r->slots[step->slots[step->output_rows[i]]];
        HrRequest *request = slot->request;
        if (request->first_us == 0) {
            request->first_us = g_get_monotonic_time();
            request->timings.prompt_us = request->first_us - request->started_us;
        }
        if (request->embeds)
            i += send_vectors(r, step, i) - 1;
        else if (request->options.num_predict == 0)
            hr_slot_finish(r, slot, HR_DONE_LENGTH, NULL);
        else
            i += draw_all(r, slot, i) - 1;
    }
}

/* A device failed in the middle of a step: who took part gets to know why. */
static void fail_all(HrRunner *r)
{
    for (uint32_t i = 0; i < r->n_slots; i++)
        if (r->slots[i].n_fed > 0)
            hr_slot_finish(r, &r->slots[i], HR_DONE_ERROR, g_error_copy(r->executor.failure));
    g_clear_error(&r->executor.failure);
}

void hr_runner_step(HrRunner *r)
{
    HrStep step = {.tokens = r->step_tokens,
                   .positions = r->step_positions,
                   .slots = r->step_slots,
                   .output_rows = r->step_outputs,
                   .adapters = r->model->adapters->len > 0 ? r->slot_adapters : NULL};
    for (uint32_t i = 0; i < r->n_slots; i++)
        r->slots[i].n_fed = 0;
    add_generating(r, &step);
    uint32_t n_generated = step.n_tokens;
    add_prompts(r, &step);
    int64_t begin = g_get_monotonic_time();
    if (step.n_tokens == 0 || !hr_executor_run(&r->executor, &step, &r->interrupt)) {
        /* Interrupted: nothing was noted, so the step is composed again without whoever left. */
        if (r->executor.failure && r->on_lost)
            r->lost = g_steal_pointer(&r->executor.failure);
        else if (r->executor.failure)
            fail_all(r);
        return;
    }
    hr_pace_note(&r->pace, n_generated, step.n_tokens - n_generated,
                 (double)(g_get_monotonic_time() - begin) / 1e6);
    hr_runner_count_traffic(r, &step);
    note_fed(r, &step);
    answer_all(r, &step);
}
