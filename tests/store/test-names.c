/* test-names.c: names of models, digests, loose files' names.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-loose.h"
#include "headroom-model-name.h"
#include "headroom-store.h"

static void
test_parse (void)
{
  static const struct {
    const char *text, *full, *display;
  } good[] = {
    { "m", "registry.ollama.ai/library/m:latest", "m:latest" },
    { "llama3.2:1b", "registry.ollama.ai/library/llama3.2:1b", "llama3.2:1b" },
    { "me/m", "registry.ollama.ai/me/m:latest", "me/m:latest" },
    { "hf.co/user/repo:Q4_K_M", "hf.co/user/repo:Q4_K_M", "hf.co/user/repo:Q4_K_M" },
    { "localhost:5000/a/b:t", "localhost:5000/a/b:t", "localhost:5000/a/b:t" },
    { "localhost:5000/a/b", "localhost:5000/a/b:latest", "localhost:5000/a/b:latest" },
    { "http://h/a/b:t", "h/a/b:t", "h/a/b:t" },
    { "_m-1.x", "registry.ollama.ai/library/_m-1.x:latest", "_m-1.x:latest" },
    { "registry.ollama.ai/library/m:latest", "registry.ollama.ai/library/m:latest", "m:latest" },
  };
  static const char *const bad[] = {
    "",
    ":",
    "m:",
    ":t",
    "/m",
    "m/",
    "a/b/c/d",
    "../m",
    "a/../m",
    "..",
    ".",
    "m:..",
    "m:../x",
    "-m",
    ".m",
    "m m",
    "m\n",
    "m\\x",
    "a.b/m",
    "h/a.b/m",
    "m:a/b:c:",
    "m@sha256:00",
    "\xc3\xa9",
    "://m",
    "a:b:c",
    "h:x/y:z/m",
    "x23456789012345678901234567890123456789012345678901234567890123456789012345678901",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autoptr(HeadroomModelName) name = headroom_model_name_parse (good[i].text);
    g_assert_nonnull (name);
    g_autofree char *full = headroom_model_name_dup_full (name);
    g_autofree char *display = headroom_model_name_dup_display (name);
    g_assert_cmpstr (full, ==, good[i].full);
    g_assert_cmpstr (display, ==, good[i].display);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr(HeadroomModelName) name = headroom_model_name_parse (bad[i]);
    if (name != NULL)
      g_test_message ("%s", bad[i]);
    g_assert_null (name);
  }
}

static void
test_digests (void)
{
  const char *good = "sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef";
  static const char *const bad[] = {
    "",
    "sha256",
    "sha256:",
    "sha256:0123",
    "md5:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "sha256:../../../../../../../../../../../../../../../../../etc/passwd000",
    "sha256/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde/",
  };
  g_autofree char *file_name = headroom_digest_dup_file_name (good);

  g_assert_true (headroom_digest_is_valid (good));
  g_assert_cmpstr (file_name, ==,
                   "sha256-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (headroom_digest_is_valid (bad[i]));
}

static void
test_loose (void)
{
  static const struct {
    const char *file, *name; /* NULL: not a model */
  } cases[] = {
    { "SmolLM2-135M-Instruct.Q4_1.gguf", "smollm2-135m-instruct:q4_1" },
    { "SmolLM2-135M-Instruct.gguf", "smollm2-135m-instruct:latest" },
    { "Qwen3-0.6B-Q8_0.GGUF", "qwen3-0.6b:q8_0" },
    { "model-Q4_K_M-00001-of-00003.gguf", "model:q4_k_m" },
    { "model-Q4_K_M-00002-of-00003.gguf", NULL },
    { "gpt-oss-20b-MXFP4.gguf", "gpt-oss-20b:mxfp4" },
    { "a-IQ4_XS.gguf", "a:iq4_xs" },
    { "a-BF16.gguf", "a:bf16" },
    { "My Model (v2).gguf", "my-model--v2-:latest" },
    { "mmproj-model.gguf", NULL },
    { "Q4_0.gguf", "q4_0:latest" },
    { ".hidden.gguf", NULL },
    { "notes.txt", NULL },
    { ".gguf", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr(HeadroomModelName) name = headroom_loose_name (cases[i].file);
    g_autofree char *display = name != NULL ? headroom_model_name_dup_display (name) : NULL;
    g_assert_cmpstr (display, ==, cases[i].name);
  }
}

static void
test_parameters (void)
{
  static const struct {
    guint64 n;
    const char *text;
  } cases[] = { { 8030261312, "8.0B" }, { 7000000000, "7B" }, { 134515008, "134.52M" },
                { 125000000, "125M" },  { 1500, "2K" },       { 999, "999" } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = headroom_format_parameters (cases[i].n);
    g_assert_cmpstr (text, ==, cases[i].text);
  }
}

static void
test_is_path (void)
{
  g_assert_true (headroom_store_is_path ("/a"));
  g_assert_true (headroom_store_is_path ("./a"));
  g_assert_true (headroom_store_is_path ("../a"));
  g_assert_true (headroom_store_is_path ("~/a"));
  g_assert_true (headroom_store_is_path ("a.GGUF"));
  g_assert_false (headroom_store_is_path ("a"));
  g_assert_false (headroom_store_is_path ("a/b:c"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/names/parse", test_parse);
  g_test_add_func ("/store/names/digests", test_digests);
  g_test_add_func ("/store/names/loose", test_loose);
  g_test_add_func ("/store/names/parameters", test_parameters);
  g_test_add_func ("/store/names/is-path", test_is_path);
  return g_test_run ();
}
