/* test-images.c: images over HTTP, on a tiny model with a projector beside it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether the model is shown the right thing is for tests/vision; here it counts that each image
 * arrives, at its place, and that what is no image is refused.
 */
#include <string.h>

#include "server-fixture.h"
#include "tiny-model.h"

#define N_ROWS 16 /* of towers/llava15.gguf */

/* ---- Models ---- */

static void
copy_tower (const char *loose, const char *name)
{
  g_autofree char *from = g_build_filename (TOWERS, "llava15.gguf", NULL),
                  *to = g_build_filename (loose, name, NULL);
  g_autofree char *data = NULL;
  gsize len;

  g_assert_true (g_file_get_contents (from, &data, &len, NULL));
  g_assert_true (g_file_set_contents (to, data, (gssize) len, NULL));
}

static void
add_model (const char *loose, const char *name, guint n_embd)
{
  g_autofree char *file = g_strconcat (name, ".gguf", NULL),
                  *path = g_build_filename (loose, file, NULL);
  g_autofree char *projector = g_strconcat ("mmproj-", name, "-f16.gguf", NULL);
  TinyModel model = tiny_model_default;

  model.n_embd = n_embd;
  tiny_model_write (&model, path);
  copy_tower (loose, projector);
}

static void
setup (Server *s, gconstpointer data)
{
  server_setup (s, data);
  add_model (s->loose, "seeing", 48);
  add_model (s->loose, "cross-eyed", 64);
}

/* ---- Pictures ---- */

static char *
dup_picture (const char *name)
{
  g_autofree char *path = g_build_filename (PICTURES, name, NULL), *data = NULL;
  gsize len;

  g_assert_true (g_file_get_contents (path, &data, &len, NULL));
  return g_base64_encode ((const guchar *) data, len);
}

/* $ in body becomes the picture. */
static char *
with_picture (const char *body, const char *name)
{
  g_autofree char *picture = dup_picture (name);
  g_auto (GStrv) pieces = g_strsplit (body, "$", -1);

  return g_strjoinv (picture, pieces);
}

static gint64
count_prompt (Server *s, const char *path, const char *body)
{
  g_autofree char *full = with_picture (body, "rgb.png");
  g_autoptr (HrValue) answer = server_post (s, path, full);
  gboolean openai = g_str_has_prefix (path, "/v1");

  return json_number (answer, openai ? "usage.prompt_tokens" : "prompt_eval_count");
}

#define OPTIONS "\"stream\":false,\"options\":{\"num_predict\":2,\"temperature\":0}"

static void
test_generate (Server *s, gconstpointer data)
{
  gint64 without =
      count_prompt (s, "/api/generate", "{\"model\":\"seeing\",\"prompt\":\"hello\"," OPTIONS "}");
  gint64 one =
      count_prompt (s, "/api/generate",
                    "{\"model\":\"seeing\",\"prompt\":\"hello\",\"images\":[\"$\"]," OPTIONS "}");
  gint64 two =
      count_prompt (s, "/api/generate",
                    "{\"model\":\"seeing\",\"prompt\":\"hello\",\"images\":[\"$\",\"$\"]," OPTIONS
                    "}");
  gint64 raw = count_prompt (
      s, "/api/generate",
      "{\"model\":\"seeing\",\"raw\":true,\"prompt\":\"hello\",\"images\":[\"$\"]," OPTIONS "}");

  g_assert_cmpint (one - without, >=, N_ROWS);
  g_assert_cmpint (two - one, ==, one - without);
  g_assert_cmpint (raw, >=, N_ROWS);
}

/* The tokens that come back can be given again: images are not among them. */
static void
test_context (Server *s, gconstpointer data)
{
  g_autofree char *body =
      with_picture ("{\"model\":\"seeing\",\"prompt\":\"hello\",\"images\":[\"$\"]," OPTIONS "}",
                    "rgb.png");
  g_autoptr (HrValue) answer = server_post (s, "/api/generate", body);
  HrValue *context = json_at (answer, "context");

  for (gsize i = 0; i < hr_value_size (context); i++)
    g_assert_cmpint (hr_value_get_int (hr_value_at (context, i)), >=, 0);
}

static void
test_chat (Server *s, gconstpointer data)
{
  gint64 without = count_prompt (
      s, "/api/chat",
      "{\"model\":\"seeing\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]," OPTIONS
      "}");
  gint64 one = count_prompt (
      s, "/api/chat",
      "{\"model\":\"seeing\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\",\"images\":[\"$\"]}]," OPTIONS
      "}");

  g_assert_cmpint (one - without, >=, N_ROWS);
}

