/* headroom-exchange.c: see headroom-exchange.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-exchange.h"

#include <glib/gi18n-lib.h>

#include "headroom-wire.h"

#define STATUS_CLIENT_LEFT 499 /* as web servers write it into their logs */

struct _HeadroomExchange {
  GObject parent_instance;

  HeadroomService *service;
  HeadroomDialect dialect;
  SoupServerMessage *message; /* NULL once it is finished */
  GSocket *socket;
  GSource *watch;             /* on the socket: the client leaves */
  GBytes *body;
  char *path;
  gboolean is_local;
  char client[48]; /* what the program calls itself */
  GCancellable *cancellable;
  gint64 started_us;
  HeadroomActivity activity;
  char *problem; /* what it was told, or NULL */

  gboolean left;              /* nobody reads what is written */
  gboolean answered;          /* a reply was given or a stream begun */
  gboolean streaming, ended;
  gboolean in_flight;         /* a chunk is with the connection */
  GString *pending;           /* what comes after it */
};

G_DEFINE_FINAL_TYPE (HeadroomExchange, headroom_exchange, G_TYPE_OBJECT)

/* ---- The client leaves ---- */

static void
let_go (HeadroomExchange *self)
{
  if (self->watch != NULL) {
    g_source_destroy (self->watch);
    g_clear_pointer (&self->watch, g_source_unref);
  }
  self->left = TRUE;
  g_cancellable_cancel (self->cancellable);
}

/* Whatever was to be written has nobody to read it; libsoup notices when it tries. */
static void
client_left (HeadroomExchange *self)
{
  g_object_ref (self);
  let_go (self);
  if (self->message != NULL)
    g_socket_shutdown (self->socket, TRUE, TRUE, NULL);
  if (!self->answered)
    headroom_exchange_reply_problem (self, STATUS_CLIENT_LEFT, "request canceled");
  else
    headroom_exchange_end (self);
  g_object_unref (self);
}

/* POLLIN means that a further request waits (leave it, and look for the end only) or that the other
 * side has closed. */
