/* test-session.c: one server per store, whoever starts it, and another when it ends.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-session.h"

#include <gio/gio.h>
#include <signal.h>

#include "server-fixture.h"

typedef struct {
  char *root, *loose;
  HeadroomStore *store;
} Fixture;

static void
setup (Fixture *f, gconstpointer data)
{
  f->store = server_store_new (&f->root, &f->loose);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  g_object_unref (f->store);
  server_store_remove (f->root, f->loose);
}

static HeadroomSession *
open_session (Fixture *f, HeadroomSessionFlags flags)
{
  g_autoptr (GError) error = NULL;
  HeadroomSession *session = headroom_session_open (f->store, flags, &error);

  g_assert_no_error (error);
  return session;
}

static void
assert_answers (HeadroomSession *session)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = headroom_client_request (headroom_session_get_client (session), "GET",
                                                   "/api/version", NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (strstr (text, "version"));
}

/* ---- In one process ---- */

static void
test_second_attaches (Fixture *f, gconstpointer data)
{
  g_autoptr (HeadroomSession) first = open_session (f, HEADROOM_SESSION_PLAIN);
  g_autoptr (HeadroomSession) second = open_session (f, HEADROOM_SESSION_PLAIN);

  g_assert_true (headroom_session_is_host (first));
  g_assert_false (headroom_session_is_host (second));
  assert_answers (first);
  assert_answers (second);
}

static void
test_next_takes_over (Fixture *f, gconstpointer data)
{
  HeadroomSession *first = open_session (f, HEADROOM_SESSION_PLAIN);
  g_autoptr (HeadroomSession) second = open_session (f, HEADROOM_SESSION_PLAIN);

  assert_answers (second);
  g_assert_finalize_object (first);
  assert_answers (second);
  g_assert_true (headroom_session_is_host (second));
}

/* Who no longer wants other programs to be answered has the next server not listen for them. */
static void
test_next_listens_as_wanted (Fixture *f, gconstpointer data)
{
  HeadroomSession *first = open_session (f, HEADROOM_SESSION_PLAIN);
  g_autoptr (HeadroomSession) second = NULL;

  g_setenv ("HEADROOM_HOST", "127.0.0.1:0", TRUE);
  second = open_session (f, HEADROOM_SESSION_LISTEN);
  g_assert_nonnull (headroom_session_get_uri (second));
  headroom_session_set_flags (second, HEADROOM_SESSION_PLAIN);
  g_assert_finalize_object (first);
  assert_answers (second);
  g_assert_true (headroom_session_is_host (second));
  g_assert_null (headroom_session_get_uri (second));
  g_unsetenv ("HEADROOM_HOST");
}

typedef struct {
  HeadroomSession *session;
  gboolean done;
} Opened;

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Opened *opened = data;
  g_autoptr (GError) error = NULL;

  opened->session = headroom_session_open_finish (result, &error);
  g_assert_no_error (error);
  opened->done = TRUE;
}

static void
test_async (Fixture *f, gconstpointer data)
{
  Opened a = { 0 }, b = { 0 };

  headroom_session_open_for_store_async (f->store, HEADROOM_SESSION_PLAIN, NULL, opened_cb, &a);
  headroom_session_open_for_store_async (f->store, HEADROOM_SESSION_PLAIN, NULL, opened_cb, &b);
  while (!a.done || !b.done)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (headroom_session_is_host (a.session) != headroom_session_is_host (b.session));
  assert_answers (a.session);
  assert_answers (b.session);
  g_assert_finalize_object (a.session);
  assert_answers (b.session);
  g_assert_finalize_object (b.session);
}

typedef struct {
  GString *text;
  gboolean done;
  GError *error;
} Chat;

static void
chat_line_cb (const char *line, gpointer data)
{
  g_string_append (((Chat *) data)->text, line);
}

static void
chat_done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Chat *chat = data;

  headroom_client_stream_finish (HEADROOM_CLIENT (source), result, &chat->error);
  chat->done = TRUE;
}

#define ENDLESS(stream)                                                      \
  "{\"model\":\"endless\",\"prompt\":\"go\",\"raw\":true,\"stream\":" stream \
  ",\"options\":{\"num_ctx\":%d,\"num_predict\":-2,\"temperature\":0}}"

static gpointer
close_soon (gpointer session)
{
  g_usleep (300 * 1000);
  headroom_session_close (session);
  return NULL;
}

