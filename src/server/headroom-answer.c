/* headroom-answer.c: see headroom-answer.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-answer.h"

#include <glib/gi18n-lib.h>

#include "headroom-lora.h"
#include "headroom-model-lookup.h"
#include "headroom-router.h"

static void
answer_free (HeadroomAnswer *self)
{
  g_clear_pointer (&self->running, hr_request_unref);
  g_clear_pointer (&self->lease, headroom_lease_free);
  g_clear_pointer (&self->prompt, headroom_prompt_free);
  g_clear_pointer (&self->options, headroom_options_free);
  g_clear_pointer (&self->request, headroom_wire_request_free);
  g_clear_object (&self->entry);
  headroom_speech_finish (&self->speech);
  hr_value_unref (self->calls);
  g_free (self->lora);
  headroom_wire_stream_clear (&self->openai);
  g_array_unref (self->generated);
  g_array_unref (self->logprobs);
  g_ptr_array_unref (self->tops);
  g_string_free (self->text, TRUE);
  g_string_free (self->thought, TRUE);
  g_object_unref (self->exchange);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomAnswer, answer_free)

static HeadroomAnswer *
answer_new (HeadroomExchange *exchange, HeadroomWireKind kind)
{
  HeadroomAnswer *self = g_new0 (HeadroomAnswer, 1);

  self->exchange = g_object_ref (exchange);
  self->kind = kind;
  self->generated = g_array_new (FALSE, FALSE, sizeof (HrToken));
  self->logprobs = g_array_new (FALSE, FALSE, sizeof (HeadroomWireLogprob));
  self->tops = g_ptr_array_new_with_free_func (g_free);
  self->text = g_string_new (NULL);
  self->thought = g_string_new (NULL);
  self->calls = hr_value_new_list ();
  return self;
}

/* ---- Running ---- */

/* The client is not there any more and hears nothing of this, or a person stopped the answer, or
 * the server is shutting down. */
static void
fail_cancelled (HeadroomAnswer *self)
{
  gboolean stopped = headroom_exchange_get_activity (self->exchange)->stopped;
  g_autoptr (GError) error =
      stopped
          ? g_error_new_literal (HEADROOM_WIRE_ERROR, 499, _("This answer was stopped by hand"))
          : g_error_new_literal (HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_CLOSED,
                                 _("The server is shutting down"));

  headroom_exchange_fail (self->exchange, error);
}

/* An answer that goes round in circles is told of once; where nobody set a limit to it, it ends. */
static void
watch_for_loop (HeadroomAnswer *self, HrToken token)
{
  HeadroomService *service = headroom_exchange_get_service (self->exchange);
  guint length = headroom_loop_take (&self->loop, token);

  if (length == 0 || self->repeated > 0)
    return;
  self->repeated = length;
  self->ended_loop = self->options->num_predict == -1 && service->ends_loops;
  headroom_residency_tell (service->residency, HEADROOM_EVENT_TRUNCATE,
                           headroom_model_entry_get_name (self->entry),
                           headroom_exchange_get_client (self->exchange), 0,
                           self->ended_loop ? HEADROOM_REASON_LOOP_ENDED : HEADROOM_REASON_LOOP,
                           length);
  if (self->ended_loop)
    hr_request_cancel (self->running);
}

/* Its loop was ended here, and nobody left or stopped it meanwhile. */
static gboolean
was_ended (const HeadroomAnswer *self)
{
  return self->ended_loop &&
         !g_cancellable_is_cancelled (headroom_exchange_get_cancellable (self->exchange));
}

static void
note_end (HeadroomAnswer *self, const HrEvent *event)
{
  HeadroomMetrics *metrics = &headroom_exchange_get_service (self->exchange)->metrics;

  if (event->reason == HR_DONE_ERROR)
    metrics->n_failed++;
  else if (event->reason == HR_DONE_CANCELLED && !was_ended (self))
    metrics->n_cancelled++;
  else
    headroom_metrics_note_answer (metrics, &event->timings,
                                  g_get_monotonic_time () -
                                      headroom_exchange_get_started_us (self->exchange));
}

