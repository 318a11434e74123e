/* request.c: requests and the delivery of their events. See request.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/request.h"

#include "run/runner.h"

HrRequest *hr_request_new(HrRunner *runner, const HrRequestOptions *options, GMainContext *context,
                          HrEventFunc func, void *data, GDestroyNotify destroy, uint32_t n_vocab,
                          uint32_t num_ctx, GError **error)
{
    g_autoptr(HrSampler) sampler = NULL;
    g_autoptr(HrStop) stopper = NULL;
    if (n_vocab > 0 && (!(sampler = hr_sampler_new(&options->sampling, n_vocab, num_ctx, error)) ||
                        !(stopper = hr_stop_new(options->stop, error))))
        return NULL;
    g_autoptr(HrPlaces) places = hr_places_new(runner->model->vision, options->tokens,
                                               options->n_tokens, options->sights, error);
    if (!places)
        return NULL;
    HrRequest *request = g_new0(HrRequest, 1);
    g_atomic_ref_count_init(&request->refs);
    g_mutex_init(&request->lock);
    request->runner = runner;
    request->prompt = g_array_sized_new(false, false, sizeof(HrToken), (guint)options->n_tokens);
    g_array_append_vals(request->prompt, options->tokens, (guint)options->n_tokens);
    request->stop = g_strdupv((char **)options->stop);
    request->options = *options;
    request->grammar_after = g_strdup(options->grammar_after);
    request->options.grammar_after = request->grammar_after;
    if (options->grammar)
        hr_grammar_ref(options->grammar);
    request->places = g_steal_pointer(&places);
    request->options.tokens = (const HrToken *)request->prompt->data;
    if (options->adapters)
        request->options.adapters =
            g_memdup2(options->adapters,
                      hr_model_n_adapters(hr_runner_get_model(runner)) * sizeof(float));
    request->options.stop = (const char *const *)request->stop;
    request->context = context ? g_main_context_ref(context) : NULL;
    request->func = func;
    request->data = data;
    request->destroy = destroy;
    request->embeds = n_vocab == 0;
    request->sampler = g_steal_pointer(&sampler);
    request->stopper = g_steal_pointer(&stopper);
    request->timings.n_prompt = (uint32_t)options->n_tokens;
    request->submitted_us = g_get_monotonic_time();
    return request;
}

HrRequest *hr_request_ref(HrRequest *request)
{
    g_atomic_ref_count_inc(&request->refs);
    return request;
}

void hr_request_unref(HrRequest *request)
{
    if (!request || !g_atomic_ref_count_dec(&request->refs))
        return;
    if (request->destroy)
        request->destroy(request->data);
    g_clear_pointer(&request->context, g_main_context_unref);
    g_array_unref(request->prompt);
    hr_places_free(request->places);
    g_strfreev(request->stop);
    g_free((float *)request->options.adapters);
    hr_sampler_free(request->sampler);
    hr_stop_free(request->stopper);
    hr_matcher_free(request->matcher);
    hr_grammar_unref(request->options.grammar);
    g_free(request->grammar_after);
    g_mutex_clear(&request->lock);
    g_free(request);
}

void hr_request_cancel(HrRequest *request)
{
    atomic_store(&request->cancelled, true);
    g_mutex_lock(&request->lock);
    if (request->runner)
        hr_runner_interrupt(request->runner);
    g_mutex_unlock(&request->lock);
}

/* ---- Delivery ---- */

typedef struct {
    HrRequest *request;
    HrEvent event;
    char *text;
    HrTokenProb *top;
    float *vectors;
    GError *error;
} Parcel;

static void parcel_free(void *data)
{
    Parcel *parcel = data;
    hr_request_unref(parcel->request);
    g_free(parcel->text);
    g_free(parcel->top);
    g_free(parcel->vectors);
    g_clear_error(&parcel->error);
    g_free(parcel);
}

static gboolean deliver(void *data)
{
    Parcel *parcel = data;
    parcel->request->func(&parcel->event, parcel->request->data);
    return G_SOURCE_REMOVE;
}

/* An idle source of its own: g_main_context_invoke would call at once if the runner's thread
 * happened to own the context. */
static void send(HrRequest *request, const HrEvent *event, const GString *text, GError *take_error)
{
    Parcel *parcel = g_new0(Parcel, 1);
    parcel->request = hr_request_ref(request);
    parcel->event = *event;
    parcel->text = text ? g_strndup(text->str, text->len) : g_strdup("");
    parcel->top = g_memdup2(event->top, event->n_top * sizeof *event->top);
    parcel->vectors =
        g_memdup2(event->vectors, event->n_vectors * event->width * sizeof *event->vectors);
    parcel->error = take_error;
    parcel->event.text = parcel->text;
    parcel->event.text_len = text ? text->len : 0;
    parcel->event.top = parcel->top;
    parcel->event.vectors = parcel->vectors;
    parcel->event.error = take_error;
    if (!request->context) {
        deliver(parcel);
        parcel_free(parcel);
        return;
    }
    g_autoptr(GSource) source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_static_name(source, "hr-event");
    g_source_set_callback(source, deliver, parcel, parcel_free);
    g_source_attach(source, request->context);
}

void hr_request_send_prompt(HrRequest *request, uint32_t n_read)
{
    HrEvent event = {.kind = HR_EVENT_PROMPT,
                     .n_read = n_read,
                     .n_prompt = request->timings.n_prompt};
    send(request, &event, NULL, NULL);
}

void hr_request_send_token(HrRequest *request, HrToken token, const GString *text, float logprob,
                           const HrTokenProb *top, size_t n_top)
{
    HrEvent event = {
        .kind = HR_EVENT_TOKEN, .token = token, .logprob = logprob, .top = top, .n_top = n_top};
    send(request, &event, text, NULL);
}

void hr_request_send_vectors(HrRequest *request, const float *vectors, size_t n, size_t width)
{
    HrEvent event = {.kind = HR_EVENT_VECTOR, .vectors = vectors, .n_vectors = n, .width = width};
    send(request, &event, NULL, NULL);
}

void hr_request_send_done(HrRequest *request, HrDoneReason reason, const GString *text,
                          GError *take_error)
{
    HrEvent event = {.kind = HR_EVENT_DONE, .reason = reason, .timings = request->timings};
    if (request->sampler)
        event.seed = hr_sampler_seed(request->sampler);
    event.n_forgotten = request->n_forgotten;
    event.steered = request->matcher && hr_matcher_was_cut(request->matcher);
    g_mutex_lock(&request->lock);
    request->runner = NULL;
    g_mutex_unlock(&request->lock);
    send(request, &event, text, take_error);
}
