/* test-hostile.c: clients that send nonsense, too much, too little, or leave.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <gio/gunixsocketaddress.h>

#include "server-fixture.h"

/* Whatever was sent before, the server still works. */
static void
assert_alive (Server *s)
{
  g_autoptr (HrValue) json = server_get (s, "/api/version");

  g_assert_nonnull (json);
}

static char *
request_text (const char *method, const char *path, const char *headers, const char *body)
{
  return g_strdup_printf ("%s %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n%s",
                          method, path, headers, strlen (body), body);
}

/* ---- Bodies ---- */

static void
test_broken_json (Server *s, gconstpointer data)
{
  static const char *const bodies[] = {
    "{",
    "[",
    "\"",
    "nul",
    "{}x",
    "[]",
    "17",
    "\"text\"",
    "null",
    "{\"model\":1}",
    "{\"model\":\"tiny\",\"messages\":7}",
    "{\"model\":\"tiny\",\"messages\":[7]}",
    "{\"model\":\"tiny\",\"messages\":[{\"role\":7}]}",
    "{\"model\":\"tiny\",\"stream\":\"yes\"}",
    "{\"model\":\"tiny\",\"options\":[]}",
    "{\"model\":\"tiny\",\"messages\":[{\"content\":\"\\ud800\"}],\"options\":7}",
    "\xff\xfe{}",
    "{\"model\":\"tiny\",\"options\":{\"num_ctx\":123456789012345678901234567890}}",
    "{\"model\":\"../../etc/passwd\",\"messages\":[]}",
    "{\"model\":\"/etc/passwd\",\"messages\":[]}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bodies); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *answer =
        headroom_client_request (s->client, "POST", "/api/chat", bodies[i], NULL, &error);
    g_assert_null (answer);
    g_assert_cmpint (error->domain, ==, HEADROOM_CLIENT_ERROR);
    g_assert_cmpuint (strlen (error->message), >, 3);
  }
  assert_alive (s);
}

static void
test_settings_out_of_range (Server *s, gconstpointer data)
{
  static const char *const options[] = { "\"num_ctx\":-5",     "\"num_ctx\":4294967296",
                                         "\"num_ctx\":1e300",  "\"parallel\":100000",
                                         "\"num_batch\":-1",   "\"kv_type\":\"q99\"",
                                         "\"top_k\":\"many\"", "\"temperature\":[]" };

  for (gsize i = 0; i < G_N_ELEMENTS (options); i++) {
    g_autofree char *body = g_strdup_printf (
        "{\"model\":\"tiny\",\"prompt\":\"x\",\"stream\":false,\"options\":{%s,\"num_predict\":1}}",
        options[i]);
    g_autoptr (GError) error = NULL;
    g_autofree char *answer =
        headroom_client_request (s->client, "POST", "/api/generate", body, NULL, &error);
    /* Refused with a sentence, or cut to what the model has; never a crash or a silence. */
    if (answer == NULL)
      g_assert_cmpint (error->domain, ==, HEADROOM_CLIENT_ERROR);
  }
  assert_alive (s);
}

static void
test_zero_byte (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) json = server_post (
      s, "/api/chat",
      "{\"model\":\"tiny\",\"stream\":false,\"messages\":[{\"role\":\"user\",\"content\":\"a\\u0000b\"}],"
      "\"options\":{\"num_predict\":1}}");
  g_autoptr (HrValue) plain = server_post (
      s, "/api/chat",
      "{\"model\":\"tiny\",\"stream\":false,\"messages\":[{\"role\":\"user\",\"content\":\"ab\"}],"
      "\"options\":{\"num_predict\":1}}");

  /* It is a byte like any other, not an end. */
  g_assert_cmpint (json_number (json, "prompt_eval_count"), ==,
                   json_number (plain, "prompt_eval_count") + 1);
}

static void
test_nesting (Server *s, gconstpointer data)
{
  g_autofree char *body = g_malloc (100001);
  g_autofree char *message = NULL;

  memset (body, '[', 100000);
  body[100000] = '\0';
  message = server_post_fails (s, "/api/chat", body, HEADROOM_CLIENT_ERROR_REQUEST);
  g_assert_cmpuint (strlen (message), >, 3);
  assert_alive (s);
}