static void
event_cb (const HrEvent *event, void *data)
{
  HeadroomAnswer *self = data;
  g_autoptr (HeadroomAnswer) over = NULL;
  HeadroomActivity *activity = headroom_exchange_get_activity (self->exchange);

  switch (event->kind) {
  case HR_EVENT_PROMPT:
    activity->begun = TRUE;
    activity->n_prompt = event->n_prompt;
    activity->n_read = event->n_read;
    return;
  case HR_EVENT_VECTOR:
    return;
  case HR_EVENT_TOKEN:
    if (activity->n_generated++ == 0)
      activity->first_us = g_get_monotonic_time ();
    g_array_append_val (self->generated, event->token);
    headroom_answer_hear_token (self, event);
    watch_for_loop (self, event->token);
    return;
  case HR_EVENT_DONE:
    over = self;
    g_signal_handler_disconnect (headroom_exchange_get_cancellable (self->exchange),
                                 self->cancelled_id);
    note_end (self, event);
    if (event->reason == HR_DONE_ERROR)
      headroom_exchange_fail (self->exchange, event->error);
    else if (event->reason == HR_DONE_CANCELLED && !was_ended (self))
      fail_cancelled (self);
    else
      headroom_answer_hear_done (self, event);
    return;
  }
}

static void
cancelled_cb (GCancellable *cancellable, gpointer data)
{
  hr_request_cancel (((HeadroomAnswer *) data)->running);
}

/* Answers that may go on beyond the context, and for as long as they like, end here. */
#define LONGEST_ANSWER 10 /* times num_ctx */

/* A request that asked for less context than there is gets no more than it asked for, and nobody
 * more than there was when it began: the last token of a whole context need not be read any more.
 */
static void
limit_length (HeadroomAnswer *self, HrRequestOptions *options)
{
  guint32 num_ctx = headroom_lease_get_num_ctx (self->lease);
  gint64 room = (gint64) num_ctx - (gint64) options->n_tokens;
  gboolean whole = num_ctx == hr_plan_get_settings (headroom_lease_get_plan (self->lease))->num_ctx;

  if (options->shift && options->num_predict < 0)
    options->num_predict = (gint64) num_ctx * LONGEST_ANSWER;
  if (options->shift)
    return;
  if (options->num_predict >= 0)
    options->num_predict = MIN (options->num_predict, room);
  else if (options->num_predict == -1)
    options->num_predict = room + whole;
}

static gboolean
submit (HeadroomAnswer *self, GError **error)
{
  GCancellable *cancellable = headroom_exchange_get_cancellable (self->exchange);
  HrRequestOptions options = { 0 };

  if (!headroom_options_get_request (self->options, &options, error))
    return FALSE;
  options.tokens = (const HrToken *) self->prompt->tokens->data;
  options.n_tokens = self->prompt->tokens->len;
  options.sights = self->prompt->sights;
  options.adapters = self->lora;
  options.top_logprobs = self->request->logprobs ? self->request->top_logprobs : -1;
  options.drafts = headroom_exchange_get_service (self->exchange)->drafts;
  options.shift = self->request->shift == 1;
  options.n_keep = self->options->num_keep < 0
                       ? (guint32) options.n_tokens
                       : (guint32) MIN (self->options->num_keep, G_MAXINT32) +
                             hr_model_adds_bos (headroom_lease_get_model (self->lease));
  limit_length (self, &options);
  options.grammar = self->prompt->constraint.grammar;
  options.grammar_after = self->prompt->constraint.after;
  options.grammar_again = self->prompt->constraint.again;
  options.special_text =
      headroom_speech_form_has_marks (&self->prompt->form, self->request->tools != NULL);
  headroom_answer_begin_speech (self);
  self->running =
      hr_runner_submit (headroom_lease_get_runner (self->lease), &options,
                        g_main_context_get_thread_default (), event_cb, self, NULL, error);
  if (self->running == NULL)
    return FALSE;
  headroom_exchange_get_activity (self->exchange)->turn =
      ++headroom_exchange_get_service (self->exchange)->last_turn;
  self->cancelled_id = g_signal_connect (cancellable, "cancelled", G_CALLBACK (cancelled_cb), self);
  if (g_cancellable_is_cancelled (cancellable))
    hr_request_cancel (self->running);
  return TRUE;
}

