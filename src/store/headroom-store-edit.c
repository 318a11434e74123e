/* headroom-store-edit.c: writing, copying and deleting manifests.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A model is replaced by renaming a new manifest over the old one; blobs come before it and go
 * after it, so that a reader sees the old model or the new one, complete.
 */
#include "headroom-store-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

/* Where the manifest of a name belongs: over the one that is there in another case, if there is
 * one. */
static char *
dup_manifest_path (HeadroomStore *store, const HeadroomModelName *name)
{
  char *existing = headroom_store_find_manifest (store, name);

  return existing != NULL
             ? existing
             : g_build_filename (headroom_store_get_root (store), "manifests", name->host,
                                 name->space, name->model, name->tag, NULL);
}

gboolean
headroom_store_write_manifest (HeadroomStore *self, const HeadroomModelName *name, const char *text,
                               GError **error)
{
  g_autofree char *path = dup_manifest_path (self, name);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (HeadroomManifest) old =
      g_file_test (path, G_FILE_TEST_EXISTS) ? headroom_manifest_read (path, NULL) : NULL;
  g_autoptr(GError) write_error = NULL;

  if (g_mkdir_with_parents (folder, 0755) != 0) {
    g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_IO,
                 "Cannot make the folder %s: %s", folder, g_strerror (errno));
    return FALSE;
  }
  if (!g_file_set_contents_full (path, text, -1,
                                 G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0644,
                                 &write_error)) {
    g_set_error (error, HEADROOM_STORE_ERROR,
                 g_error_matches (write_error, G_FILE_ERROR, G_FILE_ERROR_NOSPC)
                     ? HEADROOM_STORE_ERROR_NO_SPACE
                     : HEADROOM_STORE_ERROR_IO,
                 "Cannot write %s: %s", path, write_error->message);
    return FALSE;
  }
  if (old != NULL)
    headroom_store_prune (self, old);
  return TRUE;
}

static gboolean
copy_manifest (HeadroomStoreChange *change, const char *source_path,
               const HeadroomModelName *destination, GError **error)
{
  gsize len;
  g_autofree char *text = NULL;

  if (!headroom_store_change_begin (change, error))
    return FALSE;
  text = headroom_read_small_file (source_path, HEADROOM_MANIFEST_MAX_BYTES, &len, NULL, error);
  return text != NULL && headroom_store_write_manifest (change->store, destination, text, error);
}

gboolean
headroom_store_copy (HeadroomStore *self, const char *source, const char *destination,
                     GError **error)
{
  g_autoptr(HeadroomModelName) from = headroom_model_name_parse (source);
  g_autoptr(HeadroomModelName) to = headroom_model_name_parse (destination);
  HeadroomStoreChange change = { .store = self };

  g_return_val_if_fail (HEADROOM_IS_STORE (self), FALSE);

  if (from == NULL || to == NULL) {
    g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_INVALID_NAME,
                 "%s \"%s\" is invalid", from == NULL ? "source" : "destination",
                 from == NULL ? source : destination);
    return FALSE;
  }
  g_autofree char *path = headroom_store_find_manifest (self, from);
  if (path != NULL) {
    gboolean success = copy_manifest (&change, path, to, error);
    headroom_store_change_end (&change, success);
    return success;
  }
  g_autoptr(HeadroomModelEntry) loose = headroom_store_lookup (self, source, NULL);
  if (loose == NULL) {
    g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_NOT_FOUND,
                 "model \"%s\" not found", source);
    return FALSE;
  }
  const HeadroomModelSpec spec = { .from_name = source };
  return headroom_store_create (self, destination, &spec, NULL, NULL, NULL, error);
}

/* Folders that became empty, from the tag's upwards; never the folder of manifests itself. */
static void
remove_empty_folders (const char *manifest_path)
{
  g_autofree char *folder = g_path_get_dirname (manifest_path);

  for (int level = 0; level < 3 && g_rmdir (folder) == 0; level++) {
    char *parent = g_path_get_dirname (folder);
    g_free (folder);
    folder = parent;
  }
}

static gboolean
delete_manifest (HeadroomStoreChange *change, const char *path, GError **error)
{
  g_autoptr(HeadroomManifest) old = NULL;

  if (!headroom_store_change_begin (change, error))
    return FALSE;
  old = headroom_manifest_read (path, NULL);
  if (g_unlink (path) != 0) {
    g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_IO, "Cannot remove %s: %s", path,
                 g_strerror (errno));
    return FALSE;
  }
  remove_empty_folders (path);
  if (old != NULL)
    headroom_store_prune (change->store, old);
  return TRUE;
}

static gboolean
delete_loose (HeadroomStore *self, const char *name, GError **error)
{
  g_autoptr(HeadroomModelEntry) entry = headroom_store_lookup (self, name, error);

  if (entry == NULL)
    return FALSE;
  if (g_unlink (headroom_model_entry_get_path (entry)) != 0) {
    g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_IO, "Cannot remove %s: %s",
                 headroom_model_entry_get_path (entry), g_strerror (errno));
    return FALSE;
  }
  return TRUE;
}

gboolean
headroom_store_delete (HeadroomStore *self, const char *name, GError **error)
{
  g_autoptr(HeadroomModelName) parsed = headroom_model_name_parse (name);
  HeadroomStoreChange change = { .store = self };

  g_return_val_if_fail (HEADROOM_IS_STORE (self), FALSE);

  if (parsed == NULL) {
    g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_INVALID_NAME,
                 "name \"%s\" is invalid", name);
    return FALSE;
  }
  g_autofree char *path = headroom_store_find_manifest (self, parsed);
  if (path == NULL)
    return delete_loose (self, name, error);
  gboolean success = delete_manifest (&change, path, error);
  headroom_store_change_end (&change, success);
  return success;
}
