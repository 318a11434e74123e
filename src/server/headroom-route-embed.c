/* headroom-route-embed.c: texts to vectors: /api/embed, /api/embeddings, /v1/embeddings; or to
 * scores: /v1/rerank.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   read (worker) -> lease -> tokens (worker) -> runner, a request per text -> print (worker)
 *
 * Thread-safety: belongs to the server's main context, but for what workers are given.
 */
#include <glib/gi18n-lib.h>

#include "headroom-model-lookup.h"
#include "headroom-pair.h"
#include "headroom-router.h"
#include "headroom-wire-embed.h"

#define NSEC_PER_USEC 1000

/* Clients match these texts. */
#define NO_EMBEDDINGS "This server does not support embeddings. Start it with `--embeddings`"
#define NO_RERANKING "This server does not support reranking. Start it with `--reranking`"
#define TOO_LONG "the input length exceeds the context length"
#define NO_ROOM "input after truncation exceeds maximum context length"

typedef struct {
  HeadroomExchange *exchange;
  HeadroomWireEmbedKind kind;

  /* read */
  HeadroomWireEmbedRequest *request;
  HeadroomModelEntry *entry;
  HeadroomDemand demand;
  guint32 limit; /* tokens of a text that the client wants at most, also fewer than can be loaded */

  /* lease */
  HeadroomLease *lease;
  gint64 leased_us; /* monotonic */

  /* tokens */
  GPtrArray *tokens; /* GArray of HrToken, one per text */
  guint n_cut;       /* of them were cut */
  gint64 n_tokens;

  /* runner */
  GPtrArray *running;  /* HrRequest */
  GPtrArray *vectors;  /* float *, one per text */
  gsize width;
  guint n_left;        /* events to come */
  gulong cancelled_id;
  GError *error;       /* the first */
} Embedding;

/* One text's request at the runner. */
typedef struct {
  Embedding *owner;
  guint index;
} Part;

static void
embedding_free (Embedding *self)
{
  g_clear_pointer (&self->lease, headroom_lease_free);
  g_clear_pointer (&self->request, headroom_wire_embed_request_free);
  g_clear_pointer (&self->tokens, g_ptr_array_unref);
  g_clear_pointer (&self->running, g_ptr_array_unref);
  g_clear_pointer (&self->vectors, g_ptr_array_unref);
  g_clear_error (&self->error);
  g_clear_object (&self->entry);
  g_object_unref (self->exchange);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Embedding, embedding_free)

/* ---- Printing ---- */

static gpointer
print_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  Embedding *self = data;
  gint64 started_us = headroom_exchange_get_started_us (exchange);
  HeadroomWireVectors vectors = {
    .vectors = (const float *const *) self->vectors->pdata,
    .n_vectors = self->vectors->len,
    .width = self->width,
    .total_duration = (g_get_monotonic_time () - started_us) * NSEC_PER_USEC,
    .load_duration = (self->leased_us - started_us) * NSEC_PER_USEC,
    .prompt_eval_count = self->n_tokens,
  };

  return headroom_wire_print_vectors (self->request, &vectors);
}

static gpointer
print_scores_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  Embedding *self = data;
  g_autofree float *scores = g_new (float, self->vectors->len);

  for (guint i = 0; i < self->vectors->len; i++)
    scores[i] = *(const float *) self->vectors->pdata[i];
  return headroom_wire_print_scores (self->request, scores, self->n_tokens);
}

static void
print_done (HeadroomExchange *exchange, gpointer take_result, gpointer take_data)
{
  g_autofree char *json = take_result;
  g_autoptr (Embedding) self G_GNUC_UNUSED = take_data;

  headroom_exchange_reply_json (exchange, SOUP_STATUS_OK, json);
}

static void
finish (Embedding *take_self)
{
  g_autoptr (Embedding) self = take_self;
  HeadroomExchange *exchange = self->exchange;
  HeadroomWorkFunc print = self->kind == HEADROOM_WIRE_RERANK ? print_scores_work : print_work;

  if (self->error != NULL)
    headroom_exchange_fail (exchange, self->error);
  else
    headroom_exchange_work (exchange, print, print_done, g_steal_pointer (&self),
                            (GDestroyNotify) embedding_free, g_free);
}

/* ---- Running ---- */

static void
cancel_parts (Embedding *self)
{
  for (guint i = 0; i < self->running->len; i++)
    hr_request_cancel (self->running->pdata[i]);
}