/* ---- Prompt ---- */

static void
tell_truncation (HeadroomAnswer *self)
{
  HeadroomResidency *residency = headroom_exchange_get_service (self->exchange)->residency;

  if (self->prompt->n_dropped > 0)
    headroom_residency_tell (residency, HEADROOM_EVENT_TRUNCATE,
                             headroom_model_entry_get_name (self->entry), "", 0,
                             HEADROOM_REASON_MESSAGES_CUT, self->prompt->n_dropped,
                             headroom_lease_get_num_ctx (self->lease));
  if (self->prompt->n_cut > 0)
    headroom_residency_tell (residency, HEADROOM_EVENT_TRUNCATE,
                             headroom_model_entry_get_name (self->entry), "", 0,
                             HEADROOM_REASON_TOKENS_CUT, self->prompt->n_cut,
                             headroom_lease_get_num_ctx (self->lease));
}

static gpointer
prompt_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  HeadroomAnswer *self = data;

  return headroom_prompt_new (self->request, self->entry, headroom_lease_get_model (self->lease),
                              headroom_lease_get_num_ctx (self->lease), self->options->num_keep,
                              headroom_exchange_get_cancellable (exchange), error);
}

static void
prompt_done (HeadroomExchange *exchange, gpointer take_result, gpointer data)
{
  g_autoptr (HeadroomAnswer) self = data;
  g_autoptr (GError) error = NULL;

  self->prompt = take_result;
  headroom_exchange_get_activity (exchange)->n_prompt = self->prompt->tokens->len;
  tell_truncation (self);
  if (self->request->debug_render_only)
    headroom_answer_reply_rendered (self);
  else if (!submit (self, &error))
    headroom_exchange_fail (exchange, error);
  else
    g_steal_pointer (&self); /* event_cb frees it */
}

/* ---- Lease ---- */

static gboolean
has_nothing_to_say (const HeadroomWireRequest *request)
{
  if (headroom_wire_kind_has_prompt (request->kind))
    return request->prompt == NULL;
  return request->messages == NULL || hr_value_size (request->messages) == 0;
}

static void
leased_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomAnswer) self = user_data;
  g_autoptr (GError) error = NULL;

  self->lease = headroom_residency_acquire_finish (HEADROOM_RESIDENCY (source), result, &error);
  self->leased_us = g_get_monotonic_time ();
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    fail_cancelled (self);
    return;
  }
  if (self->lease == NULL) {
    headroom_exchange_fail (self->exchange, error);
    return;
  }
  headroom_exchange_get_activity (self->exchange)->num_ctx =
      headroom_lease_get_num_ctx (self->lease);
  if (has_nothing_to_say (self->request)) {
    headroom_answer_reply_empty (self, "load");
    return;
  }
  HeadroomExchange *exchange = self->exchange;
  headroom_exchange_work (exchange, prompt_work, prompt_done, g_steal_pointer (&self),
                          (GDestroyNotify) answer_free, (GDestroyNotify) headroom_prompt_free);
}

/* ---- Reading ---- */

static HeadroomWireRequest *
parse (HeadroomWireKind kind, const char *body, gsize len, GError **error)
{
  switch (kind) {
  case HEADROOM_WIRE_GENERATE:
    return headroom_wire_parse_generate (body, len, error);
  case HEADROOM_WIRE_CHAT:
    return headroom_wire_parse_chat (body, len, error);
  case HEADROOM_WIRE_OPENAI:
    return headroom_wire_parse_openai_chat (body, len, error);
  case HEADROOM_WIRE_COMPLETION:
    return headroom_wire_parse_completion (body, len, error);
  case HEADROOM_WIRE_RESPONSES:
    return headroom_wire_parse_responses (body, len, error);
  case HEADROOM_WIRE_ANTHROPIC:
    return headroom_wire_parse_anthropic (body, len, error);
  }
  g_assert_not_reached ();
}

