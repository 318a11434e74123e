/* headroom-answer-record.c: what an answer writes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-answer.h"

#include "headroom-json.h"

#define NSEC_PER_USEC 1000
#define MIN_QUEUE_US 1000 /* less than that is no waiting, only the way to the model's thread */

/* What Headroom says beyond the API: what was left out of the prompt, what the answer was not held
 * to, and that it was ended. NULL: nothing. */
static HrValue *
own_value (const HeadroomAnswer *self)
{
  g_autoptr (HrValue) own = hr_value_new_dict ();
  const HeadroomPrompt *prompt = self->prompt;
  const char *const *ignored = prompt != NULL && prompt->constraint.grammar != NULL ?
                               hr_grammar_get_ignored (prompt->constraint.grammar) : NULL;

  if (prompt != NULL && prompt->n_dropped > 0)
    headroom_json_set_int (own, "dropped_messages", prompt->n_dropped);
  if (prompt != NULL && prompt->n_cut > 0)
    headroom_json_set_int (own, "cut_tokens", prompt->n_cut);
  if (ignored != NULL && ignored[0] != NULL)
    headroom_json_set_strv (own, "ignored_keywords", ignored);
  if (self->n_forgotten > 0)
    headroom_json_set_int (own, "forgotten_tokens", self->n_forgotten);
  if (self->n_drafted > 0) {
    headroom_json_set_int (own, "drafted_tokens", self->n_drafted);
    headroom_json_set_int (own, "taken_tokens", self->n_taken);
  }
  if (self->queue_us >= MIN_QUEUE_US) {
    headroom_json_set_int (own, "queue_place", (gint64) self->n_ahead + 1);
    headroom_json_set_int (own, "queue_duration", self->queue_us * NSEC_PER_USEC);
  }
  if (self->repeated > 0)
    headroom_json_set_int (own, "repeated_tokens", self->repeated);
  if (self->ended_loop)
    headroom_json_set_bool (own, "ended_for_loop", TRUE);
  if (self->steered)
    headroom_json_set_bool (own, "ended_by_limit", TRUE);
  return hr_value_size (own) > 0 ? g_steal_pointer (&own) : NULL;
}

/* Adds it to a record's end; other clients ignore it. */
static char *
with_own_field (const HeadroomAnswer *self, char *take_json)
{
  g_autofree char *json = take_json, *own_json = NULL;
  g_autoptr (HrValue) own = own_value (self);
  gsize len = strlen (json);

  if (own == NULL || len == 0 || json[len - 1] != '}')
    return g_steal_pointer (&json);
  own_json = headroom_json_print (own, HEADROOM_JSON_ESCAPE_HTML);
  return g_strdup_printf ("%.*s,\"headroom\":%s}", (int) len - 1, json, own_json);
}

/* ---- Each API's own shape ---- */

static char *
print_generate (const HeadroomWireRecord *record, HeadroomWireOpenaiStream *stream)
{
  return headroom_wire_print_generate (record);
}

static char *
print_chat (const HeadroomWireRecord *record, HeadroomWireOpenaiStream *stream)
{
  return headroom_wire_print_chat (record);
}

static char *
print_openai (const HeadroomWireRecord *record, HeadroomWireOpenaiStream *stream)
{
  return headroom_wire_print_openai_completion (record, stream->id);
}

/* events NULL: a stream is one whole record per line. */
static const struct {
  char *(*whole) (const HeadroomWireRecord *record, HeadroomWireOpenaiStream *stream);
  char *(*events) (HeadroomWireOpenaiStream *stream, const HeadroomWireRecord *record);
} shapes[] = {
  [HEADROOM_WIRE_GENERATE] = { print_generate, NULL },
  [HEADROOM_WIRE_CHAT] = { print_chat, NULL },
  [HEADROOM_WIRE_OPENAI] = { print_openai, headroom_wire_print_openai_chunks },
  [HEADROOM_WIRE_COMPLETION] = { headroom_wire_print_completion,
                                 headroom_wire_print_completion_chunks },
  [HEADROOM_WIRE_RESPONSES] = { headroom_wire_print_response, headroom_wire_print_response_events },
  [HEADROOM_WIRE_ANTHROPIC] = { headroom_wire_print_anthropic,
                                headroom_wire_print_anthropic_events },
};

