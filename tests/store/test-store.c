/* test-store.c: finding, creating, copying and deleting models, also among hostile files.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "headroom-json.h"
#include "headroom-model-name.h"
#include "store-fixture.h"

#define LIBRARY "registry.ollama.ai/library/"

static void
set_up (StoreFixture *fixture, gconstpointer data)
{
  store_fixture_init (fixture);
}

static void
tear_down (StoreFixture *fixture, gconstpointer data)
{
  store_fixture_clear (fixture);
}

static void
assert_lookup_fails (StoreFixture *fixture, const char *name, HeadroomStoreError code,
                     const char *message)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (headroom_store_lookup (fixture->store, name, &error));
  g_assert_error (error, HEADROOM_STORE_ERROR, (int) code);
  if (message != NULL)
    g_assert_cmpstr (error->message, ==, message);
}

static HeadroomModelEntry *
lookup (StoreFixture *fixture, const char *name)
{
  g_autoptr(GError) error = NULL;
  HeadroomModelEntry *entry = headroom_store_lookup (fixture->store, name, &error);

  g_assert_no_error (error);
  return entry;
}

/* ---- Reading ---- */

static void
test_empty (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr(GPtrArray) problems = NULL;
  g_autoptr(GPtrArray) entries = headroom_store_list (fixture->store, &problems);

  g_assert_cmpuint (entries->len, ==, 0);
  g_assert_cmpuint (problems->len, ==, 0);
  assert_lookup_fails (fixture, "m", HEADROOM_STORE_ERROR_NOT_FOUND, "model 'm' not found");
  assert_lookup_fails (fixture, "", HEADROOM_STORE_ERROR_NOT_FOUND, "model '' not found");
  g_assert_false (g_file_test (fixture->root, G_FILE_TEST_EXISTS)); /* looking makes nothing */
}

static void
test_ollama_layout (StoreFixture *fixture, gconstpointer data)
{
  store_fixture_manifest (fixture, LIBRARY "Llama3.2/1b", "model", "", "template", "{{ .Prompt }}",
                          "system", "Be brief.", "license", "MIT", "license", "more", "params",
                          "{\"stop\":[\"<|end|>\"],\"num_ctx\":4096}", "messages",
                          "[{\"role\":\"user\",\"content\":\"hi\"}]", NULL);
  g_autoptr(HeadroomModelEntry) entry = lookup (fixture, "llama3.2:1B");
  g_autofree char *params =
      headroom_json_print (headroom_model_entry_get_params (entry), HEADROOM_JSON_PLAIN);
  g_autofree char *path =
      g_build_filename (fixture->root, "manifests", LIBRARY "Llama3.2/1b", NULL);
  g_autofree char *manifest = NULL;
  gsize len;

  g_assert_true (g_file_get_contents (path, &manifest, &len, NULL));
  g_autofree char *digest =
      g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guint8 *) manifest, len);
  g_assert_cmpstr (headroom_model_entry_get_name (entry), ==, "Llama3.2:1b");
  g_assert_cmpstr (headroom_model_entry_get_full_name (entry), ==, LIBRARY "Llama3.2:1b");
  g_assert_cmpstr (headroom_model_entry_get_digest (entry), ==, digest);
  g_assert_cmpstr (headroom_model_entry_get_template (entry), ==, "{{ .Prompt }}");
  g_assert_cmpstr (headroom_model_entry_get_system (entry), ==, "Be brief.");
  g_assert_cmpstr (headroom_model_entry_get_licenses (entry)[1], ==, "more");
  g_assert_null (headroom_model_entry_get_licenses (entry)[2]);
  g_assert_cmpstr (params, ==, "{\"stop\":[\"<|end|>\"],\"num_ctx\":4096}");
  g_assert_cmpuint (hr_value_size (headroom_model_entry_get_messages (entry)), ==, 1);
  g_assert_cmpstr (headroom_model_entry_get_family (entry), ==, "llama");
  g_assert_cmpstr (headroom_model_entry_get_quantization (entry), ==, "Q4_K_M");
  g_assert_true (g_file_test (headroom_model_entry_get_path (entry), G_FILE_TEST_IS_REGULAR));
  g_assert_false (headroom_model_entry_is_loose (entry));

  g_autofree char *parameters = headroom_model_entry_dup_parameters_text (entry);
  g_assert_cmpstr (
      parameters, ==,
      "stop                           \"<|end|>\"\nnum_ctx                        4096");
  g_autofree char *modelfile = headroom_model_entry_dup_modelfile (entry);
  g_autoptr(GError) error = NULL;
  g_autoptr(HeadroomModelfile) parsed = headroom_modelfile_parse (modelfile, -1, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (headroom_modelfile_get (parsed, "system"), ==, "Be brief.");
  g_assert_cmpstr (headroom_modelfile_get (parsed, "from"), ==,
                   headroom_model_entry_get_path (entry));
}