static guint64
resident_bytes (void)
{
  g_autofree char *text = NULL;
  const char *line;

  g_assert_true (g_file_get_contents ("/proc/self/status", &text, NULL, NULL));
  line = strstr (text, "VmHWM:");
  return g_ascii_strtoull (line + strlen ("VmHWM:"), NULL, 10) * 1024;
}

/* A sanitizer keeps what was freed: there the number says nothing. */
static void
assert_grew_less (guint64 before, guint64 limit)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__clang__) /* clang tells in another way */
  g_assert_cmpuint (resident_bytes () - before, <, limit);
#endif
}

/* What the server says until it closes or the headers are complete. */
static char *
read_answer (GSocketConnection *connection)
{
  GString *answer = g_string_new (NULL);
  char buffer[1024];
  gssize n;

  while (strstr (answer->str, "\r\n\r\n") == NULL &&
         (n = g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (connection)), buffer,
                                   sizeof buffer, NULL, NULL)) > 0)
    g_string_append_len (answer, buffer, n);
  return g_string_free (answer, FALSE);
}

/* What a path is there for is said with the refusal (RFC 9110, 15.5.6). */
static void
test_other_method (Server *s, gconstpointer data)
{
  g_autofree char *text = request_text ("PUT", "/api/tags", "", "");
  g_autoptr (GSocketConnection) connection = server_connect (s);
  g_autofree char *answer = NULL;

  g_assert_true (server_send (connection, text, strlen (text)));
  answer = read_answer (connection);
  g_assert_nonnull (strstr (answer, "405 Method Not Allowed"));
  g_assert_nonnull (strstr (answer, "Allow: GET, HEAD\r\n"));
}

#define HUGE_BYTES (100u << 20)
#define PIECE_BYTES (1u << 20)

static void
send_huge (Server *s, gboolean chunked)
{
  g_autoptr (GSocketConnection) connection = server_connect (s);
  g_autofree char *head =
      g_strdup_printf ("POST /api/chat HTTP/1.1\r\nHost: localhost\r\n%s: %s\r\n\r\n",
                       chunked ? "Transfer-Encoding" : "Content-Length",
                       chunked ? "chunked" : "104857600");
  g_autofree char *piece = g_strnfill (PIECE_BYTES, 'x');
  g_autofree char *answer = NULL;
  guint64 before = resident_bytes ();
  g_autofree char *chunk_head = g_strdup_printf ("%x\r\n", PIECE_BYTES);

  server_send (connection, head, strlen (head));
  for (gsize sent = 0; sent < HUGE_BYTES; sent += PIECE_BYTES) {
    if (chunked)
      server_send (connection, chunk_head, strlen (chunk_head));
    server_send (connection, piece, PIECE_BYTES);
    if (chunked)
      server_send (connection, "\r\n", 2);
  }
  if (chunked)
    server_send (connection, "0\r\n\r\n", 5);
  answer = read_answer (connection);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 413 "));
  /* Announced: nothing is kept. Otherwise at most what would have been a good body. */
  assert_grew_less (before, chunked ? 3 * (64u << 20) : 32u << 20);
}

static void
test_huge_body (Server *s, gconstpointer data)
{
  send_huge (s, FALSE);
  assert_alive (s);
}

static void
test_huge_chunked_body (Server *s, gconstpointer data)
{
  send_huge (s, TRUE);
  assert_alive (s);
}

/* ---- Connections ---- */

static void
test_garbage (Server *s, gconstpointer data)
{
  static const char *const texts[] = {
    "\r\n\r\n",
    "GET\r\n\r\n",
    "GET / HTTP/9.9\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01",
    "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GSocketConnection) connection = server_connect (s);
    server_send (connection, texts[i], strlen (texts[i]));
    g_socket_shutdown (g_socket_connection_get_socket (connection), FALSE, TRUE, NULL);
    g_autofree char *answer = read_answer (connection);
    g_assert_false (g_str_has_prefix (answer, "HTTP/1.1 200"));
  }
  assert_alive (s);
}