static char *
print (HeadroomAnswer *self, const HeadroomWireRecord *record)
{
  char *json = shapes[self->kind].whole (record, &self->openai);

  return record->done ? with_own_field (self, json) : json;
}

static void
reply_or_write (HeadroomAnswer *self, const HeadroomWireRecord *record)
{
  gboolean has_events = shapes[self->kind].events != NULL;
  g_autofree char *json = NULL, *line = NULL;

  if (!self->request->stream) {
    json = print (self, record);
    headroom_exchange_reply_json (self->exchange, SOUP_STATUS_OK, json);
    return;
  }
  if (has_events) {
    line = shapes[self->kind].events (&self->openai, record);
  } else {
    json = print (self, record);
    line = g_strconcat (json, "\n", NULL);
  }
  headroom_exchange_write (self->exchange,
                           has_events ? "text/event-stream" : "application/x-ndjson", line);
  if (record->done)
    headroom_exchange_end (self->exchange);
}

static HeadroomWireRecord
begin_record (HeadroomAnswer *self)
{
  HeadroomService *service = headroom_exchange_get_service (self->exchange);
  HeadroomWireRecord record = { .model = self->request->model, .created_ns = headroom_wire_now () };

  record.n_prompt = self->prompt != NULL ? self->prompt->tokens->len : 0;

  if (self->openai.created_ns == 0) {
    self->openai.id = service->next_id++ % 999;
    self->openai.created_ns = record.created_ns;
    self->openai.include_usage = self->request->include_usage;
  }
  return record;
}

/* ---- Without text ---- */

void
headroom_answer_reply_empty (HeadroomAnswer *self, const char *reason)
{
  HeadroomWireRecord record = begin_record (self);
  g_autofree char *json = NULL;

  record.done = TRUE;
  record.done_reason = reason;
  json = print (self, &record);
  headroom_exchange_reply_json (self->exchange, SOUP_STATUS_OK, json);
}

void
headroom_answer_reply_rendered (HeadroomAnswer *self)
{
  HeadroomWireRecord record = begin_record (self);
  g_autofree char *json = NULL;

  record.rendered_template = self->prompt->text;
  json = print (self, &record);
  headroom_exchange_reply_json (self->exchange, SOUP_STATUS_OK, json);
}

/* ---- Logprobs ---- */

static HeadroomWireProb
prob (HeadroomAnswer *self, HrToken token, float logprob)
{
  HeadroomWireProb p = { .logprob = logprob };

  p.token =
      hr_model_token_bytes (headroom_lease_get_model (self->lease), token, true, &p.token_len);
  return p;
}

static void
keep_logprob (HeadroomAnswer *self, const HrEvent *event)
{
  HeadroomWireLogprob entry = { .chosen = prob (self, event->token, event->logprob) };
  HeadroomWireProb *top = g_new (HeadroomWireProb, event->n_top + 1);

  for (gsize i = 0; i < event->n_top; i++)
    top[i] = prob (self, event->top[i].token, event->top[i].logprob);
  g_ptr_array_add (self->tops, top);
  entry.top = top;
  entry.n_top = event->n_top;
  g_array_append_val (self->logprobs, entry);
}

/* ---- Text ---- */

void
headroom_answer_begin_speech (HeadroomAnswer *self)
{
  const HeadroomPrompt *prompt = self->prompt;
  const char *prefix = prompt->constraint.prefix;

  headroom_speech_init (&self->speech, &prompt->form, self->request->tools, prompt->thinks,
                        prompt->starts_inside);
  if (prefix != NULL)
    headroom_speech_feed (&self->speech, prefix, strlen (prefix), FALSE, self->thought, self->text,
                          self->calls);
}

static void
take_text (HeadroomAnswer *self, const HrEvent *event, gboolean last)
{
  headroom_speech_feed (&self->speech, event->text, event->text_len, last, self->thought,
                        self->text, self->calls);
}

