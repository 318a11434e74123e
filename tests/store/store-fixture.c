/* store-fixture.c: see store-fixture.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "store-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#include "gguf-builder.h"

void
store_fixture_init (StoreFixture *fixture)
{
  g_autoptr(GError) error = NULL;

  fixture->dir = g_dir_make_tmp ("headroom-store-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->root = g_build_filename (fixture->dir, "store", NULL);
  fixture->loose = g_build_filename (fixture->dir, "loose", NULL);
  fixture->store = headroom_store_new (fixture->root, fixture->loose);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir =
      g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *child = g_build_filename (path, name, NULL);
    remove_tree (child);
  }
  g_remove (path);
}

void
store_fixture_clear (StoreFixture *fixture)
{
  g_object_add_weak_pointer (G_OBJECT (fixture->store), (gpointer *) &fixture->store);
  g_object_unref (fixture->store);
  g_assert_null (fixture->store);
  remove_tree (fixture->dir);
  g_free (fixture->dir);
  g_free (fixture->root);
  g_free (fixture->loose);
}

char *
store_fixture_path (StoreFixture *fixture, const char *relative)
{
  char *path = g_build_filename (fixture->dir, relative, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  return path;
}

void
store_fixture_write (StoreFixture *fixture, const char *relative, const char *text, gssize len)
{
  g_autofree char *path = store_fixture_path (fixture, relative);
  g_autoptr(GError) error = NULL;

  g_file_set_contents (path, text, len, &error);
  g_assert_no_error (error);
}

static GBytes *
make_gguf (guint32 seed)
{
  g_autoptr(GgufBuilder) builder = gguf_builder_new ();
  float weights[32] = { 0 };

  memcpy (weights, &seed, sizeof seed);
  gguf_builder_string (builder, "general.architecture", "llama");
  gguf_builder_u32 (builder, "llama.context_length", 2048);
  gguf_builder_u32 (builder, "llama.embedding_length", 32);
  gguf_builder_u32 (builder, "llama.block_count", 1);
  gguf_builder_u32 (builder, "llama.attention.head_count", 2);
  gguf_builder_string (builder, "tokenizer.chat_template",
                       "{{ messages }}{{ tools }}<think></think>");
  gguf_builder_tensor (builder, "output_norm.weight", HR_TYPE_F32, 1, (uint64_t[]) { 32 }, weights);
  return gguf_builder_finish (builder);
}

void
store_fixture_write_gguf (StoreFixture *fixture, const char *relative, guint32 seed)
{
  g_autoptr(GBytes) file = make_gguf (seed);
  gsize len;
  const char *bytes = g_bytes_get_data (file, &len);

  store_fixture_write (fixture, relative, bytes, (gssize) len);
}

char *
store_fixture_blob (StoreFixture *fixture, const char *text, gssize len)
{
  gsize n = len < 0 ? strlen (text) : (gsize) len;
  g_autofree char *hex = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guint8 *) text, n);
  g_autofree char *relative = g_strconcat ("store/blobs/sha256-", hex, NULL);

  store_fixture_write (fixture, relative, text, (gssize) n);
  return g_strconcat ("sha256:", hex, NULL);
}

static void
append_layer (StoreFixture *fixture, GString *layers, const char *kind, const char *text)
{
  g_autoptr(GBytes) gguf = strcmp (kind, "model") == 0 ? make_gguf (1) : NULL;
  gsize len = strlen (text);
  const char *bytes = gguf != NULL ? g_bytes_get_data (gguf, &len) : text;
  g_autofree char *digest = store_fixture_blob (fixture, bytes, (gssize) len);

  g_string_append_printf (
      layers,
      "%s{\"mediaType\":\"application/vnd.ollama.image.%s\",\"digest\":\"%s\",\"size\":%" G_GSIZE_FORMAT
      "}",
      layers->len > 0 ? "," : "", kind, digest, len);
}

void
store_fixture_manifest (StoreFixture *fixture, const char *name, ...)
{
  static const char *const config =
      "{\"model_format\":\"gguf\",\"model_family\":\"llama\",\"model_families\":[\"llama\"],"
      "\"model_type\":\"8.0B\",\"file_type\":\"Q4_K_M\",\"architecture\":\"amd64\",\"os\":\"linux\","
      "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}";
  g_autoptr(GString) layers = g_string_new (NULL);
  g_autofree char *digest = store_fixture_blob (fixture, config, -1);
  g_autofree char *relative = g_strconcat ("store/manifests/", name, NULL);
  const char *kind;
  va_list args;

  va_start (args, name);
  while ((kind = va_arg (args, const char *)) != NULL)
    append_layer (fixture, layers, kind, va_arg (args, const char *));
  va_end (args);
  g_autofree char *text = g_strdup_printf (
      "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.docker.distribution.manifest.v2+json\","
      "\"config\":{\"mediaType\":\"application/vnd.docker.container.image.v1+json\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[%s]}",
      digest, strlen (config), layers->str);
  store_fixture_write (fixture, relative, text, -1);
}

guint
store_fixture_count_blobs (StoreFixture *fixture)
{
  g_autofree char *path = g_build_filename (fixture->root, "blobs", NULL);
  g_autoptr(GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}
