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
  result = g_test_run ();
  server_fixture_finish ();
  return result;
}