static void
test_list (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr(GPtrArray) problems = NULL;

  store_fixture_manifest (fixture, LIBRARY "a/latest", "model", "", NULL);
  store_fixture_manifest (fixture, "hf.co/user/repo/q4", "model", "", NULL);
  store_fixture_write (fixture, "store/manifests/" LIBRARY "a/.DS_Store", "x", -1);
  store_fixture_write (fixture, "store/manifests/" LIBRARY "broken/latest", "{", -1);
  store_fixture_write_gguf (fixture, "loose/Tiny-Q4_0.gguf", 1);
  store_fixture_write_gguf (fixture, "loose/a.gguf", 2); /* its name is taken */
  store_fixture_write (fixture, "loose/bad.gguf", "GGUF", -1);
  g_autoptr(GPtrArray) entries = headroom_store_list (fixture->store, &problems);
  g_autoptr(GString) names = g_string_new (NULL);

  g_assert_cmpuint (entries->len, ==, 3);
  for (guint i = 0; i < entries->len; i++) {
    HeadroomModelEntry *entry = g_ptr_array_index (entries, i);
    g_string_append_printf (names, "%s ", headroom_model_entry_get_name (entry));
    if (i > 0)
      g_assert_cmpint (headroom_model_entry_get_modified_ns (g_ptr_array_index (entries, i - 1)),
                       >=, headroom_model_entry_get_modified_ns (entry));
  }
  g_assert_nonnull (strstr (names->str, "a:latest "));
  g_assert_nonnull (strstr (names->str, "hf.co/user/repo:q4 "));
  g_assert_nonnull (strstr (names->str, "tiny:q4_0 "));
  g_assert_cmpuint (problems->len, ==, 3);
}

static void
test_loose (StoreFixture *fixture, gconstpointer data)
{
  store_fixture_write_gguf (fixture, "loose/Tiny-Q4_0.gguf", 1);
  g_autoptr(HeadroomModelEntry) exact = lookup (fixture, "TINY:q4_0");
  g_autoptr(HeadroomModelEntry) open_tag = lookup (fixture, "tiny");

  g_assert_true (headroom_model_entry_is_loose (exact));
  g_assert_true (exact == open_tag); /* unchanged files are not opened again */
  g_assert_cmpstr (headroom_model_entry_get_family (exact), ==, "llama");
  g_assert_cmpint (headroom_model_entry_get_context_length (exact), ==, 2048);
  g_assert_cmpuint (strlen (headroom_model_entry_get_digest (exact)), ==, 64);

  store_fixture_write_gguf (fixture, "loose/Tiny-Q8_0.gguf", 2);
  assert_lookup_fails (fixture, "tiny", HEADROOM_STORE_ERROR_NOT_FOUND,
                       "model 'tiny' not found, choose one of tiny:q4_0, tiny:q8_0");
  store_fixture_write_gguf (fixture, "loose/tiny.gguf", 3);
  g_autoptr(HeadroomModelEntry) plain = lookup (fixture, "tiny");
  g_assert_cmpstr (headroom_model_entry_get_name (plain), ==, "tiny:latest");
  assert_lookup_fails (fixture, "tiny:q5_0", HEADROOM_STORE_ERROR_NOT_FOUND,
                       "model 'tiny:q5_0' not found");
}

