/* fake-engine.c: a server that speaks the window's side of the API, with what a test wants it to
 * say.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fake-engine.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <libsoup/soup.h>
#include <string.h>

typedef struct {
  FakeEngine engine;
  SoupServer *server;
  char *folder;
  GPtrArray *streams; /* answers on their way */
} Server;

/* ---- One answer on its way ------------------------------------------------------------------- */

typedef struct {
  Server *server;
  SoupServerMessage *message;
  gsize sent;       /* bytes of the answer */
  guint source_id;
} Stream;

static void finished_cb (SoupServerMessage *message, Stream *stream);

static void
stream_free (gpointer data)
{
  Stream *stream = data;

  g_clear_handle_id (&stream->source_id, g_source_remove);
  g_signal_handlers_disconnect_by_func (stream->message, finished_cb, stream);
  g_object_unref (stream->message);
  g_free (stream);
}

static void
finished_cb (SoupServerMessage *message, Stream *stream)
{
  if (stream->sent < strlen (stream->server->engine.answer))
    stream->server->engine.client_left = TRUE;
  g_ptr_array_remove_fast (stream->server->streams, stream);
}

static char *
quote (const char *text, gsize len)
{
  g_autofree char *piece = g_strndup (text, len);
  g_auto (GStrv) lines = g_strsplit (piece, "\n", -1);
  g_autofree char *joined = NULL;

  for (char **line = lines; *line != NULL; line++) {
    char *escaped = g_strescape (*line, (const char *) (const guint8[]) { 0 });
    /* g_strescape also escapes bytes over 127; undo that by going back to the original where
     * nothing needs escaping. */
    if (strpbrk (*line, "\"\\\t") == NULL)
      g_strlcpy (escaped, *line, strlen (escaped) + 1);
    g_free (*line);
    *line = escaped;
  }
  joined = g_strjoinv ("\\n", lines);
  return g_strdup_printf ("\"%s\"", joined);
}

/* Nothing of the stream may be used after this: the client may have left. */
static void
append_line (Stream *stream, const char *line, gboolean last)
{
  g_autoptr (SoupServerMessage) message = g_object_ref (stream->message);
  SoupMessageBody *body = soup_server_message_get_response_body (message);

  soup_message_body_append (body, SOUP_MEMORY_COPY, line, strlen (line));
  if (last)
    soup_message_body_complete (body);
  soup_server_message_unpause (message);
}

/* Whole characters, at least one. */
static gsize
next_piece (const Stream *stream)
{
  const char *rest = stream->server->engine.answer + stream->sent;
  const char *end = rest + MIN (strlen (rest), stream->server->engine.piece_bytes);

  while (*end != '\0' && ((guint8) *end & 0xc0) == 0x80)
    end++;
  return end - rest;
}

static gboolean
stream_cb (gpointer user_data)
{
  Stream *stream = user_data;
  FakeEngine *engine = &stream->server->engine;
  gsize len = next_piece (stream);
  g_autofree char *text = quote (engine->answer + stream->sent, len);
  g_autofree char *line =
      g_strdup_printf ("{\"message\":{\"role\":\"assistant\",\"content\":%s},\"done\":false}\n",
                       text);

  if (len > 0) {
    stream->sent += len;
    append_line (stream, line, FALSE);
    return G_SOURCE_CONTINUE;
  }
  stream->source_id = 0;
  append_line (
      stream,
      "{\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\","
      "\"total_duration\":2500000000,\"load_duration\":1000000,\"prompt_eval_count\":31,"
      "\"prompt_eval_duration\":120000000,\"eval_count\":84,\"eval_duration\":2000000000}\n",
      TRUE);
  return G_SOURCE_REMOVE;
}

static void
handle_chat (Server *server, SoupServerMessage *message)
{
  Stream *stream;

  g_free (server->engine.last_chat);
  server->engine.last_chat = g_strndup (soup_server_message_get_request_body (message)->data,
                                        soup_server_message_get_request_body (message)->length);
  server->engine.n_chats++;
  if (server->engine.chat_error != NULL) {
    soup_server_message_set_status (message, 500, NULL);
    soup_server_message_set_response (message, "application/json", SOUP_MEMORY_COPY,
                                      server->engine.chat_error,
                                      strlen (server->engine.chat_error));
    return;
  }
  stream = g_new0 (Stream, 1);
  stream->server = server;
  stream->message = g_object_ref (message);
  g_ptr_array_add (server->streams, stream);
  soup_server_message_set_status (message, 200, NULL);
  soup_message_headers_set_encoding (soup_server_message_get_response_headers (message),
                                     SOUP_ENCODING_CHUNKED);
  soup_message_headers_set_content_type (soup_server_message_get_response_headers (message),
                                         "application/x-ndjson", NULL);
  g_signal_connect (message, "finished", G_CALLBACK (finished_cb), stream);
  stream->source_id = g_timeout_add (server->engine.piece_msec, stream_cb, stream);
  soup_server_message_pause (message);
}