static void
cancelled_cb (GCancellable *cancellable, gpointer data)
{
  cancel_parts (data);
}

/* Others are not worth their time any more. */
static void
note_error (Embedding *self, GError *take_error)
{
  if (self->error != NULL) {
    g_error_free (take_error);
    return;
  }
  self->error = take_error;
  cancel_parts (self);
}

/* The older route hands out what some models give as it is: clients are used to that. */
static gboolean
is_bare (Embedding *self)
{
  HrModel *model = headroom_lease_get_model (self->lease);
  const char *arch = hr_model_get_info (model)->architecture;
  const HrValue *metadata = hr_model_get_metadata (model);
  g_autofree char *key = g_strdup_printf ("%s.normalize_embeddings", arch);
  HrValue *said = hr_value_lookup (metadata, key),
          *tokenizer = hr_value_lookup (metadata, "tokenizer.ggml.model");
  gboolean pieces = tokenizer != NULL && hr_value_kind (tokenizer) == HR_VALUE_STRING &&
                    g_str_equal (hr_value_get_string (tokenizer, NULL), "bert");

  if (said != NULL && hr_value_kind (said) == HR_VALUE_BOOL)
    return !hr_value_get_bool (said);
  return g_str_has_prefix (arch, "nomic-bert") || (g_str_equal (arch, "bert") && !pieces);
}

static void
take_vector (Embedding *self, guint index, const HrEvent *event)
{
  float *vector = g_memdup2 (event->vectors, event->width * sizeof *vector);
  gboolean normalise = self->kind != HEADROOM_WIRE_RERANK &&
                       (self->kind != HEADROOM_WIRE_EMBEDDINGS || !is_bare (self));
  gsize width = event->width;
  GError *error = NULL;

  self->vectors->pdata[index] = vector;
  if (!headroom_wire_finish_vector (vector, self->request->dimensions, normalise, &width, &error))
    note_error (self, error);
  self->width = width;
}

static void
event_cb (const HrEvent *event, void *data)
{
  Part *part = data;
  Embedding *self = part->owner;

  if (event->kind == HR_EVENT_VECTOR)
    take_vector (self, part->index, event);
  if (event->kind != HR_EVENT_DONE)
    return;
  if (event->reason == HR_DONE_ERROR)
    note_error (self, g_error_copy (event->error));
  else if (event->reason == HR_DONE_CANCELLED)
    note_error (self,
                g_error_new_literal (HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_CLOSED,
                                     _("The server is shutting down")));
  if (--self->n_left > 0)
    return;
  g_signal_handler_disconnect (headroom_exchange_get_cancellable (self->exchange),
                               self->cancelled_id);
  finish (self);
}

static gboolean
submit (Embedding *self, guint index, GError **error)
{
  const GArray *tokens = self->tokens->pdata[index];
  Part *part = g_new (Part, 1);
  HrRequest *running;

  *part = (Part) { self, index };
  running = hr_runner_embed (headroom_lease_get_runner (self->lease),
                             (const HrToken *) tokens->data, tokens->len,
                             g_main_context_get_thread_default (), event_cb, part, g_free, error);
  if (running == NULL) {
    g_free (part);
    return FALSE;
  }
  g_ptr_array_add (self->running, running);
  self->n_left++;
  return TRUE;
}

/* Events come through the main context, so none before this is over. */
static void
submit_all (Embedding *take_self)
{
  g_autoptr (Embedding) self = take_self;
  GCancellable *cancellable = headroom_exchange_get_cancellable (self->exchange);
  GError *error = NULL;

  self->running = g_ptr_array_new_with_free_func ((GDestroyNotify) hr_request_unref);
  for (guint i = 0; i < self->tokens->len && error == NULL; i++)
    submit (self, i, &error);
  if (error != NULL)
    note_error (self, error);
  if (self->n_left == 0) {
    finish (g_steal_pointer (&self));
    return;
  }
  self->cancelled_id = g_signal_connect (cancellable, "cancelled", G_CALLBACK (cancelled_cb), self);
  if (g_cancellable_is_cancelled (cancellable))
    cancel_parts (self);
  g_steal_pointer (&self); /* event_cb frees it */
}

/* ---- Tokens ---- */