static void
test_open_file (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = store_fixture_path (fixture, "elsewhere/X.gguf");
  g_autofree char *missing = store_fixture_path (fixture, "elsewhere/none.gguf");

  store_fixture_write_gguf (fixture, "elsewhere/X.gguf", 1);
  g_autoptr(HeadroomModelEntry) entry = headroom_store_resolve (fixture->store, path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (headroom_model_entry_get_path (entry), ==, path);
  g_assert_cmpstr (headroom_model_entry_get_name (entry), ==, "x:latest");
  g_assert_null (headroom_store_resolve (fixture->store, missing, &error));
  g_assert_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_NOT_FOUND);
  assert_lookup_fails (fixture, path, HEADROOM_STORE_ERROR_INVALID_NAME, "invalid model name");
}

/* ---- Hostile files ---- */

static void
test_hostile_names (StoreFixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "../../etc/passwd", "..",   "a/../../b", "m:../../x",
                                       "/etc/passwd",      "a\nb", "m:",        "a/b/c/d" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr(GError) error = NULL;
    assert_lookup_fails (fixture, names[i], HEADROOM_STORE_ERROR_INVALID_NAME,
                         "invalid model name");
    g_assert_false (headroom_store_delete (fixture->store, names[i], &error));
    g_assert_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_INVALID_NAME);
    g_assert_true (g_str_has_suffix (error->message, "is invalid"));
  }
  g_assert_null (headroom_store_dup_blob_path (fixture->store, "sha256:../../x"));
}

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define CONFIG "\"config\":{\"digest\":\"sha256:" HEX "\",\"size\":1}"

static void
test_hostile_manifests (StoreFixture *fixture, gconstpointer data)
{
  static const struct {
    const char *text, *message; /* NULL: only the code counts */
  } cases[] = {
    { "", "the manifest is not a JSON object: missing request body" },
    { "[]", "the manifest is not a JSON object" },
    { "{\"schemaVersion\":2", "the manifest is not a JSON object: unexpected EOF" },
    { "{}", "the manifest's schemaVersion is not 2" },
    { "{\"schemaVersion\":2}", "config of the manifest has no valid digest" },
    { "{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:../../../../../../etc/passwd\",\"size\":1},\"layers\":[]}",
      "config of the manifest has no valid digest" },
    { "{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:" HEX "\",\"size\":-1},\"layers\":[]}",
      "config of the manifest has no valid size" },
    { "{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:" HEX "\",\"size\":1e3},\"layers\":[]}",
      "config of the manifest has no valid size" },
    { "{\"schemaVersion\":2," CONFIG "}", "the manifest has no list of layers, or too many" },
    { "{\"schemaVersion\":2," CONFIG ",\"layers\":[7]}",
      "layer 0 of the manifest has no valid digest" },
    { "{\"schemaVersion\":2," CONFIG ",\"layers\":[{\"digest\":\"sha256:" HEX
      "\",\"size\":9223372036854775807}]}",
      "the sizes in the manifest are impossible" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    store_fixture_write (fixture, "store/manifests/" LIBRARY "m/latest", cases[i].text, -1);
    assert_lookup_fails (fixture, "m", HEADROOM_STORE_ERROR_CORRUPT, cases[i].message);
  }
}

static void
test_hostile_blobs (StoreFixture *fixture, gconstpointer data)
{
  static const char *const kinds[] = { "params", "messages", "system" };
  static const char *const texts[] = { "[1]", "{}", "\xff\xfe" };
  g_autofree char *fifo = NULL, *huge = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
    store_fixture_manifest (fixture, LIBRARY "m/latest", "model", "", kinds[i], texts[i], NULL);
    assert_lookup_fails (fixture, "m", HEADROOM_STORE_ERROR_CORRUPT, NULL);
  }
  store_fixture_write (fixture, "store/manifests/" LIBRARY "gone/latest",
                       "{\"schemaVersion\":2," CONFIG ",\"layers\":[]}", -1);
  assert_lookup_fails (fixture, "gone", HEADROOM_STORE_ERROR_NOT_FOUND,
                       NULL); /* its config blob is missing */

  huge = g_strnfill (2 * 1024 * 1024, ' ');
  store_fixture_write (fixture, "store/manifests/" LIBRARY "huge/latest", huge, -1);
  assert_lookup_fails (fixture, "huge", HEADROOM_STORE_ERROR_CORRUPT, NULL);
  fifo = store_fixture_path (fixture, "store/manifests/" LIBRARY "fifo/latest");
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  assert_lookup_fails (fixture, "fifo", HEADROOM_STORE_ERROR_NOT_FOUND,
                       NULL); /* and nobody waits for a writer */
}