static void
test_huge_header (Server *s, gconstpointer data)
{
  g_autoptr (GSocketConnection) connection = server_connect (s);
  g_autofree char *piece = g_strnfill (PIECE_BYTES, 'h');
  guint64 before = resident_bytes ();
  gboolean cut = FALSE;

  server_send (connection, "GET / HTTP/1.1\r\nX: ", strlen ("GET / HTTP/1.1\r\nX: "));
  for (gsize sent = 0; sent < HUGE_BYTES && !cut; sent += PIECE_BYTES)
    cut = !server_send (connection, piece, PIECE_BYTES);
  g_assert_true (cut);
  assert_grew_less (before, 32u << 20);
  assert_alive (s);
}

/* Cut after HEADROOM_SILENCE: the fixture's server allows one second. */
static void
test_half_sent (Server *s, gconstpointer data)
{
  static const char *const texts[] = {
    "", "GET / HT",
    "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{\"mod"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GSocketConnection) connection = server_connect (s);
    g_autoptr (GError) error = NULL;
    char byte;
    server_send (connection, texts[i], strlen (texts[i]));
    gssize n = g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (connection)), &byte,
                                    1, NULL, &error);
    g_assert_false (g_error_matches (error, G_IO_ERROR,
                                     G_IO_ERROR_TIMED_OUT)); /* it was the server who ended it */
    while (n > 0)
      n = g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (connection)), &byte, 1,
                               NULL, NULL);
  }
  assert_alive (s);
}

static guint
n_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* Clients that go between two requests leave nothing behind. */
static void
test_goes_when_idle (Server *s, gconstpointer data)
{
  g_autofree char *text = request_text ("GET", "/api/version", "", "");
  guint before = n_descriptors ();

  for (int i = 0; i < 600; i++) { /* more than there may be at once */
    g_autoptr (GSocketConnection) connection = server_connect (s);
    g_autofree char *answer = NULL;
    g_assert_true (server_send (connection, text, strlen (text)));
    answer = read_answer (connection);
    g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 200"));
  }
  for (int i = 0; i < 100 && n_descriptors () > before + 5; i++)
    g_usleep (20000);
  g_assert_cmpuint (n_descriptors (), <=, before + 5);
}

/* ---- Who may ask ---- */

static void
assert_status (Server *s, const char *method, const char *path, const char *headers,
               const char *status, const char *contains)
{
  g_autofree char *text = g_strdup_printf ("%s %s HTTP/1.1\r\n%s\r\n", method, path, headers);
  g_autofree char *answer = server_raw (s, text, -1);

  g_assert_true (g_str_has_prefix (answer, status));
  if (contains != NULL)
    g_assert_nonnull (strstr (answer, contains));
}

static void
test_foreign_pages (Server *s, gconstpointer data)
{
  assert_status (s, "GET", "/", "Host: localhost:1\r\n", "HTTP/1.1 200", NULL);
  assert_status (s, "GET", "/", "Host: evil.example\r\n", "HTTP/1.1 403", NULL);
  assert_status (s, "GET", "/", "Host: localhost\r\nOrigin: https://evil.example\r\n",
                 "HTTP/1.1 403", NULL);
  assert_status (s, "GET", "/", "Host: localhost\r\nOrigin: http://localhost:3000\r\n",
                 "HTTP/1.1 200", "Access-Control-Allow-Origin: http://localhost:3000");
  assert_status (
      s, "OPTIONS", "/api/chat",
      "Host: localhost\r\nOrigin: http://localhost:3000\r\nAccess-Control-Request-Method: POST\r\n",
      "HTTP/1.1 204", "Access-Control-Allow-Methods");
  assert_status (s, "OPTIONS", "/api/chat", "Host: localhost\r\nOrigin: https://evil.example\r\n",
                 "HTTP/1.1 403", NULL);
  assert_status (s, "POST", "/headroom/listen", "Host: localhost\r\nContent-Length: 0\r\n",
                 "HTTP/1.1 403", NULL);
}

/* ---- Leaving ---- */

static char *
slow_body (int n_words, const char *more)
{
  GString *prompt = g_string_new (NULL);
  char *body;

  for (int i = 0; i < n_words; i++)
    g_string_append_printf (prompt, "%d ", i);
  body = g_strdup_printf (
      "{\"model\":\"slow\",\"prompt\":\"%s\",\"raw\":true,\"options\":{\"num_ctx\":16384,\"parallel\":1,"
      "\"num_predict\":-2,\"temperature\":0}%s}",
      prompt->str, more);
  g_string_free (prompt, TRUE);
  return body;
}

