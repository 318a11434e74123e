/* test-requests.c: who is being answered, and stopping an answer by hand.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "server-fixture.h"

#include <unistd.h>

typedef struct {
  gboolean over;
  GError *error;
} Asking;

static void
asked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Asking *asking = user_data;

  asking->over = TRUE;
  headroom_client_stream_finish (HEADROOM_CLIENT (source), result, &asking->error);
}

static void
line_cb (const char *line, gpointer user_data)
{
}

/* An answer that would never end, from this program over TCP. */
static void
ask (Server *s, Asking *asking)
{
  headroom_client_stream_async (
      s->client, "/api/generate",
      "{\"model\":\"endless\",\"prompt\":\"go on\",\"options\":{\"num_predict\":-2,\"num_ctx\":512}}",
      line_cb, NULL, NULL, asked_cb, asking);
}

/* Waits until the only request is in a state. */
static HrValue *
wait_for (Server *s, const char *state)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE_SECONDS * G_USEC_PER_SEC;

  for (;;) {
    g_autoptr (HrValue) json = server_get (s, "/headroom/requests");
    if (g_strcmp0 (json_text (json, "requests.0.state"), state) == 0)
      return g_steal_pointer (&json);
    g_assert_cmpint (g_get_monotonic_time (), <, deadline);
  }
}

static void
test_list_and_stop (Server *s, gconstpointer data)
{
  Asking asking = { 0 };
  g_autoptr (HrValue) json = NULL, none = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL, *refused = NULL, *stopped = NULL, *again = NULL;

  ask (s, &asking);
  json = wait_for (s, "answering");
  g_assert_cmpstr (json_text (json, "requests.0.model"), ==, "endless:latest");
  g_assert_cmpstr (json_text (json, "requests.0.path"), ==, "/api/generate");
  g_assert_cmpint (json_number (json, "requests.0.num_ctx"), ==, 512);
  g_assert_cmpint (json_number (json, "requests.0.prompt_tokens"), >, 0);
  g_assert_cmpint (json_number (json, "requests.0.pid"), ==, getpid ());
  g_assert_true (g_str_has_prefix (json_text (json, "requests.0.client"), "test-requests"));

  /* Another machine could come over TCP; only this user's programs may stop an answer. */
  path =
      g_strdup_printf ("/headroom/requests/%" G_GINT64_FORMAT, json_number (json, "requests.0.id"));
  refused = headroom_client_request (s->client, "DELETE", path, NULL, NULL, &error);
  g_assert_error (error, HEADROOM_CLIENT_ERROR, HEADROOM_CLIENT_ERROR_REQUEST);
  g_clear_error (&error);

  stopped = headroom_client_request (s->local, "DELETE", path, NULL, NULL, &error);
  g_assert_no_error (error);
  while (!asking.over)
    g_main_context_iteration (NULL, TRUE);
  g_assert_nonnull (asking.error);
  g_assert_cmpstr (asking.error->message, ==, "This answer was stopped by hand");
  g_clear_error (&asking.error);

  none = server_get (s, "/headroom/requests");
  g_assert_cmpuint (hr_value_size (json_at (none, "requests")), ==, 0);
  again = headroom_client_request (s->local, "DELETE", path, NULL, NULL, &error);
  g_assert_error (error, HEADROOM_CLIENT_ERROR, HEADROOM_CLIENT_ERROR_NOT_FOUND);
}

/* Questions about state are no requests of a model, and an identity that is no number is nobody's.
 */
static void
test_nothing_runs (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) json = server_get (s, "/headroom/requests");
  g_autoptr (GError) error = NULL;
  g_autofree char *text G_GNUC_UNUSED =
      headroom_client_request (s->local, "DELETE", "/headroom/requests/-1x", NULL, NULL, &error);

  g_assert_cmpuint (hr_value_size (json_at (json, "requests")), ==, 0);
  g_assert_error (error, HEADROOM_CLIENT_ERROR, HEADROOM_CLIENT_ERROR_NOT_FOUND);
}

static void
setup_endless (Server *s, gconstpointer data)
{
  server_setup (s, data);
  server_add_endless_models (s->loose);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
  g_test_add ("/requests/list-and-stop", Server, NULL, setup_endless, test_list_and_stop,
              server_teardown);
  g_test_add ("/requests/nothing-runs", Server, NULL, server_setup, test_nothing_runs,
              server_teardown);
  status = g_test_run ();
  server_fixture_finish ();
  return status;
}
