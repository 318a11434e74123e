/* test-gpu.c: a server whose models have layers on a GPU, on Mesa's software device; skipped where
 * that is not installed. Layers move while answers run, and what is said is the same.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "server-fixture.h"

#include <string.h>

#define N_TOKENS "200"

/* Whether there is one; else the test was skipped. */
static gboolean
has_gpu (void)
{
  HrGpu gpus[HR_MAX_GPUS];
  gsize n = hr_gpus_find (gpus, HR_MAX_GPUS, NULL);

  for (gsize i = 0; i < n; i++)
    if (gpus[i].why[0] == '\0')
      return TRUE;
  g_test_skip ("no Vulkan device for tests; Debian's mesa-vulkan-drivers has one");
  return FALSE;
}

/* ---- An answer that runs while other things are asked ---- */

#define ASK                                                                                                     \
  "{\"model\":\"tiny\",\"prompt\":\"Hello there\",\"raw\":true,\"options\":{\"temperature\":0,\"num_ctx\":512," \
  "\"parallel\":2,\"num_predict\":" N_TOKENS ",\"num_gpu\":%d}}"

static GSocketConnection *
start (Server *s, int num_gpu)
{
  g_autofree char *body = g_strdup_printf (ASK, num_gpu);
  g_autofree char *request =
      g_strdup_printf ("POST /api/generate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                       "Content-Type: application/json\r\nContent-Length: %" G_GSIZE_FORMAT
                       "\r\n\r\n%s",
                       strlen (body), body);
  GSocketConnection *connection = server_connect (s);

  g_assert_true (server_send (connection, request, strlen (request)));
  return connection;
}

/* Reads until needle has come n times, or to the end. */
static void
read_on (GSocketConnection *connection, GString *text, const char *needle, guint n)
{
  GInputStream *stream = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  char buffer[4096];

  for (;;) {
    guint found = 0;
    gssize got;
    for (const char *at = text->str; (at = strstr (at, needle)) != NULL; at++)
      found++;
    if (found >= n)
      return;
    got = g_input_stream_read (stream, buffer, sizeof buffer, NULL, NULL);
    if (got <= 0)
      return;
    g_string_append_len (text, buffer, got);
  }
}

/* The pieces of the answer, joined. */
static char *
said (const GString *text)
{
  GString *answer = g_string_new (NULL);

  for (const char *line = strchr (text->str, '{'); line != NULL;) {
    const char *end = strchr (line, '\n');
    g_autofree char *json = end != NULL ? g_strndup (line, (gsize) (end - line)) : g_strdup (line);
    g_autoptr (HrValue) value = headroom_json_parse (json, -1, FALSE, NULL);
    if (value != NULL && json_text (value, "response") != NULL)
      g_string_append (answer, json_text (value, "response"));
    line = end != NULL ? strchr (end, '{') : NULL;
  }
  return g_string_free (answer, FALSE);
}

static char *
answer_unmoved (Server *s)
{
  g_autoptr (GSocketConnection) connection = start (s, 0);
  g_autoptr (GString) text = g_string_new (NULL);

  read_on (connection, text, "\"done\":true", 1);
  g_assert_nonnull (strstr (text->str, "\"done\":true"));
  return said (text);
}

static gint64
move (Server *s, int num_gpu)
{
  g_autofree char *body = g_strdup_printf ("{\"model\":\"tiny\",\"num_gpu\":%d}", num_gpu);
  g_autoptr (HrValue) answer = server_post (s, "/headroom/resize", body);

  return json_number (answer, "settings.gpu_layers");
}

/* Of this server and those before it, which wrote them down. */
static guint
count_all (Server *s, const char *code)
{
  g_autoptr (HrValue) status = server_get (s, "/headroom/status");
  HrValue *events = json_at (status, "events");
  guint n = 0;

  for (gsize i = 0; i < hr_value_size (events); i++)
    n += g_strcmp0 (headroom_json_get_string (hr_value_at (events, i), "code"), code) == 0;
  return n;
}

static guint counted_before;

static void
begin_count (Server *s, const char *code)
{
  counted_before = count_all (s, code);
}

static guint
count_since (Server *s, const char *code)
{
  return count_all (s, code) - counted_before;
}

/* Layers go up and come back while the answer is on its way, and it says what it would have said.
 */
