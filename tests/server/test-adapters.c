/* test-adapters.c: models that are a base and an adapter: made, shown, loaded beside the base, and
 * refused where they do not fit.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "server-fixture.h"

#include <string.h>

#include "gguf-builder.h"

#define ASK \
  "\"prompt\":\"hello\",\"raw\":true,\"stream\":false,\"options\":{\"num_predict\":12,\"temperature\":0}}"

static void
put (GgufBuilder *builder, GRand *rand, const char *name, guint64 n_in, guint64 n_out)
{
  g_autofree float *x = g_new (float, n_in *n_out);

  for (guint64 i = 0; i < n_in * n_out; i++)
    x[i] = (float) g_rand_double_range (rand, -1, 1);
  gguf_builder_tensor (builder, name, HR_TYPE_F32, 2, (uint64_t[]){ n_in, n_out }, x);
}

/* One that turns the first layer's feed-forward of the tiny model inside out. */
static char *
write_adapter (const char *folder, const char *name, const char *arch)
{
  g_autoptr (GgufBuilder) builder = gguf_builder_new ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  char *path = g_build_filename (folder, name, NULL);

  gguf_builder_string (builder, "general.architecture", arch);
  gguf_builder_string (builder, "general.type", "adapter");
  gguf_builder_string (builder, "adapter.type", "lora");
  gguf_builder_f32 (builder, "adapter.lora.alpha", 8);
  put (builder, rand, "blk.0.ffn_down.weight.lora_a", 96, 4);
  put (builder, rand, "blk.0.ffn_down.weight.lora_b", 4, 64);
  gguf_builder_write (builder, path);
  return path;
}