static gboolean
has_something (const HeadroomAnswer *self)
{
  return self->text->len > 0 || self->thought->len > 0 || hr_value_size (self->calls) > 0;
}

static void
put_text (HeadroomAnswer *self, HeadroomWireRecord *record)
{
  record->text = self->text->str;
  record->text_len = (gssize) self->text->len;
  record->thinking = self->thought->str;
  record->tool_calls = hr_value_size (self->calls) > 0 ? self->calls : NULL;
  record->n_earlier_calls = self->n_calls;
  record->logprobs = (const HeadroomWireLogprob *) self->logprobs->data;
  record->n_logprobs = self->logprobs->len;
}

static void
forget_text (HeadroomAnswer *self)
{
  g_string_truncate (self->text, 0);
  g_string_truncate (self->thought, 0);
  self->n_calls += hr_value_size (self->calls);
  hr_value_unref (self->calls);
  self->calls = hr_value_new_list ();
  g_array_set_size (self->logprobs, 0);
  g_ptr_array_set_size (self->tops, 0);
}

static void
write_text (HeadroomAnswer *self)
{
  HeadroomWireRecord record = begin_record (self);

  put_text (self, &record);
  reply_or_write (self, &record);
  forget_text (self);
}

void
headroom_answer_hear_token (HeadroomAnswer *self, const HrEvent *event)
{
  if (self->request->logprobs)
    keep_logprob (self, event);
  take_text (self, event, FALSE);
  if (self->request->stream && has_something (self))
    write_text (self);
}

/* ---- The end ---- */

static void
put_metrics (HeadroomAnswer *self, const HrTimings *timings, HeadroomWireMetrics *ret_metrics)
{
  gint64 started_us = headroom_exchange_get_started_us (self->exchange);

  /* Clients take a missing duration for a broken answer, and zero is missing. */
  *ret_metrics = (HeadroomWireMetrics) {
    .total_duration = MAX (g_get_monotonic_time () - started_us, 1) * NSEC_PER_USEC,
    .load_duration = MAX (self->leased_us - started_us, 1) * NSEC_PER_USEC,
    .prompt_eval_count = timings->n_prompt,
    .prompt_eval_duration = MAX (timings->prompt_us, 1) * NSEC_PER_USEC,
    .eval_count = timings->n_generated,
    .eval_duration = MAX (timings->generate_us, 1) * NSEC_PER_USEC,
  };
}

/* The tokens of a conversation as its client can give them back: without images, which are none. */
static GArray *
dup_context (const HeadroomAnswer *self)
{
  GArray *context = g_array_new (FALSE, FALSE, sizeof (HrToken));

  for (guint i = 0; i < self->prompt->tokens->len; i++) {
    HrToken token = g_array_index (self->prompt->tokens, HrToken, i);
    if (token >= 0)
      g_array_append_val (context, token);
  }
  g_array_append_vals (context, self->generated->data, self->generated->len);
  return context;
}

void
headroom_answer_hear_done (HeadroomAnswer *self, const HrEvent *event)
{
  HeadroomWireRecord record;
  g_autoptr (GArray) context = dup_context (self);

  take_text (self, event, TRUE);
  self->steered = event->steered;
  self->n_forgotten = event->n_forgotten;
  self->n_drafted = event->timings.n_drafted;
  self->n_taken = event->timings.n_taken;
  self->n_ahead = event->timings.n_ahead;
  self->queue_us = event->timings.queue_us;
  if (self->request->stream && (has_something (self) || self->logprobs->len > 0))
    write_text (self);
  record = begin_record (self);
  put_text (self, &record);
  record.done = TRUE;
  record.done_reason = 
      event->reason == HR_DONE_LENGTH || event->steered || self->ended_loop ? "length" : "stop";
  put_metrics (self, &event->timings, &record.metrics);
  if (self->kind == HEADROOM_WIRE_GENERATE && !self->request->raw) {
    record.context = (const HrToken *) context->data;
    record.n_context = context->len;
  }
  reply_or_write (self, &record);
}