/* ---- Writing ---- */

typedef struct {
  GString *log;
  GCancellable *cancel_at_copy;
} Watcher;

static void
watch (const char *status, const char *digest, guint64 completed, guint64 total, gpointer data)
{
  Watcher *watcher = data;

  if (total > 0) {
    g_assert_cmpuint (completed, <=, total);
    if (watcher->cancel_at_copy != NULL)
      g_cancellable_cancel (watcher->cancel_at_copy);
    return;
  }
  g_string_append_len (watcher->log, status, (gssize) strcspn (status, ":"));
  g_string_append_c (watcher->log, ';');
}

static gboolean
create (StoreFixture *fixture, const char *name, const char *modelfile, Watcher *watcher,
        GError **error)
{
  g_autoptr(HeadroomModelfile) parsed = headroom_modelfile_parse (modelfile, -1, error);

  g_assert_nonnull (parsed);
  return headroom_store_create_from_modelfile (fixture->store, name, parsed, fixture->dir,
                                               watcher != NULL ? watch : NULL, watcher,
                                               watcher != NULL ? watcher->cancel_at_copy : NULL,
                                               error);
}

static void
test_create (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GString) log = g_string_new (NULL);
  Watcher watcher = { .log = log };

  store_fixture_write_gguf (fixture, "x.gguf", 1);
  g_assert_true (create (
      fixture, "My/New:V1",
      "FROM x.gguf\nSYSTEM hi\nPARAMETER num_ctx 512\nPARAMETER stop a<b\nMESSAGE user q\nLICENSE l",
      &watcher, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (
      log->str, ==,
      "parsing GGUF;creating new layer sha256;creating new layer sha256;creating new layer sha256;"
      "creating new layer sha256;creating new layer sha256;creating new layer sha256;writing manifest;success;");
  g_autoptr(HeadroomModelEntry) entry = lookup (fixture, "my/new:v1");
  g_autofree char *params =
      headroom_json_print (headroom_model_entry_get_params (entry), HEADROOM_JSON_PLAIN);
  g_assert_cmpstr (params, ==, "{\"num_ctx\":512,\"stop\":[\"a<b\"]}");
  g_assert_cmpstr (headroom_model_entry_get_system (entry), ==, "hi");
  g_assert_cmpstr (headroom_model_entry_get_family (entry), ==, "llama");
  g_assert_cmpint (headroom_model_entry_get_context_length (entry), ==, 2048);
  g_assert_cmpuint (store_fixture_count_blobs (fixture), ==, 6);

  /* The blob is the file, under the digest of its bytes. */
  g_autofree char *original = NULL, *blob = NULL;
  gsize len, blob_len;
  g_autofree char *path = store_fixture_path (fixture, "x.gguf");
  g_assert_true (g_file_get_contents (path, &original, &len, NULL));
  g_assert_true (
      g_file_get_contents (headroom_model_entry_get_path (entry), &blob, &blob_len, NULL));
  g_assert_cmpmem (original, len, blob, blob_len);
  g_autofree char *hex =
      g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guint8 *) original, len);
  g_assert_true (g_str_has_suffix (headroom_model_entry_get_path (entry), hex));
}

