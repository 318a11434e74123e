/* test-memory-routes.c: watches and the origin of settings, asked over HTTP.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "server-fixture.h"

static HrValue *
find (HrValue *list, const char *key, const char *value)
{
  for (gsize i = 0; i < hr_value_size (list); i++)
    if (g_strcmp0 (headroom_json_get_string (hr_value_at (list, i), key), value) == 0)
      return hr_value_at (list, i);
  return NULL;
}

static HrValue *
get_locally (Server *server)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text =
      headroom_client_request (server->local, "GET", "/headroom/watches", NULL, NULL, &error);

  g_assert_no_error (error);
  return headroom_json_parse (text, -1, FALSE, NULL);
}

/* Nothing is read before a model is here; then there is a reading of each device. */
static gboolean
is_read (HrValue *status, gpointer data)
{
  HrValue *watches = hr_value_lookup (status, "watches");
  HrValue *memory = find (watches, "code", "device-memory");

  return memory != NULL && hr_value_kind (hr_value_lookup (memory, "value")) == HR_VALUE_FLOAT;
}

static void
test_readings (Server *server, gconstpointer data)
{
  g_autoptr (HrValue) before = get_locally (server);
  g_autoptr (HrValue) loaded = NULL;
  g_autoptr (HrValue) after = NULL;
  HrValue *memory;

  g_assert_false (headroom_json_get_bool (before, "reading", TRUE));
  g_assert_cmpuint (hr_value_size (hr_value_lookup (before, "watches")), ==, 0);
  g_assert_cmpuint (hr_value_size (hr_value_lookup (before, "thresholds")), ==, 5);
  loaded = server_post (server, "/api/generate", "{\"model\":\"tiny\",\"stream\":false}");
  server_wait_until (server, is_read, NULL);
  after = get_locally (server);
  g_assert_true (headroom_json_get_bool (after, "reading", FALSE));
  memory = find (hr_value_lookup (after, "watches"), "code", "device-memory");
  g_assert_cmpstr (headroom_json_get_string (memory, "device"), ==, "host");
  g_assert_cmpstr (headroom_json_get_string (memory, "unit"), ==, "percent");
  g_assert_cmpuint (hr_value_size (hr_value_lookup (memory, "history")), >=, 1);
  g_assert_cmpuint (strlen (headroom_json_get_string (memory, "text")), >, 10);
}

/* Only this user's programs set thresholds, and only possible ones. */
static void
test_thresholds (Server *server, gconstpointer data)
{
  static const char body[] = "{\"thresholds\":{\"device-memory\":80,\"latency\":2.5}}";
  static const char *const bad[] = { "{}", "{\"thresholds\":7}", "{\"thresholds\":{\"mood\":1}}",
                                     "{\"thresholds\":{\"swap\":\"much\"}}",
                                     "{\"thresholds\":{\"bus\":1000}}" };
  g_autoptr (GError) error = NULL;
  g_autofree char *set = NULL;
  g_autoptr (HrValue) seen = NULL;

  g_free (server_post_fails (server, "/headroom/watches", body, HEADROOM_CLIENT_ERROR_REQUEST));
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) refused = NULL;
    g_autofree char *none = headroom_client_request (server->local, "POST", "/headroom/watches",
                                                     bad[i], NULL, &refused);
    g_assert_null (none);
    g_assert_nonnull (refused);
  }
  set = headroom_client_request (server->local, "POST", "/headroom/watches", body, NULL, &error);
  g_assert_no_error (error);
  seen = server_get (server, "/headroom/watches");
  g_assert_cmpfloat (hr_value_get_float (json_at (seen, "thresholds.device-memory")), ==, 80);
  g_assert_cmpfloat (hr_value_get_float (json_at (seen, "thresholds.latency")), ==, 2.5);
  g_assert_cmpfloat (hr_value_get_float (json_at (seen, "thresholds.bus")), ==, 70);
}

static void
test_effective (Server *server, gconstpointer data)
{
  g_autoptr (HrValue) answer = server_post (
      server, "/headroom/effective",
      "{\"model\":\"tiny\",\"options\":{\"num_ctx\":128},\"preset\":{\"name\":\"Chat\","
      "\"options\":{\"parallel\":2,\"num_ctx\":512},\"keep_alive\":\"5m\"}}");
  HrValue *settings = hr_value_lookup (answer, "settings");
  HrValue *num_ctx = find (settings, "name", "num_ctx"),
          *parallel = find (settings, "name", "parallel");

  g_assert_cmpint (headroom_json_get_int (num_ctx, "value", 0), ==, 128);
  g_assert_cmpstr (headroom_json_get_string (num_ctx, "source"), ==, "request");
  g_assert_cmpstr (json_text (num_ctx, "overrode.0.source"), ==, "preset Chat");
  g_assert_cmpint (json_number (num_ctx, "overrode.0.value"), ==, 512);
  g_assert_cmpstr (headroom_json_get_string (parallel, "source"), ==, "preset Chat");
  g_assert_cmpstr (headroom_json_get_string (find (settings, "name", "keep_alive"), "source"), ==,
                   "preset Chat");
  g_assert_cmpint (json_number (answer, "planned.num_ctx"), ==, 128);
  g_assert_cmpint (json_number (answer, "planned.parallel"), ==, 2);
  g_assert_cmpint (hr_value_kind (hr_value_lookup (answer, "loaded")), ==, HR_VALUE_NULL);
  g_free (server_post_fails (server, "/headroom/effective", "{\"model\":\"tiny\",\"preset\":{}}",
                             HEADROOM_CLIENT_ERROR_REQUEST));
}

int
main (int argc, char **argv)
{
  int rc;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
#define CASE(path, func) g_test_add (path, Server, NULL, server_setup, func, server_teardown)
  CASE ("/watches/route/readings", test_readings);
  CASE ("/watches/route/thresholds", test_thresholds);
  CASE ("/effective/route", test_effective);
  rc = g_test_run ();
  server_fixture_finish ();
  return rc;
}