/* Keeps the control tokens at both ends and as much between them as there is room for. */
static gboolean
cut (Embedding *self, GArray *tokens, guint n_plain, guint num_ctx, GError **error)
{
  guint n_special = tokens->len - n_plain,
        n_head = hr_model_adds_bos (headroom_lease_get_model (self->lease)) ? 1 : 0;
  guint n_tail = n_special - MIN (n_head, n_special);

  if (!self->request->truncate || num_ctx <= n_special) {
    g_set_error_literal (error, HEADROOM_WIRE_ERROR, 400,
                         self->request->truncate ? NO_ROOM : TOO_LONG);
    return FALSE;
  }
  g_array_remove_range (tokens, num_ctx - n_tail, tokens->len - num_ctx);
  self->n_cut++;
  return TRUE;
}

static GArray *
tokenize (Embedding *self, const HrValue *input, GError **error)
{
  HrModel *model = headroom_lease_get_model (self->lease);
  guint num_ctx = MIN (headroom_lease_get_num_ctx (self->lease), self->limit);
  g_autoptr (HrPrompt) prompt = hr_prompt_new ();
  g_autoptr (GArray) tokens = NULL;
  g_autoptr (GArray) plain = NULL;
  gsize len;
  const char *text = hr_value_get_string (input, &len);

  hr_prompt_append (prompt, text, (gssize) len, false);
  tokens = hr_model_tokenize (model, prompt, true, error);
  if (tokens == NULL)
    return NULL;
  if (tokens->len > num_ctx) {
    plain = hr_model_tokenize (model, prompt, false, error);
    if (plain == NULL || !cut (self, tokens, plain->len, num_ctx, error))
      return NULL;
  }
  return g_steal_pointer (&tokens);
}

static GArray *
tokenize_pair (Embedding *self, const HeadroomPair *pair, const HrValue *input, GError **error)
{
  guint num_ctx = MIN (headroom_lease_get_num_ctx (self->lease), self->limit);
  gboolean cut;
  GArray *tokens = headroom_pair_tokenize (pair, self->request->query, input, num_ctx, &cut, error);

  self->n_cut += cut;
  return tokens;
}

static gboolean
is_able (Embedding *self, GError **error)
{
  const HrModelInfo *info = hr_model_get_info (headroom_lease_get_model (self->lease));

  if (self->kind == HEADROOM_WIRE_RERANK) {
    if (info->embeds && info->pooling == HR_POOLING_RANK)
      return TRUE;
    g_set_error_literal (error, HEADROOM_WIRE_ERROR, 501, NO_RERANKING);
  } else if (!info->embeds)
    g_set_error_literal (error, HEADROOM_WIRE_ERROR, 501, NO_EMBEDDINGS);
  else if (info->pooling == HR_POOLING_NONE || info->pooling == HR_POOLING_RANK)
    g_set_error (error, HEADROOM_WIRE_ERROR, 400,
                 info->pooling == HR_POOLING_NONE
                     ? _("%s gives a vector per token, not one for a text")
                     : _("%s gives scores, not vectors"),
                 self->request->model);
  else
    return TRUE;
  return FALSE;
}

static gpointer
token_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  Embedding *self = data;
  GPtrArray *inputs = self->request->inputs;
  HeadroomPair pair = { 0 };
  GError *problem = NULL;

  if (!is_able (self, error))
    return NULL;
  if (self->kind == HEADROOM_WIRE_RERANK)
    headroom_pair_init (&pair, headroom_lease_get_model (self->lease));
  self->tokens = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  for (guint i = 0; i < inputs->len && problem == NULL; i++) {
    GArray *tokens = NULL;
    if (g_cancellable_set_error_if_cancelled (headroom_exchange_get_cancellable (exchange),
                                              &problem))
      break;
    tokens = self->kind == HEADROOM_WIRE_RERANK
                 ? tokenize_pair (self, &pair, inputs->pdata[i], &problem)
                 : tokenize (self, inputs->pdata[i], &problem);
    if (tokens == NULL)
      break;
    g_ptr_array_add (self->tokens, tokens);
    self->n_tokens += tokens->len;
  }
  headroom_pair_clear (&pair);
  if (problem != NULL)
    g_propagate_error (error, problem);
  return NULL;
}

static void
tell_truncation (Embedding *self)
{
  HeadroomResidency *residency = headroom_exchange_get_service (self->exchange)->residency;

  if (self->n_cut > 0)
    headroom_residency_tell (residency, HEADROOM_EVENT_TRUNCATE,
                             headroom_model_entry_get_name (self->entry), "", 0,
                             HEADROOM_REASON_TEXTS_CUT, self->n_cut,
                             headroom_lease_get_num_ctx (self->lease));
}