/* Sends it and waits until it is being worked at. */
static GSocketConnection *
begin (Server *s, const char *body)
{
  GSocketConnection *connection = server_connect (s);
  g_autofree char *text = request_text ("POST", "/api/generate", "", body);

  g_assert_true (server_send (connection, text, strlen (text)));
  server_wait_until (s, something_runs, NULL);
  return connection;
}

static gint64
generated_tokens (Server *s)
{
  g_autoptr (HrValue) status = server_get (s, "/headroom/status");

  return json_number (status, "models.0.cached_tokens");
}

static void
test_leave_in_stream (Server *s, gconstpointer data)
{
  g_autofree char *body = slow_body (3, "");
  g_autoptr (GSocketConnection) connection = begin (s, body);
  g_autofree char *head = read_answer (connection);

  g_assert_true (g_str_has_prefix (head, "HTTP/1.1 200"));
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  server_wait_until (s, nothing_runs, NULL);
  g_assert_cmpint (generated_tokens (s), <, 16000); /* stopped, not finished */
}

/* Paused: nothing is written until the whole answer is there, so no write can fail. */
static void
test_leave_while_silent (Server *s, gconstpointer data)
{
  g_autofree char *body = slow_body (3, ",\"stream\":false");
  g_autoptr (GSocketConnection) connection = begin (s, body);

  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  server_wait_until (s, nothing_runs, NULL);
  g_assert_cmpint (generated_tokens (s), <, 16000);
}

static void
test_leave_in_prompt (Server *s, gconstpointer data)
{
  g_autofree char *body = slow_body (2600, "");
  g_autoptr (GSocketConnection) connection = begin (s, body);

  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  server_wait_until (s, nothing_runs, NULL);
  g_assert_cmpint (generated_tokens (s), <, 12000); /* the prompt has more */
}

static gboolean
one_is_queued (HrValue *status, gpointer data)
{
  return json_at (status, "models.0.slots.queued") != NULL &&
         json_number (status, "models.0.requests") == 2;
}

static gboolean
only_one_is_left (HrValue *status, gpointer data)
{
  return json_number (status, "models.0.requests") == 1;
}

static void
test_leave_in_queue (Server *s, gconstpointer data)
{
  g_autofree char *body = slow_body (3, "");
  g_autoptr (GSocketConnection) first = begin (s, body);
  g_autoptr (GSocketConnection) second = server_connect (s);
  g_autofree char *text = request_text ("POST", "/api/generate", "", body);

  g_assert_true (server_send (second, text, strlen (text)));
  server_wait_until (s, one_is_queued, NULL);
  g_io_stream_close (G_IO_STREAM (second), NULL, NULL);
  server_wait_until (s, only_one_is_left, NULL);
  g_io_stream_close (G_IO_STREAM (first), NULL, NULL);
  server_wait_until (s, nothing_runs, NULL);
}

/* ---- Not reading ---- */

static gboolean
one_was_dropped (HrValue *status, gpointer data)
{
  HrValue *events = json_at (status, "events");

  for (gsize i = 0; i < hr_value_size (events); i++)
    if (g_strcmp0 (json_text (hr_value_at (events, i), "kind"), "drop") == 0)
      return TRUE;
  return FALSE;
}

/* A unix socket holds little, and each token brings twenty others: what is not read soon comes to
 * more than may wait. */
static void
test_slow_reader (Server *s, gconstpointer data)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (s->socket_path);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection =
    g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, &error);
  g_autofree char *text = request_text (
      "POST", "/api/generate", "",
      "{\"model\":\"endless\",\"prompt\":\"go\",\"raw\":true,\"logprobs\":true,\"top_logprobs\":20,"
      "\"options\":{\"num_ctx\":8192,\"num_predict\":-2,\"temperature\":0}}");

  g_assert_no_error (error);
  g_assert_true (server_send (connection, text, strlen (text)));
  server_wait_until (s, one_was_dropped, NULL);
  server_wait_until (s, nothing_runs, NULL);
}

