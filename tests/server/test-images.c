/* test-images.c: images over HTTP, on a tiny model with a projector beside it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether the model is shown the right thing is for tests/vision; here it counts that each image
 * arrives, at its place, and that what is no image is refused.
 */
#include <glib/gstdio.h>
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
  gint64 one = count_prompt(
      s, "/api/chat",
      "{\"model\":\"seeing\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\",\"images\":[\"$\"]}]," OPTIONS
      "}");

  g_assert_cmpint (one - without, >=, N_ROWS);
}

/* Nobody's text becomes an image. */
static void
test_forged (Server *s, gconstpointer data)
{
    gint64 one = count_prompt(
        s, "/api/chat",
        "{\"model\":\"seeing\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\",\"images\":[\"$\"]}]," OPTIONS
        "}");
    gint64 forged = count_prompt(
        s, "/api/chat",
        "{\"model\":\"seeing\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\xef\xbf\xbc"
        "0\xef\xbf\xbc\","
        "\"images\":[\"$\"]}]," OPTIONS "}");

    g_assert_cmpint(forged - one, <, N_ROWS);
    g_assert_cmpint(forged - one, >, 0);
}

static void
test_openai (Server *s, gconstpointer data)
{
    gint64 without = count_prompt(
        s, "/v1/chat/completions",
        "{\"model\":\"seeing\",\"max_tokens\":2,\"messages\":[{\"role\":\"user\",\"content\":\"ab\"}]}");
    gint64 one = count_prompt(
        s, "/v1/chat/completions",
        "{\"model\":\"seeing\",\"max_tokens\":2,\"messages\":[{\"role\":\"user\",\"content\":["
        "{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,$\"}},"
        "{\"type\":\"text\",\"text\":\"b\"}]}]}");

    /* One message still. */
    g_assert_cmpint(one - without, >=, N_ROWS);
    g_assert_cmpint(one - without, <, N_ROWS + 8);
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

/* Nothing was loaded before, and nothing is for what is refused. */
static void
assert_nothing_loaded (Server *s)
{
  g_autoptr (HrValue) status = server_get (s, "/headroom/status");

  g_assert_true (nothing_is_loaded (status, NULL));
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
  assert_nothing_loaded (s);
}

/* A JPEG whose frame header (SOF0) says that it is 30000 pixels wide and high. */
static char *
dup_changed_jpeg (gsize *ret_len)
{
  g_autofree char *path = g_build_filename (PICTURES, "baseline.jpg", NULL);
  char *data, *frame;

  g_assert_true (g_file_get_contents (path, &data, ret_len, NULL));
  frame = memmem (data, *ret_len, "\xff\xc0", 2);
  g_assert_nonnull (frame);
  memcpy (frame + 5, "\x75\x30\x75\x30", 4);
  return data;
}

static void
assert_bytes_fail (Server *s, const char *kind, const char *bytes, gsize len, const char *pattern)
{
  g_autofree char *picture = g_base64_encode ((const guchar *) bytes, len);
  g_autofree char *generate = g_strdup_printf (
      "{\"model\":\"seeing\",\"prompt\":\"a\",\"images\":[\"%s\"]," OPTIONS "}", picture);
  g_autofree char *chat = g_strdup_printf(
      "{\"model\":\"seeing\",\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"images\":[\"%s\"]}]," OPTIONS
      "}",
      picture);
  g_autofree char *openai = g_strdup_printf (
      "{\"model\":\"seeing\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
      "\"image_url\":{\"url\":\"data:image/%s;base64,%s\"}}]}]}", kind, picture);
  const char *const requests[][2] = {
    { "/api/generate", generate }, { "/api/chat", chat }, { "/v1/chat/completions", openai }
  };

  for (gsize i = 0; i < G_N_ELEMENTS (requests); i++) {
    g_autofree char *message =
        server_post_fails (s, requests[i][0], requests[i][1], HEADROOM_CLIENT_ERROR_REQUEST);
    if (!g_pattern_match_simple (pattern, message))
      g_error ("\"%s\" is not like \"%s\"", message, pattern);
  }
}

static void
test_oversized (Server *s, gconstpointer data)
{
  gsize len;
  g_autofree char *jpeg = dup_changed_jpeg (&len);

  assert_bytes_fail (s, "jpeg", jpeg, len, "*30000 × 30000*");
  assert_nothing_loaded (s);
}

/* Cut off in the middle, or with a byte of its compressed rows changed. */
static void
test_damaged (Server *s, gconstpointer data)
{
  g_autofree char *path = g_build_filename (PICTURES, "rgb.png", NULL), *png = NULL;
  gsize len;

  g_assert_true (g_file_get_contents (path, &png, &len, NULL));
  assert_bytes_fail (s, "png", png, len / 2, "*PNG image is damaged*");
  char *rows = memmem (png, len, "IDAT", 4);
  g_assert_nonnull (rows);
  rows[12] ^= 0x55;
  assert_bytes_fail (s, "png", png, len, "*PNG image is damaged*");
  assert_nothing_loaded (s);
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

/* The projector's blob is gone: the file is named, and the model is not loaded without it. */
static void
test_missing_projector (Server *s, gconstpointer data)
{
  const HeadroomModelSpec spec = { .from_name = "seeing" };
  g_autoptr (GError) error = NULL;

  g_assert_true (headroom_store_create (s->store, "stored", &spec, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  g_autoptr (HeadroomModelEntry) entry = headroom_store_lookup (s->store, "stored", &error);
  const char *projector = headroom_model_entry_get_projector_path (entry);
  g_assert_nonnull (projector);
  g_autofree char *blob = g_path_get_basename (projector);
  g_assert_cmpint (g_unlink (projector), ==, 0);
  g_autofree char *with = with_picture (
      "{\"model\":\"stored\",\"prompt\":\"a\",\"images\":[\"$\"]," OPTIONS "}", "rgb.png");
  const char *const bodies[] = { with, "{\"model\":\"stored\",\"prompt\":\"a\"," OPTIONS "}" };
  for (gsize i = 0; i < G_N_ELEMENTS (bodies); i++) {
    g_autofree char *message =
        server_post_fails (s, "/api/generate", bodies[i], HEADROOM_CLIENT_ERROR_SERVER);
    if (strstr (message, blob) == NULL)
      g_error ("\"%s\" does not name %s", message, blob);
  }
  assert_nothing_loaded (s);
}

/* ---- Made of files ---- */

static char *
put_blob (Server *s, const char *path)
{
  g_autofree char *data = NULL, *hex = NULL;
  gsize len;

  g_assert_true (g_file_get_contents (path, &data, &len, NULL));
  hex = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) data, len);
  g_autofree char *head = g_strdup_printf (
      "POST /api/blobs/sha256:%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
      "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n", hex, len);
  g_autoptr (GByteArray) request = g_byte_array_new ();
  g_byte_array_append (request, (const guint8 *) head, (guint) strlen (head));
  g_byte_array_append (request, (const guint8 *) data, (guint) len);
  g_autofree char *answer =
      server_raw_whole (s, (const char *) request->data, (gssize) request->len);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 201"));
  return g_strconcat ("sha256:", hex, NULL);
}

static char *
put_loose (Server *s, const char *name)
{
  g_autofree char *path = g_build_filename (s->loose, name, NULL);

  return put_blob (s, path);
}

/* Both files in one request, in either order; the projector beside an installed model; and a model
 * made of that. */
static void
test_created (Server *s, gconstpointer data)
{
  g_autofree char *model = put_loose (s, "seeing.gguf"),
                  *tower = put_loose (s, "mmproj-seeing-f16.gguf");
  g_autofree char *first = g_strdup_printf(
      "{\"model\":\"first\",\"stream\":false,\"files\":{\"a.gguf\":\"%s\",\"b.gguf\":\"%s\"}}",
      model, tower);
  g_autofree char *second = g_strdup_printf(
      "{\"model\":\"second\",\"stream\":false,\"files\":{\"a.gguf\":\"%s\",\"b.gguf\":\"%s\"}}",
      tower, model);
  g_autofree char *blind = g_strdup_printf (
      "{\"model\":\"blind\",\"stream\":false,\"files\":{\"a.gguf\":\"%s\"}}", model);
  g_autofree char *third = g_strdup_printf(
      "{\"model\":\"third\",\"stream\":false,\"from\":\"blind\",\"files\":{\"b.gguf\":\"%s\"}}",
      tower);
  const char *const requests[] = {
    first, second, blind, third, "{\"model\":\"fourth\",\"stream\":false,\"from\":\"third\"}"
  };
  static const char *const names[] = { "first", "second", "third", "fourth" };

  for (gsize i = 0; i < G_N_ELEMENTS (requests); i++) {
    g_autoptr (HrValue) made = server_post (s, "/api/create", requests[i]);
    g_assert_cmpstr (json_text (made, "status"), ==, "success");
  }
  /* With the same weights in memory, but nobody who sees. */
  gint64 without =
      count_prompt (s, "/api/generate", "{\"model\":\"blind\",\"prompt\":\"hello\"," OPTIONS "}");
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *body = g_strdup_printf (
        "{\"model\":\"%s\",\"prompt\":\"hello\",\"images\":[\"$\"]," OPTIONS "}", names[i]);
    g_assert_cmpint (count_prompt (s, "/api/generate", body) - without, >=, N_ROWS);
  }
  g_autoptr (HrValue) shown = server_post (s, "/api/show", "{\"model\":\"first\"}");
  g_autofree char *families =
      headroom_json_print (json_at (shown, "details.families"), HEADROOM_JSON_PLAIN);
  g_assert_cmpstr (families, ==, "[\"llama\",\"clip\"]");
}

static void
test_not_created (Server *s, gconstpointer data)
{
  g_autofree char *wide = put_loose (s, "cross-eyed.gguf"), *model = put_loose (s, "seeing.gguf"),
                  *tower = put_loose (s, "mmproj-seeing-f16.gguf");
  const struct {
    const char *first, *second;
    HeadroomClientError code;
    const char *pattern;
  } refused[] = {
    { wide, tower, HEADROOM_CLIENT_ERROR_REQUEST, "*another model*embedding_length*" },
    { wide, model, HEADROOM_CLIENT_ERROR_REQUEST, "*more than one model*" },
    { tower, tower, HEADROOM_CLIENT_ERROR_REQUEST, "*more than one projector*" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autofree char *body = g_strdup_printf (
        "{\"model\":\"x\",\"stream\":false,\"files\":{\"a.gguf\":\"%s\",\"b.gguf\":\"%s\"}}",
        refused[i].first, refused[i].second);
    g_autofree char *message = server_post_fails (s, "/api/create", body, refused[i].code);
    if (!g_pattern_match_simple (refused[i].pattern, message))
      g_error ("\"%s\" is not like \"%s\"", message, refused[i].pattern);
  }
  g_autofree char *alone = g_strdup_printf (
      "{\"model\":\"x\",\"stream\":false,\"files\":{\"a.gguf\":\"%s\"}}", tower);
  g_autofree char *message =
      server_post_fails (s, "/api/create", alone, HEADROOM_CLIENT_ERROR_REQUEST);
  g_assert_nonnull (strstr (message, "needs a model"));
  G_GNUC_UNUSED g_autofree char *missing =
      server_post_fails (s, "/api/show", "{\"model\":\"x\"}", HEADROOM_CLIENT_ERROR_NOT_FOUND);
}

/* A Modelfile names both by FROM, and the one that is shown for the model does. */
static void
test_modelfile (Server *s, gconstpointer data)
{
  static const char text[] = "FROM ./mmproj-seeing-f16.gguf\nFROM ./seeing.gguf\n",
                    twice[] = "FROM tiny\nFROM other\n";
  g_autoptr (GError) error = NULL, problem = NULL;
  g_autoptr (HeadroomModelfile) parsed = headroom_modelfile_parse (text, -1, &error);
  g_autoptr (HeadroomModelfile) wrong = headroom_modelfile_parse (twice, -1, &error);

  g_assert_no_error (error);
  g_assert_true (headroom_store_create_from_modelfile (s->store, "made", parsed, s->loose, NULL,
                                                       NULL, NULL, &error));
  g_assert_no_error (error);
  g_autoptr (HeadroomModelEntry) entry = headroom_store_lookup (s->store, "made", &error);
  g_autofree char *again = headroom_model_entry_dup_modelfile (entry);
  g_autoptr (HeadroomModelfile) same = headroom_modelfile_parse (again, -1, &error);
  g_assert_true (headroom_store_create_from_modelfile (s->store, "again", same, s->loose, NULL,
                                                       NULL, NULL, &error));
  g_assert_no_error (error);
  g_autoptr (HeadroomModelEntry) second = headroom_store_lookup (s->store, "again", &error);
  g_assert_cmpstr (headroom_model_entry_get_projector_path (second), ==,
                   headroom_model_entry_get_projector_path (entry));
  g_assert_false (headroom_store_create_from_modelfile (s->store, "x", wrong, s->loose, NULL, NULL,
                                                        NULL, &problem));
  g_assert_nonnull (strstr (problem->message, "more than one model"));
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
  ADD ("/images/oversized", test_oversized);
  ADD ("/images/damaged", test_damaged);
  ADD ("/images/wrong-projector", test_wrong_projector);
  ADD ("/images/missing-projector", test_missing_projector);
  ADD ("/images/created", test_created);
  ADD ("/images/not-created", test_not_created);
  ADD ("/images/modelfile", test_modelfile);
  status = g_test_run ();
  server_fixture_finish ();
  return status;
}