static void
token_done (HeadroomExchange *exchange, gpointer take_result, gpointer data)
{
  Embedding *self = data;

  tell_truncation (self);
  headroom_exchange_get_activity (exchange)->n_prompt = (guint32) self->n_tokens;
  self->vectors = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_set_size (self->vectors, (int) self->tokens->len);
  submit_all (self);
}

/* ---- Lease ---- */

static void
leased_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Embedding) self = user_data;
  g_autoptr (GError) error = NULL;
  HeadroomExchange *exchange = self->exchange;

  self->lease = headroom_residency_acquire_finish (HEADROOM_RESIDENCY (source), result, &error);
  self->leased_us = g_get_monotonic_time ();
  if (self->lease == NULL) {
    headroom_exchange_fail (exchange, error);
    return;
  }
  headroom_exchange_get_activity (exchange)->begun = TRUE;
  headroom_exchange_get_activity (exchange)->num_ctx = headroom_lease_get_num_ctx (self->lease);
  headroom_exchange_work (exchange, token_work, token_done, g_steal_pointer (&self),
                          (GDestroyNotify) embedding_free, NULL);
}

/* ---- Reading ---- */

/* The older form wants a name where the others only do not find one. */
static gboolean
find_entry (Embedding *self, GError **error)
{
  if (self->kind == HEADROOM_WIRE_EMBEDDINGS && *self->request->model == '\0')
    g_set_error_literal (error, HEADROOM_WIRE_ERROR, 400, "model is required");
  else
    self->entry = headroom_model_lookup_for_vectors (self->exchange, self->request->model, error);
  return self->entry != NULL;
}

static gpointer
read_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  Embedding *self = data;
  g_autoptr (HeadroomOptions) options = headroom_options_new ();
  gsize len;
  const char *body = headroom_exchange_get_body (exchange, &len);

  self->request = self->kind == HEADROOM_WIRE_RERANK
                      ? headroom_wire_parse_rerank (body, len, error)
                      : headroom_wire_parse_embed (self->kind, body, len, error);
  if (self->request == NULL || !find_entry (self, error))
    return NULL;
  headroom_options_merge_env (options);
  if (headroom_options_merge (options, headroom_model_entry_get_params (self->entry), error) &&
      headroom_options_merge (options, self->request->options, error)) {
    self->limit = headroom_options_is_given (options, "num_ctx")
                      ? (guint32) CLAMP (options->num_ctx, 0, G_MAXUINT32)
                      : G_MAXUINT32;
    headroom_demand_init (&self->demand, options, self->request->options,
                          headroom_exchange_get_client (self->exchange), error);
  }
  return NULL;
}

static void
read_done (HeadroomExchange *exchange, gpointer take_result, gpointer data)
{
  Embedding *self = data;
  const HeadroomWireEmbedRequest *request = self->request;

  headroom_exchange_get_activity (exchange)->model =
      g_strdup (headroom_model_entry_get_name (self->entry));
  headroom_residency_acquire_async (headroom_exchange_get_service (exchange)->residency,
                                    self->entry, &self->demand,
                                    request->has_keep_alive ? &request->keep_alive_ns : NULL,
                                    headroom_exchange_get_cancellable (exchange), leased_cb, self);
}

static void
start (HeadroomExchange *exchange, HeadroomWireEmbedKind kind)
{
  Embedding *self = g_new0 (Embedding, 1);

  self->exchange = g_object_ref (exchange);
  self->kind = kind;
  headroom_exchange_work (exchange, read_work, read_done, self, (GDestroyNotify) embedding_free,
                          NULL);
}

void
headroom_route_embed (HeadroomExchange *exchange)
{
  start (exchange, HEADROOM_WIRE_EMBED);
}

void
headroom_route_embeddings (HeadroomExchange *exchange)
{
  start (exchange, HEADROOM_WIRE_EMBEDDINGS);
}

void
headroom_route_openai_embeddings (HeadroomExchange *exchange)
{
  start (exchange, HEADROOM_WIRE_OPENAI_EMBEDDINGS);
}

void
headroom_route_rerank (HeadroomExchange *exchange)
{
  start (exchange, HEADROOM_WIRE_RERANK);
}
