/* test-embed.c: texts to vectors over HTTP, on a small encoder (tests/embeddings/bert.gguf).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "server-fixture.h"

#include <math.h>
#include <string.h>

#define WIDTH 32
#define NUM_CTX 192

static void
setup (Server *self, gconstpointer data)
{
  g_autofree char *source = g_test_build_filename (G_TEST_DIST, "bert.gguf", NULL);
  g_autofree char *bytes = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  server_setup (self, data);
  g_autofree char *target = g_build_filename (self->loose, "enc.gguf", NULL);
  g_file_get_contents (source, &bytes, &size, &error);
  g_assert_no_error (error);
  g_file_set_contents (target, bytes, (gssize) size, &error);
  g_assert_no_error (error);
}

static double
norm_of (HrValue *vector)
{
  double squares = 0;

  for (gsize i = 0; i < hr_value_size (vector); i++)
    squares +=
        hr_value_get_float (hr_value_at (vector, i)) * hr_value_get_float (hr_value_at (vector, i));
  return sqrt (squares);
}

static void
assert_same (HrValue *a, HrValue *b)
{
  g_assert_cmpuint (hr_value_size (a), ==, hr_value_size (b));
  for (gsize i = 0; i < hr_value_size (a); i++)
    g_assert_cmpfloat (hr_value_get_float (hr_value_at (a, i)), ==,
                       hr_value_get_float (hr_value_at (b, i)));
}

static void
test_embed (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) one = server_post (s, "/api/embed", "{\"model\":\"enc\",\"input\":\"a b\"}");
  g_autoptr (HrValue) three =
      server_post (s, "/api/embed", "{\"model\":\"enc\",\"input\":[\"c\",\"a b\",\"\"]}");

  g_assert_cmpstr (json_text (one, "model"), ==, "enc");
  g_assert_cmpuint (hr_value_size (json_at (one, "embeddings")), ==, 1);
  g_assert_cmpuint (hr_value_size (json_at (one, "embeddings.0")), ==, WIDTH);
  g_assert_cmpfloat_with_epsilon (norm_of (json_at (one, "embeddings.0")), 1, 1e-6);
  g_assert_cmpint (json_number (one, "prompt_eval_count"), ==,
                   4); /* with what begins and ends a text */
  g_assert_cmpint (json_number (one, "total_duration"), >, 0);
  g_assert_cmpuint (hr_value_size (json_at (three, "embeddings")), ==, 3);
  g_assert_cmpint (json_number (three, "prompt_eval_count"), ==, 3 + 4 + 2);
  assert_same (json_at (one, "embeddings.0"), json_at (three, "embeddings.1"));
}

static void
test_dimensions (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) whole = server_post (s, "/api/embed", "{\"model\":\"enc\",\"input\":\"a\"}");
  g_autoptr (HrValue) cut =
      server_post (s, "/api/embed", "{\"model\":\"enc\",\"input\":\"a\",\"dimensions\":5}");
  g_autoptr (HrValue) more =
      server_post (s, "/api/embed", "{\"model\":\"enc\",\"input\":\"a\",\"dimensions\":500}");
  double scale;

  g_assert_cmpuint (hr_value_size (json_at (cut, "embeddings.0")), ==, 5);
  g_assert_cmpfloat_with_epsilon (norm_of (json_at (cut, "embeddings.0")), 1, 1e-6);
  scale = hr_value_get_float (json_at (cut, "embeddings.0.0")) /
          hr_value_get_float (json_at (whole, "embeddings.0.0"));
  g_assert_cmpfloat_with_epsilon (hr_value_get_float (json_at (cut, "embeddings.0.4")),
                                  scale * hr_value_get_float (json_at (whole, "embeddings.0.4")),
                                  1e-6);
  assert_same (json_at (whole, "embeddings.0"), json_at (more, "embeddings.0"));
}

static void
test_nothing_to_embed (Server *s, gconstpointer data)
{
  static const char *const bodies[] = { "{\"model\":\"enc\",\"input\":\"\"}",
                                        "{\"model\":\"enc\",\"input\":[]}",
                                        "{\"model\":\"enc\",\"input\":null}",
                                        "{\"model\":\"enc\"}" };

  for (gsize i = 0; i < G_N_ELEMENTS (bodies); i++) {
    g_autoptr (HrValue) json = server_post (s, "/api/embed", bodies[i]);
    g_assert_cmpuint (hr_value_size (json_at (json, "embeddings")), ==, 0);
  }
  g_autoptr (HrValue) old =
      server_post (s, "/api/embeddings", "{\"model\":\"enc\",\"prompt\":\"\"}");
  g_assert_cmpuint (hr_value_size (json_at (old, "embedding")), ==, 0);
  g_autoptr (HrValue) running = server_get (s, "/api/ps");
  g_assert_cmpstr (json_text (running, "models.0.name"), ==, "enc:latest");
}

static char *
long_body (const char *more)
{
  GString *text = g_string_new ("{\"model\":\"enc\",\"input\":\"");

  for (int i = 0; i < 3 * NUM_CTX; i++)
    g_string_append (text, "a ");
  g_string_append_printf (text, "\"%s}", more);
  return g_string_free (text, FALSE);
}

/* Leaves the stream of events with the one that tells of a cut. */
static void
stop_at_cut (const char *line, gpointer data)
{
  if (strstr (line, "cut to num_ctx 192") != NULL)
    g_cancellable_cancel (data);
}