/* Nobody's text becomes an image. */
static void
test_forged (Server *s, gconstpointer data)
{
  gint64 one = count_prompt (
      s, "/api/chat",
      "{\"model\":\"seeing\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\",\"images\":[\"$\"]}]," OPTIONS
      "}");
  gint64 forged = count_prompt (
      s, "/api/chat",
      "{\"model\":\"seeing\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\xef\xbf\xbc"
      "0\xef\xbf\xbc\","
      "\"images\":[\"$\"]}]," OPTIONS "}");

  g_assert_cmpint (forged - one, <, N_ROWS);
  g_assert_cmpint (forged - one, >, 0);
}

static void
test_openai (Server *s, gconstpointer data)
{
  gint64 without = count_prompt (
      s, "/v1/chat/completions",
      "{\"model\":\"seeing\",\"max_tokens\":2,\"messages\":[{\"role\":\"user\",\"content\":\"ab\"}]}");
  gint64 one = count_prompt (
      s, "/v1/chat/completions",
      "{\"model\":\"seeing\",\"max_tokens\":2,\"messages\":[{\"role\":\"user\",\"content\":["
      "{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,$\"}},"
      "{\"type\":\"text\",\"text\":\"b\"}]}]}");

  /* One message still. */
  g_assert_cmpint (one - without, >=, N_ROWS);
  g_assert_cmpint (one - without, <, N_ROWS + 8);
}

static void
test_show (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) sees = server_post (s, "/api/show", "{\"model\":\"seeing\"}");
  g_autoptr (HrValue) blind = server_post (s, "/api/show", "{\"model\":\"tiny\"}");
  g_autofree char *first =
      headroom_json_print (json_at (sees, "capabilities"), HEADROOM_JSON_PLAIN);
  g_autofree char *second =
      headroom_json_print (json_at (blind, "capabilities"), HEADROOM_JSON_PLAIN);

  g_assert_nonnull (strstr (first, "\"vision\""));
  g_assert_null (strstr (second, "\"vision\""));
}

/* ---- Refused ---- */

static void
assert_fails (Server *s, const char *body, const char *picture, HeadroomClientError code,
              const char *pattern)
{
  g_autofree char *full = with_picture (body, picture);
  g_autofree char *message = server_post_fails (s, "/api/generate", full, code);

  if (!g_pattern_match_simple (pattern, message))
    g_error ("\"%s\" is not like \"%s\"", message, pattern);
}

static void
test_refused (Server *s, gconstpointer data)
{
  const char *body = "{\"model\":\"seeing\",\"prompt\":\"a\",\"images\":[\"$\"]," OPTIONS "}";

  assert_fails (s, body, "rgb.png.ppm", HEADROOM_CLIENT_ERROR_REQUEST, "*PNG, JPEG and WebP*");
  assert_fails (
      s,
      "{\"model\":\"seeing\",\"prompt\":\"a\",\"images\":[\"iVBORw0KGgoAAAANSUhEUgAA\"]," OPTIONS
      "}",
      "rgb.png", HEADROOM_CLIENT_ERROR_REQUEST, "*PNG image is damaged*");
  assert_fails (s, "{\"model\":\"tiny\",\"prompt\":\"a\",\"images\":[\"$\"]," OPTIONS "}",
                "rgb.png", HEADROOM_CLIENT_ERROR_SERVER, "*image input is not supported*mmproj*");
}

/* A projector that was made for another model: said so, and nothing is loaded, not even for text.
 */
static void
test_wrong_projector (Server *s, gconstpointer data)
{
  g_autofree char *message =
      server_post_fails (s, "/api/generate",
                         "{\"model\":\"cross-eyed\",\"prompt\":\"a\"," OPTIONS "}",
                         HEADROOM_CLIENT_ERROR_SERVER);

  g_assert_nonnull (strstr (message, "another model"));
  g_assert_nonnull (strstr (message, "embedding_length"));
  server_wait_until (s, nothing_is_loaded, NULL);
}

#define ADD(path, func) g_test_add (path, Server, NULL, setup, func, server_teardown)

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
  ADD ("/images/generate", test_generate);
  ADD ("/images/context", test_context);
  ADD ("/images/chat", test_chat);
  ADD ("/images/forged", test_forged);
  ADD ("/images/openai", test_openai);
  ADD ("/images/show", test_show);
  ADD ("/images/refused", test_refused);
  ADD ("/images/wrong-projector", test_wrong_projector);
  status = g_test_run ();
  server_fixture_finish ();
  return status;
}