/* A stream in progress ends with a sentence. */
static void
test_close_in_stream (Fixture *f, gconstpointer data)
{
  g_autoptr (HeadroomSession) first = open_session (f, HEADROOM_SESSION_PLAIN);
  g_autoptr (HeadroomSession) second = open_session (f, HEADROOM_SESSION_PLAIN);
  g_autofree char *body = g_strdup_printf (ENDLESS ("true"), 8192);
  Chat chat = { .text = g_string_new (NULL) };
  g_autoptr (GThread) closer = NULL;

  server_add_endless_models (f->loose);
  headroom_client_stream_async (headroom_session_get_client (second), "/api/generate", body,
                                chat_line_cb, &chat, NULL, chat_done_cb, &chat);
  while (chat.text->len == 0)
    g_main_context_iteration (NULL, TRUE);
  closer = g_thread_new ("closer", close_soon, first);
  while (!chat.done)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (chat.error, HEADROOM_CLIENT_ERROR, HEADROOM_CLIENT_ERROR_SERVER);
  g_assert_nonnull (strstr (chat.error->message, "shutting down"));
  g_clear_error (&chat.error);
  g_string_free (chat.text, TRUE);
  g_thread_join (g_steal_pointer (&closer));
  assert_answers (second);
  g_assert_true (headroom_session_is_host (second));
}

/* One that has not begun to be answered is asked again of the next server. */
static void
test_close_before_answer (Fixture *f, gconstpointer data)
{
  g_autoptr (HeadroomSession) first = open_session (f, HEADROOM_SESSION_PLAIN);
  g_autoptr (HeadroomSession) second = open_session (f, HEADROOM_SESSION_PLAIN);
  g_autofree char *body = g_strdup_printf (ENDLESS ("false"), 2048);
  g_autoptr (GThread) closer = NULL;
  g_autofree char *answer = NULL;
  g_autoptr (GError) error = NULL;

  server_add_endless_models (f->loose);
  closer = g_thread_new ("closer", close_soon, first);
  answer = headroom_client_request (headroom_session_get_client (second), "POST", "/api/generate",
                                    body, NULL, &error);
  g_thread_join (g_steal_pointer (&closer));
  g_assert_no_error (error);
  g_assert_nonnull (strstr (answer, "\"done\":true"));
  assert_answers (second);
}

static void
test_other_store (Fixture *f, gconstpointer data)
{
  g_autoptr (HeadroomSession) first = open_session (f, HEADROOM_SESSION_PLAIN);
  g_autoptr (HeadroomStore) other = headroom_store_new (f->loose, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (HeadroomSession) second =
      headroom_session_open (other, HEADROOM_SESSION_PLAIN, &error);

  g_assert_no_error (error);
  g_assert_true (headroom_session_is_host (first));
  g_assert_true (headroom_session_is_host (second));
}

/* ---- Listening ---- */

static void
test_listens (Fixture *f, gconstpointer data)
{
  g_setenv ("HEADROOM_HOST", "127.0.0.1:0", TRUE);
  g_autoptr (HeadroomSession) session = open_session (f, HEADROOM_SESSION_LISTEN);
  g_autoptr (HeadroomClient) client =
      headroom_client_new_for_uri (headroom_session_get_uri (session));
  g_autoptr (GError) error = NULL;
  g_autofree char *text = headroom_client_request (client, "GET", "/", NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, "Ollama is running");
  g_assert_null (headroom_session_get_notice (session));
  g_unsetenv ("HEADROOM_HOST");
}

static void
test_port_taken (Fixture *f, gconstpointer data)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  g_autofree char *spec = g_strdup_printf ("127.0.0.1:%u", port);
  g_autofree char *taken = g_strdup_printf ("%u", port);

  g_setenv ("HEADROOM_HOST", spec, TRUE);
  g_autoptr (HeadroomSession) session = open_session (f, HEADROOM_SESSION_LISTEN);
  const char *notice = headroom_session_get_notice (session);
  g_assert_nonnull (notice);
  g_assert_nonnull (strstr (notice, taken));
  g_assert_nonnull (strstr (notice, "process"));       /* who has it */
  g_assert_nonnull (strstr (notice, "HEADROOM_HOST")); /* and what to do */
  g_assert_null (headroom_session_get_uri (session));
  assert_answers (session);
  g_unsetenv ("HEADROOM_HOST");
}

