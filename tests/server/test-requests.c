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
      "{\"model\":\"endless\",\"prompt\":\"go on\",\"shift\":true,"
      "\"options\":{\"num_predict\":100000000,\"num_ctx\":512}}",
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

/* An answer takes the model's only slot; those who come then wait, each behind the one before. */
static void
test_queue_places (Server *s, gconstpointer data)
{
  Asking asking[4] = { 0 };
  gint64 places[G_N_ELEMENTS (asking)] = { 0 };
  g_autoptr (HrValue) json = NULL, first = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (asking); i++) {
    gint64 deadline = g_get_monotonic_time () + PATIENCE_SECONDS * G_USEC_PER_SEC;
    ask (s, &asking[i]);
    do {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_clear_pointer (&json, hr_value_unref);
      json = server_get (s, "/headroom/requests");
    } while (hr_value_size (json_at (json, "requests")) <= i);
    g_clear_pointer (&first, hr_value_unref);
    first = i == 0 ? wait_for (s, "answering") : NULL;
  }
  for (guint i = 0; i < G_N_ELEMENTS (asking); i++) {
    const HrValue *request = hr_value_at (json_at (json, "requests"), i);
    gint64 place = headroom_json_get_int (request, "queue_place", -1);
    g_assert_cmpint (place, >=, 0);
    g_assert_cmpint (place, <, G_N_ELEMENTS (asking));
    /* They were asked in the order of their numbers. */
    g_assert_cmpint (headroom_json_get_int (request, "id", 0), >, 0);
    places[place] = headroom_json_get_int (request, "id", 0);
  }
  for (guint i = 1; i < G_N_ELEMENTS (asking); i++)
    g_assert_cmpint (places[i - 1], <, places[i]);

  for (guint i = 0; i < G_N_ELEMENTS (asking); i++) {
    g_autofree char *path = g_strdup_printf ("/headroom/requests/%" G_GINT64_FORMAT, places[i]);
    g_autofree char *stopped =
        headroom_client_request (s->local, "DELETE", path, NULL, NULL, &error);
    g_assert_no_error (error);
    g_assert_nonnull (stopped);
  }
  for (guint i = 0; i < G_N_ELEMENTS (asking); i++) {
    while (!asking[i].over)
      g_main_context_iteration (NULL, TRUE);
    g_clear_error (&asking[i].error);
  }
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

/* What is over is told, with how it ended; questions about state are not. */
static void
test_recent (Server *s, gconstpointer data)
{
  Asking asking = { 0 };
  g_autoptr (GCancellable) leaving = g_cancellable_new ();
  g_autoptr (HrValue) good =
      server_post (s, "/api/generate",
                   "{\"model\":\"tiny\",\"prompt\":\"a\",\"stream\":false,"
                   "\"options\":{\"num_predict\":3,\"temperature\":0,\"foo\":1}}");
  g_autofree char *wrong =
      server_post_fails (s, "/api/show", "{\"model\":\"none\"}", HEADROOM_CLIENT_ERROR_NOT_FOUND);
  g_autoptr (HrValue) json = NULL;
  gint64 deadline = g_get_monotonic_time () + PATIENCE_SECONDS * G_USEC_PER_SEC;

  headroom_client_stream_async (
      s->client, "/api/generate",
      "{\"model\":\"endless\",\"prompt\":\"go on\",\"options\":{\"num_predict\":-2,\"num_ctx\":512}}",
      line_cb, NULL, leaving, asked_cb, &asking);
  g_clear_pointer (&json, hr_value_unref);
  json = wait_for (s, "answering");
  g_cancellable_cancel (leaving);
  while (!asking.over)
    g_main_context_iteration (NULL, TRUE);
  g_clear_error (&asking.error);
  do {
    g_clear_pointer (&json, hr_value_unref);
    json = server_get (s, "/headroom/requests");
    g_assert_cmpint (g_get_monotonic_time (), <, deadline);
  } while (hr_value_size (json_at (json, "recent")) < 3);

  g_assert_cmpuint (hr_value_size (json_at (json, "recent")), ==, 3);
  g_assert_cmpstr (json_text (json, "recent.0.model"), ==, "tiny:latest");
  g_assert_cmpint (json_number (json, "recent.0.status"), ==, 200);
  g_assert_cmpint (json_number (json, "recent.0.generated_tokens"), ==, 3);
  g_assert_cmpint (json_number (json, "recent.0.prompt_tokens"), ==,
                   json_number (good, "prompt_eval_count"));
  g_assert_cmpstr (json_text (json, "recent.0.unknown_options.0"), ==, "foo");
  g_assert_null (json_at (json, "recent.1.unknown_options"));
  g_assert_cmpstr (json_text (json, "recent.1.path"), ==, "/api/show");
  g_assert_cmpint (json_number (json, "recent.1.status"), ==, 404);
  g_assert_cmpstr (json_text (json, "recent.1.problem"), ==, wrong);
  g_assert_cmpint (json_number (json, "recent.2.status"), ==, 499);
}