static gboolean
merge_options (HeadroomAnswer *self, GError **error)
{
  self->options = headroom_options_new ();
  headroom_options_merge_env (self->options);
  return headroom_options_merge (self->options, headroom_model_entry_get_params (self->entry),
                                 error) &&
         headroom_options_merge (self->options, self->request->options, error) &&
         headroom_demand_init (&self->demand, self->options, self->request->options,
                               headroom_exchange_get_client (self->exchange), error);
}

static gpointer
read_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  HeadroomAnswer *self = data;
  gsize len;
  const char *body = headroom_exchange_get_body (exchange, &len);

  self->request = parse (self->kind, body, len, error);
  self->entry =
      self->request != NULL ? headroom_model_lookup (exchange, self->request->model, error) : NULL;
  if (self->entry == NULL)
    return NULL;
  if (headroom_lora_dup_scales (self->entry, self->request->lora, &self->lora, error) &&
      merge_options (self, error))
    headroom_prompt_check_images (self->request, self->entry,
                                  headroom_exchange_get_cancellable (exchange), error);
  return NULL;
}

/* Options that nothing here knows are passed over, but not in silence. */
static void
note_unknown_options (HeadroomExchange *exchange, const HrValue *options)
{
  guint n;

  headroom_exchange_get_activity (exchange)->unknown_options =
      headroom_options_dup_unknown (options, &n);
  headroom_exchange_get_service (exchange)->metrics.n_unknown_options += n;
}

static void
read_done (HeadroomExchange *exchange, gpointer take_result, gpointer data)
{
  g_autoptr (HeadroomAnswer) self = data;
  HeadroomResidency *residency = headroom_exchange_get_service (exchange)->residency;
  const HeadroomWireRequest *request = self->request;

  note_unknown_options (exchange, request->options);
  if (has_nothing_to_say (request) && request->has_keep_alive && request->keep_alive_ns == 0) {
    headroom_residency_unload (residency, self->entry);
    headroom_answer_reply_empty (self, "unload");
    return;
  }
  headroom_exchange_get_activity (exchange)->model =
      g_strdup (headroom_model_entry_get_name (self->entry));
  headroom_residency_acquire_async (residency, self->entry, &self->demand,
                                    request->has_keep_alive ? &request->keep_alive_ns : NULL,
                                    headroom_exchange_get_cancellable (exchange), leased_cb, self);
  g_steal_pointer (&self);
}

void
headroom_answer_start (HeadroomExchange *exchange, HeadroomWireKind kind)
{
  headroom_exchange_work (exchange, read_work, read_done, answer_new (exchange, kind),
                          (GDestroyNotify) answer_free, NULL);
}

/* ---- Routes ---- */

void
headroom_route_generate (HeadroomExchange *exchange)
{
  headroom_answer_start (exchange, HEADROOM_WIRE_GENERATE);
}

void
headroom_route_chat (HeadroomExchange *exchange)
{
  headroom_answer_start (exchange, HEADROOM_WIRE_CHAT);
}

void
headroom_route_openai_chat (HeadroomExchange *exchange)
{
  headroom_answer_start (exchange, HEADROOM_WIRE_OPENAI);
}

void
headroom_route_openai_completion (HeadroomExchange *exchange)
{
  headroom_answer_start (exchange, HEADROOM_WIRE_COMPLETION);
}

void
headroom_route_openai_response (HeadroomExchange *exchange)
{
  headroom_answer_start (exchange, HEADROOM_WIRE_RESPONSES);
}

void
headroom_route_anthropic (HeadroomExchange *exchange)
{
  headroom_answer_start (exchange, HEADROOM_WIRE_ANTHROPIC);
}
