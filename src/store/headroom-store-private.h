/* headroom-store-private.h: what the files of the store share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * headroom-store.c finds models, headroom-store-blob.c writes blobs, headroom-store-create.c and
 * headroom-store-weights.c make models, headroom-store-edit.c writes, copies and deletes manifests.
 */
#pragma once

#include "headroom-manifest.h"
#include "headroom-store.h"

G_BEGIN_DECLS

const char *headroom_store_get_blobs_dir (HeadroomStore *self);
/* Where the manifest of a model is (in whatever case its folders are spelled), or NULL. */
char *headroom_store_find_manifest (HeadroomStore *self,
                                    const HeadroomModelName *name) G_GNUC_WARN_UNUSED_RESULT;
/* Calls func for each manifest. problems may be NULL; a file that cannot be read is added to it.
 * FALSE if there was one. */
typedef void (*HeadroomManifestFunc) (const HeadroomManifest *manifest,
                                      const HeadroomModelName *name, gpointer data);
gboolean headroom_store_foreach_manifest (HeadroomStore *self, HeadroomManifestFunc func,
                                          gpointer data, GPtrArray *problems);
void headroom_store_set_not_found (GError **error, const char *name);

/* ---- Writing ---- */

/* The work of one change: the lock that it holds, and the blobs that it wrote and that go away if
 * it fails. */
typedef struct {
  HeadroomStore *store;
  HeadroomStoreProgressFunc progress;
  gpointer progress_data;
  GCancellable *cancellable;
  int lock_fd;
  GPtrArray *written; /* paths of new blobs */
} HeadroomStoreChange;

/* Makes the folders and takes the lock, waiting for another program that changes the store. */
gboolean headroom_store_change_begin (HeadroomStoreChange *change, GError **error);
/* Gives the lock back; removes the new blobs if the change failed. */
void headroom_store_change_end (HeadroomStoreChange *change, gboolean success);
void headroom_store_change_report (HeadroomStoreChange *change, const char *status,
                                   const char *digest, guint64 completed, guint64 total);
/* A layer over a blob with this content; the blob is written unless it is there. */
HeadroomLayer *headroom_store_change_put (HeadroomStoreChange *change, const char *media_type,
                                          const char *bytes, gsize len,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same from a file: hashed, then cloned (where the file system can share the bytes) or copied.
 */
HeadroomLayer *headroom_store_change_import (HeadroomStoreChange *change, const char *media_type,
                                             const char *path,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Puts a model's manifest in place, then prunes what its predecessor used. The lock is held. */
gboolean headroom_store_write_manifest (HeadroomStore *self, const HeadroomModelName *name,
                                        const char *text, GError **error);
/* Removes blobs of old that no manifest names now. If a manifest cannot be read, nothing is
 * removed. */
void headroom_store_prune (HeadroomStore *self, const HeadroomManifest *old);

G_END_DECLS
