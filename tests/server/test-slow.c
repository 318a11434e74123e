/* test-slow.c: clients that take their time, and clients that are many: others are answered all the
 * while.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The fixture's server allows a second of silence. Nothing here is about how long anything takes:
 * only about who is answered, and who is cut off in the end.
 */
#include "server-fixture.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define N_IDLE 1000 /* more than there may be at once */

/* Each time on a connection of its own. */
static void
assert_answered (Server *s)
{
  g_autofree char *body = NULL;
  guint status = server_ask (s, "POST", "/api/generate", "",
                             "{\"model\":\"tiny\",\"prompt\":\"a\",\"stream\":false,"
                             "\"options\":{\"num_predict\":2}}",
                             &body);

  g_assert_cmpuint (status, ==, 200);
}

/* Whether the other side has ended the connection; takes what it said. */
static gboolean
is_ended (GSocketConnection *connection)
{
  GSocket *socket = g_socket_connection_get_socket (connection);
  char buffer[256];
  g_autoptr (GError) error = NULL;
  gssize n;

  do
    n = g_socket_receive_with_blocking (socket, buffer, sizeof buffer, FALSE, NULL, &error);
  while (n > 0);
  return n == 0 || (n < 0 && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK));
}

/* Sends letter after letter of an endless text until the server has had enough. */
static void
trickle (Server *s, const char *start, gboolean others_too)
{
  g_autoptr (GSocketConnection) connection = server_connect (s);
  gint64 deadline = g_get_monotonic_time () + 2 * PATIENCE_SECONDS * G_USEC_PER_SEC;
  gboolean open = server_send (connection, start, strlen (start));

  for (guint i = 0; open; i++) {
    if (others_too && i % 100 == 0)
      assert_answered (s);
    g_usleep (20000);
    open = server_send (connection, "a", 1) && !is_ended (connection);
    g_assert_cmpint (g_get_monotonic_time (), <, deadline);
  }
  assert_answered (s);
}

static void
test_trickled_headers (Server *s, gconstpointer data)
{
  trickle (s, "GET /api/version HTTP/1.1\r\nHost: localhost\r\nX-Long: ", TRUE);
}

static void
test_trickled_first_line (Server *s, gconstpointer data)
{
  trickle (s, "GET /", FALSE);
}

/* Who asked and only listens is no slow client, however long it lasts: the body outlives every
 * deadline that there is. */
static void
test_trickled_body (Server *s, gconstpointer data)
{
  static const char request[] = "GET /headroom/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
  g_autoptr (GSocketConnection) listener = server_connect (s);

  g_assert_true (server_send (listener, request, strlen (request)));
  trickle (s,
           "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000000\r\n\r\n"
           "{\"model\":\"",
           TRUE);
  g_assert_false (is_ended (listener));
}

/* A file may take as long as it takes: longer than a request's headers or silence may. */
static void
test_trickled_file (Server *s, gconstpointer data)
{
  g_autofree char *letters = g_strnfill (80, 'a');
  g_autofree char *hex = g_compute_checksum_for_string (G_CHECKSUM_SHA256, letters, -1);
  g_autofree char *head = g_strdup_printf (
      "POST /api/blobs/sha256:%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
      "Content-Length: 80\r\n\r\n",
      hex);
  g_autoptr (GSocketConnection) connection = server_connect (s);
  char answer[64] = "";

  g_assert_true (server_send (connection, head, strlen (head)));
  for (gsize i = 0; i < 80; i++) {
    g_assert_true (server_send (connection, letters + i, 1));
    g_usleep (30000);
  }
  g_assert_cmpint (g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (connection)),
                                        answer, sizeof answer - 1, NULL, NULL),
                   >, 0);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 201 "));
}

/* A little at a time of a long answer, through a narrow window. */
static void
test_reads_by_the_byte (Server *s, gconstpointer data)
{
  static const char request[] =
      "GET /headroom/openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  g_autoptr (GSocketConnection) connection = server_connect (s);
  GInputStream *in = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  g_autoptr (GError) error = NULL;
  char letter;

  g_socket_set_option (g_socket_connection_get_socket (connection), SOL_SOCKET, SO_RCVBUF, 1024,
                       &error);
  g_assert_no_error (error);
  g_assert_true (server_send (connection, request, strlen (request)));
  for (guint i = 0; i < 400; i++) {
    g_assert_cmpint (g_input_stream_read (in, &letter, 1, NULL, NULL), ==, 1);
    g_usleep (2000);
    if (i % 100 == 0)
      assert_answered (s);
  }
}

/* ---- Many ---- */

/* Both ends of each connection are in this process. */
static gboolean
may_have_descriptors (rlim_t n)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return FALSE;
  if (limit.rlim_cur < n && limit.rlim_max >= n) {
    limit.rlim_cur = n;
    setrlimit (RLIMIT_NOFILE, &limit);
  }
  return limit.rlim_cur >= n;
}

static void
setup_endless (Server *s, gconstpointer data)
{
  server_setup (s, data);
  server_add_endless_models (s->loose);
}

/* They hold every place that there is; who asks something gets one all the same, and who is being
 * answered keeps his. */
static void
test_idle_crowd (Server *s, gconstpointer data)
{
  static const char endless[] =
      "{\"model\":\"endless\",\"prompt\":\"a\",\"options\":{\"num_ctx\":8192,\"num_predict\":-2,"
      "\"temperature\":0}}";
  g_autoptr (GPtrArray) crowd = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GSocketConnection) busy = NULL;
  g_autofree char *request = g_strdup_printf (
      "POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n%s",
      strlen (endless), endless);

  if (!may_have_descriptors (2 * N_IDLE + 200)) {
    g_test_skip ("so many descriptors are not allowed here");
    return;
  }
  busy = server_connect (s);
  g_assert_true (server_send (busy, request, strlen (request)));
  server_wait_until (s, something_runs, NULL);
  for (guint i = 0; i < N_IDLE; i++)
    g_ptr_array_add (crowd, server_connect (s));
  for (guint i = 0; i < 3; i++)
    assert_answered (s);
  server_wait_until (s, something_runs, NULL);
  g_ptr_array_set_size (crowd, 0);
  assert_answered (s);
  g_io_stream_close (G_IO_STREAM (busy), NULL, NULL);
  server_wait_until (s, nothing_runs, NULL);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
#define CASE(path, func) \
  g_test_add ("/slow/" path, Server, NULL, server_setup, func, server_teardown)
  CASE ("trickle/first-line", test_trickled_first_line);
  CASE ("trickle/headers", test_trickled_headers);
  CASE ("trickle/body", test_trickled_body);
  CASE ("trickle/file", test_trickled_file);
  CASE ("reads-by-the-byte", test_reads_by_the_byte);
  g_test_add ("/slow/idle-crowd", Server, NULL, setup_endless, test_idle_crowd, server_teardown);
  result = g_test_run ();
  server_fixture_finish ();
  return result;
}