static void
test_create_from_model (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  store_fixture_manifest (fixture, LIBRARY "base/latest", "model", "", "system", "old", "license",
                          "MIT", "params", "{\"num_ctx\":1,\"top_k\":2}", NULL);
  g_assert_true (
      create (fixture, "child", "FROM base\nSYSTEM new\nPARAMETER num_ctx 9", NULL, &error));
  g_assert_no_error (error);
  g_autoptr(HeadroomModelEntry) child = lookup (fixture, "child");
  g_autoptr(HeadroomModelEntry) base = lookup (fixture, "base");
  g_autofree char *params =
      headroom_json_print (headroom_model_entry_get_params (child), HEADROOM_JSON_PLAIN);
  g_assert_cmpstr (params, ==, "{\"num_ctx\":9,\"top_k\":2}");
  g_assert_cmpstr (headroom_model_entry_get_system (child), ==, "new");
  g_assert_cmpstr (headroom_model_entry_get_licenses (child)[0], ==, "MIT");
  g_assert_cmpstr (headroom_model_entry_get_parent (child), ==, "base:latest");
  g_assert_cmpstr (headroom_model_entry_get_path (child), ==, headroom_model_entry_get_path (base));

  guint n = store_fixture_count_blobs (fixture);
  g_assert_true (create (fixture, "child", "FROM base\nSYSTEM newer", NULL, &error));
  g_assert_cmpuint (store_fixture_count_blobs (fixture), ==,
                    n - 1); /* "new" and its params went, "newer" came */
  g_assert_true (headroom_store_delete (fixture->store, "child", &error));
  g_autoptr(HeadroomModelEntry) still = lookup (fixture, "base");
  g_assert_true (g_file_test (headroom_model_entry_get_path (still), G_FILE_TEST_EXISTS));
  g_assert_true (headroom_store_delete (fixture->store, "BASE", &error));
  g_assert_no_error (error);
  g_assert_cmpuint (store_fixture_count_blobs (fixture), ==, 0);
  g_autofree char *folder =
      g_build_filename (fixture->root, "manifests", "registry.ollama.ai", NULL);
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
}

static void
test_create_refusals (StoreFixture *fixture, gconstpointer data)
{
  static const struct {
    const char *name, *modelfile, *message; /* NULL: any */
  } bad[] = {
    { "../x", "FROM x.gguf", "invalid model name" },
    { "n", "FROM nothing", "model 'nothing' not found" },
    { "n", "FROM ./nothing", NULL },
    { "n", "FROM bad.gguf", NULL },
    { "n", "FROM x.gguf\nPARAMETER wrong 1", "(line 2): unknown parameter 'wrong'" },
    { "n", "FROM x.gguf\nFROM x.gguf",
      "the files are more than one model; parts of a split one have to be joined first" },
    { "n", "FROM x\nFROM y", "FROM names more than one model" },
    { "n", "FROM x\nFROM x.gguf", "the model is named twice, by 'from' and by a file" },
    { "n", "FROM x.gguf\nADAPTER y", "ADAPTER names no GGUF file" },
    { "n", "FROM x.gguf\nDRAFT y", "DRAFT is not supported yet" },
  };

  store_fixture_write_gguf (fixture, "x.gguf", 1);
  store_fixture_write (fixture, "bad.gguf", "not a model", -1);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_false (create (fixture, bad[i].name, bad[i].modelfile, NULL, &error));
    g_assert_nonnull (error);
    if (bad[i].message != NULL)
      g_assert_cmpstr (error->message, ==, bad[i].message);
  }
  g_assert_cmpuint (store_fixture_count_blobs (fixture), ==, 0);
}