static void
test_made_and_used (Server *s, gconstpointer data)
{
  g_autofree char *adapter = write_adapter (s->root, "a.lora", "llama");
  const char *const adapters[] = { adapter, NULL };
  const HeadroomModelSpec spec = { .from_name = "tiny", .adapter_paths = adapters };
  g_autoptr (GError) error = NULL;

  g_assert_true (headroom_store_create (s->store, "tuned", &spec, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  g_autoptr (HrValue) shown = server_post (s, "/api/show", "{\"model\":\"tuned\"}");
  g_assert_nonnull (strstr (json_text (shown, "modelfile"), "\nADAPTER /"));
  g_autoptr (HrValue) before = server_post (s, "/api/generate", "{\"model\":\"tiny\"," ASK);
  g_autoptr (HrValue) tuned = server_post (s, "/api/generate", "{\"model\":\"tuned\"," ASK);
  g_autoptr (HrValue) after = server_post (s, "/api/generate", "{\"model\":\"tiny\"," ASK);
  g_assert_cmpstr (json_text (before, "response"), ==, json_text (after, "response"));
  g_assert_cmpstr (json_text (before, "response"), !=, json_text (tuned, "response"));
}

/* From a Modelfile, beside which it lies; a second one on top of the first. */
static void
test_modelfile (Server *s, gconstpointer data)
{
  g_autofree char *a G_GNUC_UNUSED = write_adapter (s->root, "a.gguf", "llama");
  g_autofree char *b G_GNUC_UNUSED = write_adapter (s->root, "b.gguf", "llama");
  static const char first[] = "FROM tiny\nADAPTER ./a.gguf\n",
                    second[] = "FROM first\nADAPTER b.gguf\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (HeadroomModelfile) one = headroom_modelfile_parse (first, strlen (first), &error);
  g_autoptr (HeadroomModelfile) two = headroom_modelfile_parse (second, strlen (second), &error);

  g_assert_no_error (error);
  g_assert_true (headroom_store_create_from_modelfile (s->store, "first", one, s->root, NULL, NULL,
                                                       NULL, &error));
  g_assert_no_error (error);
  g_assert_true (headroom_store_create_from_modelfile (s->store, "second", two, s->root, NULL, NULL,
                                                       NULL, &error));
  g_assert_no_error (error);
  g_autoptr (HeadroomModelEntry) entry = headroom_store_lookup (s->store, "second", &error);
  g_assert_no_error (error);
  g_autoptr (HrModel) model = headroom_model_entry_open (entry, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (hr_model_n_adapters (model), ==, 2);
}

static char *
said (Server *s, const char *model, const char *headroom)
{
  g_autofree char *body = g_strdup_printf ("{\"model\":\"%s\",%s" ASK, model, headroom);
  g_autoptr (HrValue) answer = server_post (s, "/api/generate", body);

  return g_strdup (json_text (answer, "response"));
}

static char *
completed (Server *s, const char *model, const char *headroom)
{
  g_autofree char *body = g_strdup_printf (
      "{\"model\":\"%s\",%s\"prompt\":\"hello\",\"max_tokens\":12,\"temperature\":0}", model,
      headroom);
  g_autoptr (HrValue) answer = server_post (s, "/v1/completions", body);

  return g_strdup (json_text (answer, "choices.0.text"));
}

#define LORA(list) "\"headroom\":{\"lora\":[" list "]},"

/* A request chooses how much of the model's adapters counts. */
static void
test_per_request (Server *s, gconstpointer data)
{
  g_autofree char *adapter = write_adapter (s->root, "a.lora", "llama"), *bytes = NULL;
  const char *const adapters[] = { adapter, NULL };
  const HeadroomModelSpec spec = { .from_name = "tiny", .adapter_paths = adapters };
  g_autoptr (GError) error = NULL;
  gsize len;

  g_assert_true (headroom_store_create (s->store, "tuned", &spec, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (adapter, &bytes, &len, NULL));
  g_autofree char *hex = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (guchar *) bytes, len);
  g_autofree char *by_digest = g_strdup_printf (LORA ("{\"adapter\":\"sha256:%s\"}"), hex);
  g_autofree char *by_start = g_strdup_printf (LORA ("{\"adapter\":\"%.12s\",\"scale\":1.0}"), hex);
  g_autofree char *base = said (s, "tiny", ""), *tuned = said (s, "tuned", "");
  g_autofree char *none = said (s, "tuned", LORA ("")),
                  *nothing = said (s, "tuned", LORA ("{\"adapter\":0,\"scale\":0}"));
  g_autofree char *whole = said (s, "tuned", LORA ("{\"adapter\":0}")),
                  *named = said (s, "tuned", by_digest), *begun = said (s, "tuned", by_start);
  g_autofree char *other_base = completed (s, "tiny", ""),
                  *other_none = completed (s, "tuned", LORA ("")),
                  *other_whole = completed (s, "tuned", LORA ("{\"adapter\":0,\"scale\":1}"));

  g_assert_cmpstr (tuned, !=, base);
  g_assert_cmpstr (none, ==, base);
  g_assert_cmpstr (nothing, ==, base);
  g_assert_cmpstr (whole, ==, tuned);
  g_assert_cmpstr (named, ==, tuned);
  g_assert_cmpstr (begun, ==, tuned);
  g_assert_cmpstr (other_none, ==, other_base);
  g_assert_cmpstr (other_whole, !=, other_base);
}

/* Only its own: no number that there is not, no file, nothing that is no degree. */
static void
test_per_request_refused (Server *s, gconstpointer data)
{
  static const char *const loras[] = {
    "{\"lora\":[{\"adapter\":1}]}",
    "{\"lora\":[{\"adapter\":-1}]}",
    "{\"lora\":[{\"adapter\":\"a.lora\"}]}",
    "{\"lora\":[{\"adapter\":\"/etc/passwd\"}]}",
    "{\"lora\":[{\"adapter\":\"sha256:\"}]}",
    "{\"lora\":[{\"scale\":1}]}",
    "{\"lora\":[{\"adapter\":0,\"scale\":\"1\"}]}",
    "{\"lora\":[{\"adapter\":0,\"scale\":1e30}]}",
    "{\"lora\":[7]}",
    "{\"lora\":7}",
    "[]",
  };
  static const char *const requests[][2] = {
    { "/api/generate", "\"prompt\":\"a\"" },
    { "/api/chat", "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]" },
    { "/v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]" },
    { "/v1/completions", "\"prompt\":\"a\"" },
    { "/v1/responses", "\"input\":\"a\"" },
    { "/v1/messages", "\"max_tokens\":3,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]" },
  };
  g_autofree char *adapter = write_adapter (s->root, "a.lora", "llama");
  const char *const adapters[] = { adapter, NULL };
  const HeadroomModelSpec spec = { .from_name = "tiny", .adapter_paths = adapters };

  g_assert_true (headroom_store_create (s->store, "tuned", &spec, NULL, NULL, NULL, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (loras); i++)
    for (gsize k = 0; k < G_N_ELEMENTS (requests); k++) {
      g_autofree char *body =
          g_strdup_printf ("{\"model\":\"tuned\",\"headroom\":%s,%s}", loras[i], requests[k][1]);
      g_autofree char *message =
          server_post_fails (s, requests[k][0], body, HEADROOM_CLIENT_ERROR_REQUEST);
      g_assert_cmpuint (strlen (message), >, 10);
    }
  g_autofree char *no_adapters = server_post_fails (
      s, "/api/generate",
      "{\"model\":\"tiny\",\"prompt\":\"a\",\"headroom\":{\"lora\":[{\"adapter\":0}]}}",
      HEADROOM_CLIENT_ERROR_REQUEST);
  g_assert_nonnull (strstr (no_adapters, "it has 0"));
}

static void
test_refused (Server *s, gconstpointer data)
{
  g_autofree char *adapter = write_adapter (s->root, "a.lora", "qwen2");
  const char *const adapters[] = { adapter, NULL };
  const HeadroomModelSpec spec = { .from_name = "tiny", .adapter_paths = adapters };
  g_autoptr (GError) error = NULL;

  g_assert_false (headroom_store_create (s->store, "tuned", &spec, NULL, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "general.architecture"));
  g_autofree char *missing = server_post_fails (
      s, "/api/create",
      "{\"model\":\"x\",\"stream\":false,\"from\":\"tiny\",\"adapters\":{\"a\":\"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}}",
      HEADROOM_CLIENT_ERROR_REQUEST);
  g_assert_nonnull (strstr (missing, "not found"));
}

#define CASE(path, func) \
  g_test_add ("/adapters/" path, Server, NULL, server_setup, func, server_teardown)

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
  CASE ("made-and-used", test_made_and_used);
  CASE ("modelfile", test_modelfile);
  CASE ("refused", test_refused);
  CASE ("per-request", test_per_request);
  CASE ("per-request/refused", test_per_request_refused);
  result = g_test_run ();
  server_fixture_finish ();
  return result;
}