static gboolean
watch_cb (GSocket *socket, GIOCondition condition, gpointer data)
{
  HeadroomExchange *self = data;
  char byte;
  GInputVector vector = { &byte, 1 };
  int flags = G_SOCKET_MSG_PEEK;
  g_autoptr (GError) error = NULL;
  gssize n = -1;

  if ((condition & (G_IO_HUP | G_IO_ERR)) == 0) {
    n = g_socket_receive_message (socket, NULL, &vector, 1, NULL, NULL, &flags, NULL, &error);
    if (n < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
      return G_SOURCE_CONTINUE;
  }
  if (n <= 0) {
    client_left (self);
    return G_SOURCE_REMOVE;
  }
  g_source_destroy (self->watch);
  g_source_unref (self->watch);
  self->watch = g_socket_create_source (socket, G_IO_HUP | G_IO_ERR, NULL);
  g_source_set_callback (self->watch, G_SOURCE_FUNC (watch_cb), self, NULL);
  g_source_attach (self->watch, g_main_context_get_thread_default ());
  return G_SOURCE_REMOVE;
}

static void
watch (HeadroomExchange *self)
{
  /* While we work the client has nothing to say: only then does its silence not count. */
  g_socket_set_timeout (self->socket, 0);
  self->watch = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_static_name (self->watch, "headroom-client");
  g_source_set_callback (self->watch, G_SOURCE_FUNC (watch_cb), self, NULL);
  g_source_attach (self->watch, g_main_context_get_thread_default ());
}

static void
note_end (HeadroomExchange *self, gboolean left)
{
  HeadroomRecentRequest request = {
    .id = self->activity.id,
    .path = self->path,
    .client = self->client,
    .model = self->activity.model,
    .problem = self->problem,
    .unknown_options = (const char *const *) self->activity.unknown_options,
    .status = soup_server_message_get_status (self->message),
    .n_prompt = self->activity.n_prompt,
    .n_generated = self->activity.n_generated,
    .running_us = g_get_monotonic_time () - self->started_us,
  };

  if (left || !headroom_exchange_is_over (self)) {
    request.status = STATUS_CLIENT_LEFT;
    request.problem = NULL;
  }
  headroom_recent_note (&self->service->recent, &request);
}

void
headroom_exchange_abandon (HeadroomExchange *self)
{
  gboolean left = self->left;

  let_go (self);
  if (self->message == NULL)
    return;
  note_end (self, left);
  g_signal_handlers_disconnect_by_data (self->message, self);
  g_clear_object (&self->message);
  g_hash_table_remove (self->service->exchanges, self);
  g_object_unref (self); /* the message's own */
}

static void
finished_cb (SoupServerMessage *message, gpointer data)
{
  headroom_exchange_abandon (data);
}

/* ---- Writing ---- */

static void
hand_over (HeadroomExchange *self, const char *text, gsize len)
{
  self->in_flight = TRUE;
  soup_message_body_append (soup_server_message_get_response_body (self->message), SOUP_MEMORY_COPY,
                            text, len);
  soup_server_message_unpause (self->message);
}

static void
wrote_chunk_cb (SoupServerMessage *message, gpointer data)
{
  HeadroomExchange *self = data;

  self->in_flight = FALSE;
  if (self->pending->len > 0) {
    hand_over (self, self->pending->str, self->pending->len);
    g_string_truncate (self->pending, 0);
  } else if (self->ended) {
    soup_message_body_complete (soup_server_message_get_response_body (message));
    soup_server_message_unpause (message);
  }
}

void
headroom_exchange_begin (HeadroomExchange *self, const char *content_type)
{
  SoupMessageHeaders *headers;

  if (self->message == NULL || self->answered)
    return;
  headers = soup_server_message_get_response_headers (self->message);
  self->answered = self->streaming = TRUE;
  soup_server_message_set_status (self->message, SOUP_STATUS_OK, NULL);
  soup_message_headers_set_encoding (headers, SOUP_ENCODING_CHUNKED);
  soup_message_headers_replace (headers, "Content-Type", content_type);
  soup_message_headers_replace (headers, "Cache-Control", "no-cache");
  soup_message_body_set_accumulate (soup_server_message_get_response_body (self->message), FALSE);
  g_signal_connect (self->message, "wrote-chunk", G_CALLBACK (wrote_chunk_cb), self);
  soup_server_message_unpause (self->message);
}

static void
give_up_reader (HeadroomExchange *self)
{
  headroom_residency_tell (self->service->residency, HEADROOM_EVENT_DROP, "", "",
                           self->pending->len, HEADROOM_REASON_READER_LEFT);
  g_string_truncate (self->pending, 0);
  client_left (self);
}

void
headroom_exchange_write (HeadroomExchange *self, const char *content_type, const char *text)
{
  gsize len = strlen (text);

  if (self->message == NULL || self->ended || len == 0 || self->left)
    return;
  if (!self->streaming)
    headroom_exchange_begin (self, content_type);
  if (!self->in_flight)
    hand_over (self, text, len);
  else if (self->pending->len + len > HEADROOM_EXCHANGE_MAX_PENDING_BYTES)
    give_up_reader (self);
  else
    g_string_append_len (self->pending, text, (gssize) len);
}

void
headroom_exchange_end (HeadroomExchange *self)
{
  if (self->message == NULL || !self->streaming || self->ended)
    return;
  self->ended = TRUE;
  if (self->in_flight && !self->left)
    return; /* wrote_chunk_cb ends it */
  soup_message_body_complete (soup_server_message_get_response_body (self->message));
  soup_server_message_unpause (self->message);
}

/* ---- Replies ---- */

void
headroom_exchange_reply (HeadroomExchange *self, guint status, const char *content_type,
                         const char *text)
{
  if (self->message == NULL || self->answered)
    return;
  self->answered = TRUE;
  soup_server_message_set_status (self->message, status, NULL);
  if (content_type != NULL)
    soup_server_message_set_response (self->message, content_type, SOUP_MEMORY_COPY, text,
                                      strlen (text));
  soup_server_message_unpause (self->message);
}

void
headroom_exchange_reply_json (HeadroomExchange *self, guint status, const char *json)
{
  headroom_exchange_reply (self, status, "application/json; charset=utf-8", json);
}

static void
keep_problem (HeadroomExchange *self, const char *message)
{
  g_free (self->problem);
  self->problem = g_strdup (message);
}

void
headroom_exchange_reply_problem (HeadroomExchange *self, guint status, const char *message)
{
  g_autofree char *json = self->dialect == HEADROOM_DIALECT_OPENAI
                              ? headroom_wire_print_openai_error (status, message)
                          : self->dialect == HEADROOM_DIALECT_ANTHROPIC
                              ? headroom_wire_print_anthropic_error (status, message)
                              : headroom_wire_print_error (message);

  if (!self->answered)
    keep_problem (self, message);
  headroom_exchange_reply_json (self, status, json);
}

guint
headroom_exchange_status_of (const GError *error)
{
  if (error->domain != HEADROOM_RESIDENCY_ERROR)
    return headroom_wire_status (error);
  return error->code == HEADROOM_RESIDENCY_ERROR_NO_MEMORY ||
                 error->code == HEADROOM_RESIDENCY_ERROR_STALLED
             ? 500
             : 503;
}

void
headroom_exchange_reply_error (HeadroomExchange *self, const GError *error)
{
  if (self->message != NULL &&
      g_error_matches (error, HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_CLOSED))
    soup_message_headers_replace (soup_server_message_get_response_headers (self->message),
                                  HEADROOM_CLOSING_HEADER, "1");
  headroom_exchange_reply_problem (self, headroom_exchange_status_of (error), error->message);
}

void
headroom_exchange_fail (HeadroomExchange *self, const GError *error)
{
  g_autofree char *json = NULL, *line = NULL;

  if (!self->answered) {
    headroom_exchange_reply_error (self, error);
    return;
  }
  keep_problem (self, error->message);
  if (self->dialect == HEADROOM_DIALECT_OPENAI) {
    line = headroom_wire_print_openai_stream_error (headroom_exchange_status_of (error),
                                                    error->message);
  } else if (self->dialect == HEADROOM_DIALECT_ANTHROPIC) {
    line = headroom_wire_print_anthropic_stream_error (headroom_exchange_status_of (error),
                                                       error->message);
  } else {
    json = headroom_wire_print_error (error->message);
    line = g_strconcat (json, "\n", NULL);
  }
  headroom_exchange_write (self, NULL, line);
  headroom_exchange_end (self);
}

gboolean
headroom_exchange_is_answered (HeadroomExchange *self)
{
  return self->answered || self->message == NULL;
}

/* ---- Object ---- */

HeadroomService *
headroom_exchange_get_service (HeadroomExchange *self)
{
  return self->service;
}

const char *
headroom_exchange_get_path (HeadroomExchange *self)
{
  return self->path;
}

SoupServerMessage *
headroom_exchange_get_message (HeadroomExchange *self)
{
  return self->message;
}

const char *
headroom_exchange_get_body (HeadroomExchange *self, gsize *ret_len)
{
  const char *text = g_bytes_get_data (self->body, ret_len);

  return text != NULL ? text : "";
}

GCancellable *
headroom_exchange_get_cancellable (HeadroomExchange *self)
{
  return self->cancellable;
}

const char *
headroom_exchange_get_client (HeadroomExchange *self)
{
  return self->client;
}

gboolean
headroom_exchange_is_local (HeadroomExchange *self)
{
  return self->is_local;
}

gboolean
headroom_exchange_is_over (HeadroomExchange *self)
{
  return self->answered && (self->ended || !self->streaming);
}

GSocket *
headroom_exchange_get_socket (HeadroomExchange *self)
{
  return self->socket;
}

HeadroomActivity *
headroom_exchange_get_activity (HeadroomExchange *self)
{
  return &self->activity;
}

gint64
headroom_exchange_get_started_us (HeadroomExchange *self)
{
  return self->started_us;
}

static void
headroom_exchange_finalize (GObject *object)
{
  HeadroomExchange *self = HEADROOM_EXCHANGE (object);

  g_assert (self->watch == NULL && self->message == NULL);
  g_clear_object (&self->socket);
  g_bytes_unref (self->body);
  g_free (self->activity.model);
  g_strfreev (self->activity.unknown_options);
  g_free (self->problem);
  g_free (self->path);
  g_object_unref (self->cancellable);
  g_string_free (self->pending, TRUE);
  G_OBJECT_CLASS (headroom_exchange_parent_class)->finalize (object);
}

static void
headroom_exchange_class_init (HeadroomExchangeClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = headroom_exchange_finalize;
}

static void
headroom_exchange_init (HeadroomExchange *self)
{
  self->cancellable = g_cancellable_new ();
  self->pending = g_string_new (NULL);
  self->started_us = g_get_monotonic_time ();
}

static void
note_client (HeadroomExchange *self)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (self->message);
  const char *name = soup_message_headers_get_one (headers, "User-Agent");
  g_autofree char *valid =
      name != NULL
          ? g_utf8_make_valid (name, MIN ((gssize) strlen (name), (gssize) sizeof self->client - 8))
          : NULL;

  g_strlcpy (self->client, valid != NULL ? valid : "", sizeof self->client);
}

