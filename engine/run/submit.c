/* submit.c: what other threads ask of a runner: requests and evaluations, checked and queued, and
 * another size. See runner.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/runner.h"

static uint32_t num_ctx_now(const HrRunner *r)
{
    HrRunner *runner = (HrRunner *)r;
    g_mutex_lock(&runner->lock);
    uint32_t num_ctx = r->num_ctx;
    g_mutex_unlock(&runner->lock);
    return num_ctx;
}

/* ---- Requests ---- */

/* Tokens below zero are rows of images; whether these are there, the request finds out. */
static bool check_tokens(const HrRunner *r, const HrToken *tokens, size_t n, bool has_images,
                         GError **error)
{
    for (size_t i = 0; i < n; i++) {
        if (tokens[i] < 0 ? !has_images : (uint32_t)tokens[i] >= r->model->hparams.n_vocab) {
            g_set_error(error, HR_ERROR, HR_ERROR_SETTINGS,
                        "Token %d is not in the model's vocabulary of %u.", tokens[i],
                        r->model->hparams.n_vocab);
            return false;
        }
    }
    return true;
}

/* n_answer: tokens that have to be left. */
static bool check_length(const HrRunner *r, size_t n, uint32_t num_ctx, uint32_t n_answer,
                         GError **error)
{
    uint32_t limit = num_ctx - n_answer;
    if (n == 0)
        g_set_error(error, HR_ERROR, HR_ERROR_SETTINGS, "The prompt is empty.");
    else if (n > limit)
        g_set_error(
            error, HR_ERROR, HR_ERROR_TOO_LONG,
            "The prompt has %zu tokens, but num_ctx is %u (one is left for the answer). Shorten it or raise num_ctx (at most %u).",
            n, num_ctx, r->model->hparams.n_ctx_train);
    return n > 0 && n <= limit;
}

static bool check_kind(const HrRunner *r, bool embeds, GError **error)
{
    if (r->model->hparams.embeds == embeds)
        return true;
    g_set_error_literal(
        error, HR_ERROR, HR_ERROR_UNSUPPORTED,
        embeds ? "This model generates text; it gives no vectors (its file has no pooling_type)."
               : "This model turns texts into vectors; it cannot generate text.");
    return false;
}

static bool check_text(const HrRunner *r, size_t n, uint32_t num_ctx, GError **error)
{
    if (n > 0 && n <= num_ctx)
        return true;
    g_set_error(
        error, HR_ERROR, n == 0 ? HR_ERROR_SETTINGS : HR_ERROR_TOO_LONG,
        n == 0
            ? "The text is empty."
            : "The text has %zu tokens, but num_ctx is %u. Shorten it or raise num_ctx (at most %u).",
        n, num_ctx, r->model->hparams.n_ctx_train);
    return false;
}

/* Its length is looked at once more, with the lock held: the context may have become smaller since.
 */
static HrRequest *enqueue(HrRunner *r, HrRequest *take_request, GError **error)
{
    if (!take_request)
        return NULL;
    g_mutex_lock(&r->lock);
    uint32_t num_ctx = r->num_ctx;
    size_t n = take_request->prompt->len;
    if (take_request->embeds ? !check_text(r, n, num_ctx, error)
                             : !check_length(r, n, num_ctx, 1, error)) {
        g_mutex_unlock(&r->lock);
        take_request->destroy = NULL;
        hr_request_unref(take_request);
        return NULL;
    }
    take_request->timings.n_ahead = g_queue_get_length(&r->queue);
    g_queue_push_tail(&r->queue, hr_request_ref(take_request));
    r->stats.n_queued = g_queue_get_length(&r->queue);
    g_cond_signal(&r->wake);
    g_mutex_unlock(&r->lock);
    return take_request;
}

HrRequest *hr_runner_submit(HrRunner *r, const HrRequestOptions *options, GMainContext *context,
                            HrEventFunc func, void *data, GDestroyNotify destroy, GError **error)
{
    uint32_t num_ctx = num_ctx_now(r);
    if (!check_kind(r, false, error) || !check_length(r, options->n_tokens, num_ctx, 1, error) ||
        !check_tokens(r, options->tokens, options->n_tokens, options->sights != NULL, error))
        return NULL;
    return enqueue(r,
                   hr_request_new(r, options, context, func, data, destroy,
                                  r->model->hparams.n_vocab, num_ctx, error),
                   error);
}

HrRequest *hr_runner_embed(HrRunner *r, const HrToken *tokens, size_t n_tokens,
                           GMainContext *context, HrEventFunc func, void *data,
                           GDestroyNotify destroy, GError **error)
{
    HrRequestOptions options = {.tokens = tokens, .n_tokens = n_tokens};
    uint32_t num_ctx = num_ctx_now(r);
    if (!check_kind(r, true, error) || !check_text(r, n_tokens, num_ctx, error) ||
        !check_tokens(r, tokens, n_tokens, false, error))
        return NULL;
    return enqueue(r, hr_request_new(r, &options, context, func, data, destroy, 0, num_ctx, error),
                   error);
}

static bool evaluate(HrRunner *r, HrEvaluation *evaluation, GError **error)
{
    if (!check_kind(r, false, error) || !check_length(r, evaluation->n, num_ctx_now(r), 0, error) ||
        !check_tokens(r, evaluation->tokens, evaluation->n, false, error))
        return false;
    g_mutex_lock(&r->lock);
    while (r->evaluation)
        g_cond_wait(&r->evaluated, &r->lock);
    r->evaluation = evaluation;
    g_cond_signal(&r->wake);
    while (!evaluation->done)
        g_cond_wait(&r->evaluated, &r->lock);
    g_mutex_unlock(&r->lock);
    if (evaluation->error)
        g_propagate_error(error, evaluation->error);
    return evaluation->ok;
}

bool hr_runner_evaluate(HrRunner *r, const HrToken *tokens, size_t n, bool from_start,
                        HrLogitsFunc func, void *data, GError **error)
{
    HrEvaluation evaluation = {
        .tokens = tokens, .n = n, .append = !from_start, .func = func, .data = data};
    return evaluate(r, &evaluation, error);
}

bool hr_runner_evaluate_as(HrRunner *r, const HrToken *tokens, size_t n,
                           const HrEvaluateOptions *options, HrLogitsFunc func, void *data,
                           GError **error)
{
    HrEvaluation evaluation = {
        .tokens = tokens, .n = n, .options = *options, .func = func, .data = data};
    return evaluate(r, &evaluation, error);
}

/* ---- Resizing ---- */

bool hr_runner_resize(HrRunner *r, HrPlan *plan, bool force, HrProgressFunc progress, void *data,
                      GError **error)
{
    HrResizing resizing = {.plan = plan, .progress = progress, .data = data};
    if (!force && !hr_plan_fits(plan, error))
        return false;
    g_mutex_lock(&r->lock);
    while (r->resizing)
        g_cond_wait(&r->evaluated, &r->lock);
    r->resizing = &resizing;
    if (!r->evaluation) /* that could not be composed again */
        atomic_store(&r->interrupt, true);
    g_cond_signal(&r->wake);
    while (!resizing.done)
        g_cond_wait(&r->evaluated, &r->lock);
    g_mutex_unlock(&r->lock);
    if (resizing.error)
        g_propagate_error(error, resizing.error);
    return resizing.ok;
}