/* Cut by default, which is told; refused where the client wants that. */
static void
test_too_long (Server *s, gconstpointer data)
{
  g_autofree char *cut = long_body (""), *whole = long_body (",\"truncate\":false"),
                  *small = long_body (",\"options\":{\"num_ctx\":3}"),
                  *none = long_body (",\"options\":{\"num_ctx\":1}");
  g_autoptr (HrValue) json = server_post (s, "/api/embed", cut);
  g_autofree char *refused =
      server_post_fails (s, "/api/embed", whole, HEADROOM_CLIENT_ERROR_REQUEST);
  g_autoptr (HrValue) shorter = server_post (s, "/api/embed", small);
  g_autofree char *no_room =
      server_post_fails (s, "/api/embed", none, HEADROOM_CLIENT_ERROR_REQUEST);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (json_number (json, "prompt_eval_count"), ==, NUM_CTX);
  g_assert_cmpstr (refused, ==, "the input length exceeds the context length");
  g_assert_cmpint (json_number (shorter, "prompt_eval_count"), ==, 3);
  g_assert_cmpstr (no_room, ==, "input after truncation exceeds maximum context length");
  g_assert_false (headroom_client_stream (s->client, "/headroom/events", NULL, stop_at_cut,
                                          cancellable, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_older_form (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) json =
      server_post (s, "/api/embeddings", "{\"model\":\"enc\",\"prompt\":\"a b\"}");
  g_autoptr (HrValue) other =
      server_post (s, "/api/embed", "{\"model\":\"enc\",\"input\":\"a b\"}");

  assert_same (json_at (json, "embedding"), json_at (other, "embeddings.0"));
}

static void
test_openai (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) json =
      server_post (s, "/v1/embeddings", "{\"model\":\"enc\",\"input\":[\"a\",\"b c\"]}");
  g_autoptr (HrValue) coded =
      server_post (s, "/v1/embeddings",
                   "{\"model\":\"enc\",\"input\":\"a\",\"encoding_format\":\"base64\"}");
  gsize size;
  g_autofree guchar *raw = g_base64_decode (json_text (coded, "data.0.embedding"), &size);
  float first;

  g_assert_cmpstr (json_text (json, "object"), ==, "list");
  g_assert_cmpstr (json_text (json, "data.1.object"), ==, "embedding");
  g_assert_cmpint (json_number (json, "data.1.index"), ==, 1);
  g_assert_cmpuint (hr_value_size (json_at (json, "data.1.embedding")), ==, WIDTH);
  g_assert_cmpint (json_number (json, "usage.prompt_tokens"), ==, 3 + 4);
  g_assert_cmpuint (size, ==, WIDTH * 4);
  memcpy (&first, raw, sizeof first);
  g_assert_cmpfloat (first, ==, (float) hr_value_get_float (json_at (json, "data.0.embedding.0")));
}

static void
test_refused (Server *s, gconstpointer data)
{
  static const struct {
    const char *path, *body;
    HeadroomClientError code;
    const char *message;
  } cases[] = {
    { "/api/embed", "{\"model\":\"none\",\"input\":\"a\"}", HEADROOM_CLIENT_ERROR_NOT_FOUND,
      "model \"none\" not found, try pulling it first" },
    { "/api/embed", "{\"model\":\"enc\",\"input\":7}", HEADROOM_CLIENT_ERROR_REQUEST,
      "invalid input type" },
    { "/api/embed", "{\"model\":\"enc\",\"input\":[\"a\",7]}", HEADROOM_CLIENT_ERROR_REQUEST,
      "invalid input type" },
    { "/api/embed", "{\"model\":\"tiny\",\"input\":\"a\"}", HEADROOM_CLIENT_ERROR_SERVER,
      "This server does not support embeddings. Start it with `--embeddings`" },
    { "/v1/embeddings", "{\"model\":\"enc\",\"input\":[]}", HEADROOM_CLIENT_ERROR_REQUEST,
      "invalid input" },
    { "/v1/embeddings", "{\"model\":\"enc\",\"input\":\"a\",\"encoding_format\":\"x\"}",
      HEADROOM_CLIENT_ERROR_REQUEST,
      "Invalid value for 'encoding_format' = x. Supported values: ['float', 'base64']." },
    { "/api/generate", "{\"model\":\"enc\",\"prompt\":\"a\"}", HEADROOM_CLIENT_ERROR_REQUEST,
      "\"enc\" does not support generate" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *message = server_post_fails (s, cases[i].path, cases[i].body, cases[i].code);
    g_assert_cmpstr (message, ==, cases[i].message);
  }
}

/* More texts than go into one step, from several clients at once. */
static void
test_many (Server *s, gconstpointer data)
{
  GString *body = g_string_new ("{\"model\":\"enc\",\"input\":[\"a\"");

  for (int i = 1; i < 300; i++)
    g_string_append_printf (body, ",\"%c %c\"", 'a' + i % 26, 'a' + i / 26);
  g_string_append (body, "]}");
  g_autofree char *text = g_string_free (body, FALSE);
  g_autoptr (HrValue) json = server_post (s, "/api/embed", text);
  g_autoptr (HrValue) last = server_post (s, "/api/embed", "{\"model\":\"enc\",\"input\":\"n l\"}");

  g_assert_cmpuint (hr_value_size (json_at (json, "embeddings")), ==, 300);
  assert_same (json_at (json, "embeddings.299"), json_at (last, "embeddings.0"));
}

#define CASE(path, func) g_test_add ("/embed/" path, Server, NULL, setup, func, server_teardown)

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
  CASE ("embed", test_embed);
  CASE ("dimensions", test_dimensions);
  CASE ("nothing", test_nothing_to_embed);
  CASE ("too-long", test_too_long);
  CASE ("older-form", test_older_form);
  CASE ("openai", test_openai);
  CASE ("refused", test_refused);
  CASE ("many", test_many);
  result = g_test_run ();
  server_fixture_finish ();
  return result;
}