HeadroomExchange *
headroom_exchange_new (HeadroomService *service, SoupServerMessage *message,
                       HeadroomDialect dialect)
{
  HeadroomExchange *self = g_object_new (HEADROOM_TYPE_EXCHANGE, NULL);
  SoupMessageBody *body = soup_server_message_get_request_body (message);

  self->service = service;
  self->activity.id = ++service->next_request;
  self->dialect = dialect;
  self->message = g_object_ref (message);
  self->socket = g_object_ref (soup_server_message_get_socket (message));
  self->is_local = g_socket_get_family (self->socket) == G_SOCKET_FAMILY_UNIX;
  note_client (self);
  /* A body that was written elsewhere as it came is not here. */
  self->body = soup_message_body_get_accumulate (body) ? soup_message_body_flatten (body)
                                                       : g_bytes_new (NULL, 0);
  self->path = g_strdup (g_uri_get_path (soup_server_message_get_uri (message)));
  g_hash_table_add (service->exchanges, self);
  g_object_ref (self); /* until headroom_exchange_abandon () */
  g_signal_connect (message, "finished", G_CALLBACK (finished_cb), self);
  g_signal_connect (message, "disconnected", G_CALLBACK (finished_cb), self);
  soup_server_message_pause (message);
  watch (self);
  return self;
}