static void
test_create_cancelled (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GString) log = g_string_new (NULL);
  Watcher watcher = { .log = log, .cancel_at_copy = cancellable };

  store_fixture_write_gguf (fixture, "x.gguf", 1);
  g_assert_false (create (fixture, "n", "FROM x.gguf", &watcher, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (store_fixture_count_blobs (fixture), ==, 0);
  assert_lookup_fails (fixture, "n", HEADROOM_STORE_ERROR_NOT_FOUND, NULL);
}

/* As long as one manifest cannot be read, nobody knows what it needs. */
static void
test_delete_is_careful (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  store_fixture_manifest (fixture, LIBRARY "a/latest", "model", "", NULL);
  store_fixture_write (fixture, "store/manifests/" LIBRARY "broken/latest", "{", -1);
  guint n = store_fixture_count_blobs (fixture);
  g_assert_true (headroom_store_delete (fixture->store, "a", &error));
  g_assert_cmpuint (store_fixture_count_blobs (fixture), ==, n);
  g_assert_true (
      headroom_store_delete (fixture->store, "broken", &error)); /* a broken model can be removed */
  g_assert_no_error (error);
  g_assert_false (headroom_store_delete (fixture->store, "a", &error));
  g_assert_cmpstr (error->message, ==, "model 'a' not found");
}

static void
test_copy (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  store_fixture_manifest (fixture, LIBRARY "a/latest", "model", "", NULL);
  store_fixture_write_gguf (fixture, "loose/tiny.gguf", 2);
  g_assert_true (headroom_store_copy (fixture->store, "A", "me/b:2", &error));
  g_autoptr(HeadroomModelEntry) a = lookup (fixture, "a");
  g_autoptr(HeadroomModelEntry) b = lookup (fixture, "me/b:2");
  g_assert_cmpstr (headroom_model_entry_get_digest (a), ==, headroom_model_entry_get_digest (b));
  g_assert_true (headroom_store_copy (fixture->store, "tiny", "kept", &error));
  g_autoptr(HeadroomModelEntry) kept = lookup (fixture, "kept");
  g_assert_false (headroom_model_entry_is_loose (kept));

  g_assert_false (headroom_store_copy (fixture->store, "none", "x", &error));
  g_assert_cmpstr (error->message, ==, "model \"none\" not found");
  g_clear_error (&error);
  g_assert_false (headroom_store_copy (fixture->store, "a", "../x", &error));
  g_assert_cmpstr (error->message, ==, "destination \"../x\" is invalid");
  g_clear_error (&error);
  g_assert_false (headroom_store_copy (fixture->store, "", "x", &error));
  g_assert_cmpstr (error->message, ==, "source \"\" is invalid");
  g_clear_error (&error);
  g_assert_true (headroom_store_delete (fixture->store, "tiny", &error));
  g_assert_no_error (error);
  assert_lookup_fails (fixture, "tiny", HEADROOM_STORE_ERROR_NOT_FOUND, NULL);
}

/* Names differ in case only: one model, under the spelling that was there first. */
static void
test_case (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  store_fixture_manifest (fixture, LIBRARY "Mixed/latest", "model", "", NULL);
  g_assert_true (create (fixture, "mixed", "FROM Mixed\nSYSTEM s", NULL, &error));
  g_autoptr(GPtrArray) entries = headroom_store_list (fixture->store, NULL);
  g_assert_cmpuint (entries->len, ==, 1);
  g_assert_cmpstr (headroom_model_entry_get_name (g_ptr_array_index (entries, 0)), ==,
                   "Mixed:latest");
}

static void
test_default_root (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr(HeadroomStore) store = NULL;

  g_setenv ("OLLAMA_MODELS", fixture->root, TRUE);
  store = headroom_store_new (NULL, NULL);
  g_assert_cmpstr (headroom_store_get_root (store), ==, fixture->root);
  g_assert_nonnull (headroom_store_get_loose_dir (store));
  g_setenv ("HEADROOM_MODELS", fixture->loose, TRUE);
  g_clear_object (&store);
  store = headroom_store_new (NULL, NULL);
  g_assert_cmpstr (headroom_store_get_root (store), ==, fixture->loose);
  g_unsetenv ("OLLAMA_MODELS");
  g_unsetenv ("HEADROOM_MODELS");
}

#define ADD(path, func) g_test_add ("/store/" path, StoreFixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("read/empty", test_empty);
  ADD ("read/ollama-layout", test_ollama_layout);
  ADD ("read/list", test_list);
  ADD ("read/loose", test_loose);
  ADD ("read/open-file", test_open_file);
  ADD ("read/default-root", test_default_root);
  ADD ("hostile/names", test_hostile_names);
  ADD ("hostile/manifests", test_hostile_manifests);
  ADD ("hostile/blobs", test_hostile_blobs);
  ADD ("write/create", test_create);
  ADD ("write/create-from-model", test_create_from_model);
  ADD ("write/create-refusals", test_create_refusals);
  ADD ("write/create-cancelled", test_create_cancelled);
  ADD ("write/delete-is-careful", test_delete_is_careful);
  ADD ("write/copy", test_copy);
  ADD ("write/case", test_case);
  return g_test_run ();
}