static void
test_layers_move (Server *s, gconstpointer data)
{
  static const int ways[] = { 2, 1, 0, 1 };
  g_autofree char *want = NULL, *got = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  if (!has_gpu ())
    return;
  begin_count (s, "layers-asked");
  want = answer_unmoved (s);
  connection = start (s, 0);
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++) {
    read_on (connection, text, "\"response\"", 5 * (i + 1));
    g_assert_cmpint (move (s, ways[i]), ==, ways[i]);
  }
  read_on (connection, text, "\"done\":true", 1);
  got = said (text);
  g_assert_cmpstr (got, ==, want);
  g_assert_cmpuint (count_since (s, "layers-asked"), ==, G_N_ELEMENTS (ways));
  g_assert_cmpuint (count_all (s, "other-settings"), ==, 0); /* nothing was loaded again */
}

/* Other sizes for a model that has layers on a GPU, which stay there. */
static void
test_sizes (Server *s, gconstpointer data)
{
  g_autofree char *want = NULL, *got = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (HrValue) more = NULL, less = NULL, status = NULL;

  if (!has_gpu ())
    return;
  begin_count (s, "resized");
  want = answer_unmoved (s);
  g_assert_cmpint (move (s, 1), ==, 1);
  connection = start (s, 1);
  read_on (connection, text, "\"response\"", 5);
  more =
      server_post (s, "/headroom/resize", "{\"model\":\"tiny\",\"num_ctx\":1024,\"parallel\":3}");
  less = server_post (s, "/headroom/resize",
                      "{\"model\":\"tiny\",\"num_ctx\":512,\"parallel\":1,\"num_batch\":64}");
  read_on (connection, text, "\"done\":true", 1);
  got = said (text);
  status = server_get (s, "/headroom/status");
  g_assert_cmpstr (got, ==, want);
  g_assert_cmpint (json_number (more, "settings.gpu_layers"), ==, 1);
  g_assert_cmpint (json_number (less, "settings.gpu_layers"), ==, 1);
  g_assert_cmpint (json_number (status, "models.0.settings.num_ctx"), ==, 512);
  g_assert_cmpuint (count_since (s, "resized"), ==, 2);
  g_assert_cmpuint (count_all (s, "other-settings"), ==, 0);
}

/* As many as fit, where somebody says so; and how many that is shows everywhere. */
static void
test_auto (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) status = NULL, ps = NULL;

  if (!has_gpu ())
    return;
  begin_count (s, "layers-fit");
  g_free (answer_unmoved (s));
  g_assert_cmpint (move (s, -1), ==, 2);
  status = server_get (s, "/headroom/status");
  ps = server_get (s, "/api/ps");
  g_assert_cmpint (json_number (status, "models.0.settings.gpu_layers"), ==, 2);
  g_assert_cmpint (json_number (status, "models.0.device_bytes.1"), ==,
                   json_number (ps, "models.0.size_vram"));
  g_assert_cmpint (json_number (ps, "models.0.size_vram"), >, 0);
  g_assert_cmpuint (count_since (s, "layers-fit"), ==, 1);
}

/* A request that asks for other layers gets them without a load. */
static void
test_request_moves (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) one = NULL, status = NULL;

  if (!has_gpu ())
    return;
  begin_count (s, "layers-asked");
  g_free (answer_unmoved (s));
  one = server_post (s, "/api/generate",
                     "{\"model\":\"tiny\",\"prompt\":\"Hi\",\"raw\":true,\"stream\":false,"
                     "\"options\":{\"num_gpu\":99,\"num_predict\":2}}");
  status = server_get (s, "/headroom/status");
  g_assert_cmpint (json_number (status, "models.0.settings.gpu_layers"), ==, 2);
  g_assert_cmpuint (count_since (s, "layers-asked"), ==, 1);
  g_assert_cmpuint (count_all (s, "other-settings"), ==, 0);
}

#define CASE(path, func) \
  g_test_add ("/server/gpu/" path, Server, NULL, server_setup, func, server_teardown)

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
  CASE ("layers-move", test_layers_move);
  CASE ("sizes", test_sizes);
  CASE ("auto", test_auto);
  CASE ("request-moves", test_request_moves);
  status = g_test_run ();
  server_fixture_finish ();
  return status;
}