/* ---- Reached by others, or not ---- */

static char *
listen_again (Server *s)
{
  g_autofree char *body = g_strdup_printf ("{\"host\":\"127.0.0.1:%u\"}", s->port);
  g_autoptr (GError) error = NULL;
  g_autofree char *answer =
      headroom_client_request (s->local, "POST", "/headroom/listen", body, NULL, &error);
  g_autoptr (HrValue) json = NULL;

  g_assert_no_error (error);
  json = headroom_json_parse (answer, -1, FALSE, NULL);
  return g_strdup (json_text (json, "uri"));
}

static void
test_off_and_on (Server *s, gconstpointer data)
{
  Asking asking = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (HrValue) json = NULL;
  g_autofree char *refused = NULL, *off = NULL, *unreached = NULL, *twice = NULL, *uri = NULL;

  refused = headroom_client_request (s->client, "DELETE", "/headroom/listen", NULL, NULL, &error);
  g_assert_error (error, HEADROOM_CLIENT_ERROR, HEADROOM_CLIENT_ERROR_REQUEST);
  g_clear_error (&error);

  /* Who is being answered is cut off, and nothing goes on for him. */
  ask (s, &asking);
  json = wait_for (s, "answering");
  off = headroom_client_request (s->local, "DELETE", "/headroom/listen", NULL, NULL, &error);
  g_assert_no_error (error);
  while (!asking.over)
    g_main_context_iteration (NULL, TRUE);
  g_clear_error (&asking.error); /* or an end without the record that says so */
  server_wait_until (s, nothing_runs, NULL);
  unreached = headroom_client_request (s->client, "GET", "/api/version", NULL, NULL, &error);
  g_assert_error (error, HEADROOM_CLIENT_ERROR, HEADROOM_CLIENT_ERROR_UNREACHABLE);
  g_clear_error (&error);
  twice = headroom_client_request (s->local, "DELETE", "/headroom/listen", NULL, NULL, &error);
  g_assert_no_error (error);

  g_autofree char *nowhere =
      headroom_client_request (s->local, "GET", "/headroom/listen", NULL, NULL, &error);
  g_assert_cmpstr (nowhere, ==, "{\"uris\":[],\"others\":\"none\",\"needs_key\":false,"
                                "\"reach\":\"nobody\",\"fixed\":false}");

  uri = listen_again (s);
  g_assert_cmpstr (uri, ==, s->uri);
  g_autoptr (HrValue) listening = server_get (s, "/headroom/listen");
  g_assert_cmpuint (hr_value_size (json_at (listening, "uris")), ==, 1);
  g_assert_cmpstr (json_text (listening, "uris.0"), ==, uri);
  g_autoptr (HrValue) version = server_get (s, "/api/version");
  g_assert_nonnull (version);
}

/* As setup_endless, with one slot. */
static void
setup_narrow (Server *s, gconstpointer data)
{
  g_setenv ("HEADROOM_NUM_PARALLEL", "1", TRUE);
  server_setup (s, data);
  server_add_endless_models (s->loose);
}

static void
teardown_narrow (Server *s, gconstpointer data)
{
  server_teardown (s, data);
  g_unsetenv ("HEADROOM_NUM_PARALLEL");
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
  g_test_add ("/requests/queue-places", Server, NULL, setup_narrow, test_queue_places,
              teardown_narrow);
  g_test_add ("/requests/nothing-runs", Server, NULL, server_setup, test_nothing_runs,
              server_teardown);
  g_test_add ("/requests/recent", Server, NULL, setup_endless, test_recent, server_teardown);
  g_test_add ("/requests/off-and-on", Server, NULL, setup_endless, test_off_and_on,
              server_teardown);
  status = g_test_run ();
  server_fixture_finish ();
  return status;
}