/* ---- Other requests -------------------------------------------------------------------------- */

static void
remember_body (SoupServerMessage *message, char **body)
{
  SoupMessageBody *request = soup_server_message_get_request_body (message);

  g_free (*body);
  *body = g_strndup (request->data, request->length);
}

static const char *
choose (Server *server, SoupServerMessage *message, const char *path)
{
  FakeEngine *engine = &server->engine;

  if (g_str_equal (path, "/api/tags"))
    return engine->tags;
  if (g_str_equal (path, "/api/show"))
    return engine->show;
  if (g_str_equal (path, "/headroom/requests"))
    return engine->requests;
  if (g_str_equal (path, "/headroom/watches"))
    return engine->watches;
  if (g_str_equal (path, "/headroom/effective")) {
    remember_body (message, &engine->last_effective);
    return engine->effective;
  }
  if (g_str_equal (path, "/headroom/listen") &&
      g_str_equal (soup_server_message_get_method (message), "DELETE")) {
    engine->n_unlistens++;
    return "{}";
  }
  if (g_str_equal (path, "/headroom/listen") &&
      g_str_equal (soup_server_message_get_method (message), "GET"))
    return engine->listening;
  if (g_str_equal (path, "/headroom/listen")) {
    engine->n_listens++;
    remember_body (message, &engine->last_listen);
    return engine->listen;
  }
  if (g_str_has_prefix (path, "/headroom/requests/") &&
      g_str_equal (soup_server_message_get_method (message), "DELETE")) {
    g_free (engine->last_stop);
    engine->last_stop = g_strdup (path);
    return "{}";
  }
  if (g_str_equal (path, "/headroom/status")) {
    engine->n_statuses++;
    return engine->status;
  }
  if (g_str_equal (path, "/headroom/plan")) {
    remember_body (message, &engine->last_plan);
    engine->n_plans++;
    return engine->plan;
  }
  return NULL;
}

static void
request_cb (SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query,
            gpointer user_data)
{
  Server *server = user_data;
  const char *text;

  if (g_str_equal (path, "/api/chat")) {
    handle_chat (server, message);
    return;
  }
  text = choose (server, message, path);
  soup_server_message_set_status (message, text != NULL ? 200 : 404, NULL);
  if (text == NULL)
    text = "{\"error\":\"not found\"}";
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_COPY, text,
                                    strlen (text));
}

FakeEngine *
fake_engine_new (void)
{
  Server *server = g_new0 (Server, 1);
  g_autoptr (GSocket) socket =
      g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;

  server->folder = g_dir_make_tmp ("headroom-ui-XXXXXX", &error);
  g_assert_no_error (error);
  server->engine.socket_path = g_build_filename (server->folder, "socket", NULL);
  server->streams = g_ptr_array_new_with_free_func (stream_free);
  server->engine.piece_bytes = 6;
  server->engine.piece_msec = 5;
  address = g_unix_socket_address_new (server->engine.socket_path);
  g_assert_true (g_socket_bind (socket, address, FALSE, &error));
  g_assert_true (g_socket_listen (socket, &error));
  server->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (server->server, NULL, request_cb, server, NULL);
  g_assert_true (soup_server_listen_socket (server->server, socket, 0, &error));
  return &server->engine;
}

void
fake_engine_free (FakeEngine *engine)
{
  Server *server = (Server *) engine;

  g_ptr_array_unref (server->streams);
  soup_server_disconnect (server->server);
  g_object_unref (server->server);
  g_unlink (engine->socket_path);
  g_rmdir (server->folder);
  g_free (server->folder);
  g_free (engine->socket_path);
  g_free (engine->tags);
  g_free (engine->show);
  g_free (engine->status);
  g_free (engine->plan);
  g_free (engine->requests);
  g_free (engine->watches);
  g_free (engine->effective);
  g_free (engine->last_effective);
  g_free (engine->last_stop);
  g_free (engine->listening);
  g_free (engine->last_listen);
  g_free (engine->listen);
  g_free (engine->answer);
  g_free (engine->chat_error);
  g_free (engine->last_chat);
  g_free (engine->last_plan);
  g_free (server);
}
