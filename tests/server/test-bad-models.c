/* test-bad-models.c: models that cannot be run, asked for over HTTP: the answer names the key or
 * the tensor, other models go on being answered, and nothing of the bad one is in memory.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every way in which a header can be wrong is tests/architectures' affair.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "fixture.h"
#include "gguf-builder.h"
#include "server-fixture.h"

/* ---- Headers that contradict themselves, or their tensors ---- */

/* A fixture with another line in place of the one that begins like it. */
typedef struct {
  const char *name, *fixture, *line, *instead, *message;
} Defect;

static const Defect defects[] = {
  { "no-experts", "gpt-oss-moe", "u32 gpt-oss.expert_count", "u32 gpt-oss.expert_count 0",
    "gpt-oss.expert_count is missing or 0" },
  { "a-million-experts", "kimi-linear-moe", "u32 kimi-linear.expert_count",
    "u32 kimi-linear.expert_count 1000000", "kimi-linear.expert_count is out of range" },
  { "more-used-than-there-are", "llama-moe", "u32 llama.expert_used_count",
    "u32 llama.expert_used_count 3", "llama.expert_used_count is more than expert_count" },
  { "window-beyond-context", "gemma2-dense", "u32 gemma2.attention.sliding_window ",
    "u32 gemma2.attention.sliding_window 257",
    "gemma2.attention.sliding_window is more than context_length" },
  { "other-width", "exaone-dense", "u32 exaone.feed_forward_length",
    "u32 exaone.feed_forward_length 400", "Tensor blk.0.ffn_gate.weight" },
  { "more-layers-than-tensors", "llama-dense", "u32 llama.block_count", "u32 llama.block_count 40",
    "Tensor blk.2." },
  { "no-layers", "llama-dense", "u32 llama.block_count", "u32 llama.block_count 0",
    "llama.block_count is out of range" },
  { "unknown", "llama-dense", "string general.architecture", "string general.architecture lama",
    "the architecture \"lama\"" },
};

static char *
dup_changed (const Defect *defect)
{
  g_autofree char *file = g_strconcat (defect->fixture, ".txt", NULL),
                  *path = g_build_filename (FIXTURES, file, NULL), *text = NULL;
  guint n = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (gsize i = 0; lines[i] != NULL; i++) {
    if (!g_str_has_prefix (lines[i], defect->line))
      continue;
    g_free (lines[i]);
    lines[i] = g_strdup (defect->instead);
    n++;
  }
  g_assert_cmpuint (n, ==, 1);
  return g_strjoinv ("\n", lines);
}

static void
assert_nothing_loaded (Server *s)
{
  g_autoptr (HrValue) status = server_get (s, "/headroom/status");

  g_assert_true (nothing_is_loaded (status, NULL));
}

static void
assert_refused (Server *s, const char *model, const char *pattern)
{
  static const char *const requests[][2] = {
    { "/api/generate", "{\"model\":\"%s\",\"prompt\":\"a\"}" },
    { "/api/generate", "{\"model\":\"%s\"}" },
    { "/api/chat", "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}" },
    { "/v1/chat/completions",
      "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}" },
    { "/api/embed", "{\"model\":\"%s\",\"input\":\"a\"}" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (requests); i++) {
    g_auto (GStrv) pieces = g_strsplit (requests[i][1], "%s", -1);
    g_autofree char *body = g_strjoinv (model, pieces);
    g_autofree char *message =
        server_post_fails (s, requests[i][0], body, HEADROOM_CLIENT_ERROR_SERVER);
    if (strstr (message, pattern) == NULL)
      g_error ("%s: \"%s\" does not say \"%s\"", requests[i][0], message, pattern);
  }
  assert_nothing_loaded (s);
}

static void
test_defect (Server *s, gconstpointer data)
{
  const Defect *defect = data;
  g_autofree char *path = g_build_filename (s->loose, "bad.gguf", NULL),
                  *text = dup_changed (defect);

  fixture_write_model (text, path);
  assert_refused (s, "bad", defect->message);
  g_autoptr (HrValue) answer = server_post (
      s, "/api/generate",
      "{\"model\":\"tiny\",\"prompt\":\"a\",\"stream\":false,\"options\":{\"num_predict\":2}}");
  g_assert_nonnull (json_text (answer, "done_reason"));
}

/* ---- Adapters ---- */

static void
write_adapter (const char *path, const char *arch, guint64 width)
{
  g_autoptr (GgufBuilder) builder = gguf_builder_new ();

  gguf_builder_string (builder, "general.architecture", arch);
  gguf_builder_string (builder, "general.type", "adapter");
  gguf_builder_string (builder, "adapter.type", "lora");
  gguf_builder_f32 (builder, "adapter.lora.alpha", 8);
  gguf_builder_tensor (builder, "blk.0.attn_q.weight.lora_a", HR_TYPE_F32, 2,
                       (uint64_t[]){ width, 4 }, NULL);
  gguf_builder_tensor (builder, "blk.0.attn_q.weight.lora_b", HR_TYPE_F32, 2,
                       (uint64_t[]){ 4, 64 }, NULL);
  gguf_builder_write (builder, path);
}

/* Its adapter was exchanged for one of another base behind the store's back, or is gone. */
static void
test_adapter (Server *s, gconstpointer data)
{
  g_autofree char *path = g_build_filename (s->root, "a.lora", NULL);
  const char *const adapters[] = { path, NULL };
  const HeadroomModelSpec spec = { .from_name = "tiny", .adapter_paths = adapters };
  g_autoptr (GError) error = NULL;

  write_adapter (path, "llama", 64);
  g_assert_true (headroom_store_create (s->store, "tuned", &spec, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  g_autoptr (HeadroomModelEntry) entry = headroom_store_lookup (s->store, "tuned", &error);
  const char *blob = headroom_model_entry_get_adapter_paths (entry)[0];

  g_assert_cmpint (g_unlink (blob), ==, 0);
  write_adapter (blob, "qwen2", 64);
  assert_refused (s, "tuned", "its general.architecture is qwen2, the model's llama");
  g_assert_cmpint (g_unlink (blob), ==, 0);
  write_adapter (blob, "llama", 96);
  assert_refused (s, "tuned", "blk.0.attn_q.weight.lora_a does not fit");
  g_assert_cmpint (g_unlink (blob), ==, 0);
  g_autofree char *name = g_path_get_basename (blob);
  assert_refused (s, "tuned", name);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
  for (gsize i = 0; i < G_N_ELEMENTS (defects); i++) {
    g_autofree char *path = g_strconcat ("/bad-models/", defects[i].name, NULL);
    g_test_add (path, Server, &defects[i], server_setup, test_defect, server_teardown);
  }
  g_test_add ("/bad-models/adapter", Server, NULL, server_setup, test_adapter, server_teardown);
  result = g_test_run ();
  server_fixture_finish ();
  return result;
}