/* ---- Leaving in good order ---- */

/* The client object's own way. */
static void
cancel_cb (const char *line, gpointer data)
{
  g_cancellable_cancel (data);
}

static void
test_cancel (Server *s, gconstpointer data)
{
  g_autofree char *body = slow_body (3, "");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_assert_false (headroom_client_stream (s->client, "/api/generate", body, cancel_cb, cancellable,
                                          cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  server_wait_until (s, nothing_runs, NULL);
}

/* The server ends while somebody is served. */
static void
test_stop_while_busy (Server *s, gconstpointer data)
{
  g_autofree char *body = slow_body (3, "");
  G_GNUC_UNUSED g_autoptr (GSocketConnection) connection = begin (s, body);

  headroom_server_stop (s->server);
  g_assert_false (g_file_test (s->socket_path, G_FILE_TEST_EXISTS));
}

/* ---- Company ---- */

#define N_CHATS 8

typedef struct {
  guint n_done;
  GString *texts[N_CHATS];
} Chats;

static void
text_cb (const char *line, gpointer data)
{
  g_autoptr (HrValue) json = headroom_json_parse (line, -1, FALSE, NULL);

  g_string_append (data, json_text (json, "message.content"));
}

static void
chat_done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (headroom_client_stream_finish (HEADROOM_CLIENT (source), result, &error));
  g_assert_no_error (error);
  ((Chats *) data)->n_done++;
}

/* More chats than slots, half of them the same: all are answered, and company changes no answer. */
static void
test_concurrent (Server *s, gconstpointer data)
{
  Chats chats = { 0 };

  for (int i = 0; i < N_CHATS; i++) {
    g_autofree char *body = g_strdup_printf (
        "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"question %d\"}],"
        "\"options\":{\"num_predict\":20,\"temperature\":0}}",
        i % 2 ? "tiny" : "other", i / 4);
    chats.texts[i] = g_string_new (NULL);
    headroom_client_stream_async (s->client, "/api/chat", body, text_cb, chats.texts[i], NULL,
                                  chat_done_cb, &chats);
  }
  while (chats.n_done < N_CHATS)
    g_main_context_iteration (NULL, TRUE);
  for (int i = 0; i < N_CHATS; i++)
    g_assert_cmpstr (chats.texts[i]->str, ==,
                     chats.texts[i / 4 * 4]->str); /* both models are the same file */
  for (int i = 0; i < N_CHATS; i++)
    g_string_free (chats.texts[i], TRUE);
}

static void
setup_slow (Server *s, gconstpointer data)
{
  server_setup (s, data);
  server_add_endless_models (s->loose);
}

int
main (int argc, char **argv)
{
  int rc;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
#define CASE(path, func) \
  g_test_add ("/hostile/" path, Server, NULL, server_setup, func, server_teardown)
#define SLOW(path, func) \
  g_test_add ("/hostile/" path, Server, NULL, setup_slow, func, server_teardown)
  CASE ("body/broken-json", test_broken_json);
  CASE ("other-method", test_other_method);
  CASE ("goes-when-idle", test_goes_when_idle);
  CASE ("body/settings", test_settings_out_of_range);
  CASE ("body/zero-byte", test_zero_byte);
  CASE ("body/nesting", test_nesting);
  CASE ("body/huge", test_huge_body);
  CASE ("body/huge-chunked", test_huge_chunked_body);
  CASE ("connection/garbage", test_garbage);
  CASE ("connection/huge-header", test_huge_header);
  CASE ("connection/half-sent", test_half_sent);
  CASE ("foreign-pages", test_foreign_pages);
  SLOW ("leave/stream", test_leave_in_stream);
  SLOW ("leave/silent", test_leave_while_silent);
  SLOW ("leave/prompt", test_leave_in_prompt);
  SLOW ("leave/queue", test_leave_in_queue);
  SLOW ("leave/cancel", test_cancel);
  SLOW ("slow-reader", test_slow_reader);
  SLOW ("stop-while-busy", test_stop_while_busy);
  CASE ("concurrent", test_concurrent);
  rc = g_test_run ();
  server_fixture_finish ();
  return rc;
}