/* Who comes second and wants to listen has the first one listen. */
static void
test_attached_listens (Fixture *f, gconstpointer data)
{
  G_GNUC_UNUSED g_autoptr (HeadroomSession) first = open_session (f, HEADROOM_SESSION_PLAIN);

  g_setenv ("HEADROOM_HOST", "127.0.0.1:0", TRUE);
  g_autoptr (HeadroomSession) second = open_session (f, HEADROOM_SESSION_LISTEN);
  g_assert_false (headroom_session_is_host (second));
  g_assert_cmpstr (headroom_session_get_notice (second), ==, NULL);
  g_autoptr (HeadroomClient) client =
      headroom_client_new_for_uri (headroom_session_get_uri (second));
  g_autoptr (GError) error = NULL;
  g_autofree char *text = headroom_client_request (client, "GET", "/", NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, "Ollama is running");
  g_unsetenv ("HEADROOM_HOST");
}

/* ---- Two processes ---- */

typedef struct {
  GSubprocess *process;
  GDataInputStream *out;
} Helper;

static char *
read_line (Helper *helper)
{
  g_autoptr (GError) error = NULL;
  char *line = g_data_input_stream_read_line (helper->out, NULL, NULL, &error);

  g_assert_no_error (error);
  return line;
}

static Helper
start_helper (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  Helper helper;

  helper.process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                                     &error, g_getenv ("SESSION_HELPER"), f->root, NULL);
  g_assert_no_error (error);
  helper.out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (helper.process));
  return helper;
}

static char *
helper_asks (Helper *helper, const char *path)
{
  g_autofree char *line = g_strconcat (path, "\n", NULL);

  g_assert_true (g_output_stream_write_all (g_subprocess_get_stdin_pipe (helper->process), line,
                                            strlen (line), NULL, NULL, NULL));
  return read_line (helper);
}

static void
end_helper (Helper *helper)
{
  g_output_stream_close (g_subprocess_get_stdin_pipe (helper->process), NULL, NULL);
  g_assert_true (g_subprocess_wait (helper->process, NULL, NULL));
  g_object_unref (helper->out);
  g_object_unref (helper->process);
}

static gboolean
has_helper (void)
{
  if (g_getenv ("SESSION_HELPER") != NULL)
    return TRUE;
  g_test_skip ("SESSION_HELPER is not set (run through meson test)");
  return FALSE;
}

static void
test_process_attaches (Fixture *f, gconstpointer data)
{
  g_autoptr (HeadroomSession) session = NULL;
  g_autofree char *role = NULL, *before = NULL, *after = NULL;
  Helper helper;

  if (!has_helper ())
    return;
  session = open_session (f, HEADROOM_SESSION_PLAIN);
  helper = start_helper (f);
  role = read_line (&helper);
  g_assert_cmpstr (role, ==, "attached");
  before = helper_asks (&helper, "/");
  g_assert_cmpstr (before, ==, "attached Ollama is running");
  headroom_session_close (session);
  after = helper_asks (&helper, "/");
  g_assert_cmpstr (after, ==, "host Ollama is running");
  end_helper (&helper);
}

static void
test_process_dies (Fixture *f, gconstpointer data)
{
  g_autoptr (HeadroomSession) session = NULL;
  g_autofree char *role = NULL;
  Helper helper;

  if (!has_helper ())
    return;
  helper = start_helper (f);
  role = read_line (&helper);
  g_assert_cmpstr (role, ==, "host");
  session = open_session (f, HEADROOM_SESSION_PLAIN);
  g_assert_false (headroom_session_is_host (session));
  assert_answers (session);
  /* Killed: nobody tidied up. The socket it left behind is in nobody's way. */
  g_subprocess_send_signal (helper.process, SIGKILL);
  g_subprocess_wait (helper.process, NULL, NULL);
  assert_answers (session);
  g_assert_true (headroom_session_is_host (session));
  end_helper (&helper);
}

int
main (int argc, char **argv)
{
  int rc;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
#define CASE(path, func) g_test_add ("/session/" path, Fixture, NULL, setup, func, teardown)
  CASE ("second-attaches", test_second_attaches);
  CASE ("next-takes-over", test_next_takes_over);
  CASE ("next-listens-as-wanted", test_next_listens_as_wanted);
  CASE ("async", test_async);
  CASE ("close/in-stream", test_close_in_stream);
  CASE ("close/before-answer", test_close_before_answer);
  CASE ("other-store", test_other_store);
  CASE ("listen/plain", test_listens);
  CASE ("listen/port-taken", test_port_taken);
  CASE ("listen/attached", test_attached_listens);
  CASE ("process/attaches", test_process_attaches);
  CASE ("process/dies", test_process_dies);
  rc = g_test_run ();
  server_fixture_finish ();
  return rc;
}
