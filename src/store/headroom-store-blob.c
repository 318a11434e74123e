/* headroom-store-blob.c: writing blobs, all or nothing.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A blob is written under a temporary name in the folder of blobs, flushed, and renamed to its
 * digest. A file is shared with the store by a clone where the file system can do that (btrfs,
 * XFS), else copied. Never by a hard link: whoever writes the original anew in place would change
 * the blob under its digest, and under a running model.
 */
#include "headroom-store-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define BUFFER_BYTES (1024 * 1024)
#define LOCK_POLL_USEC 100000

/* ---- Errors ---- */

static gboolean
fail_errno (GError **error, int error_number, const char *what, const char *path)
{
  g_set_error (error, HEADROOM_STORE_ERROR,
               error_number == ENOSPC || error_number == EDQUOT ? HEADROOM_STORE_ERROR_NO_SPACE
                                                                : HEADROOM_STORE_ERROR_IO,
               "Cannot %s %s: %s", what, path, g_strerror (error_number));
  return FALSE;
}

/* ---- The lock ---- */

static gboolean
take_lock (HeadroomStoreChange *change, const char *dir, GError **error)
{
  change->lock_fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (change->lock_fd < 0)
    return fail_errno (error, errno, "open", dir);
  while (flock (change->lock_fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return TRUE; /* a file system without locks: other programs are trusted to wait for people */
    if (g_cancellable_set_error_if_cancelled (change->cancellable, error))
      return FALSE;
    g_usleep (LOCK_POLL_USEC);
  }
  return TRUE;
}

gboolean
headroom_store_change_begin (HeadroomStoreChange *change, GError **error)
{
  const char *dir = headroom_store_get_blobs_dir (change->store);

  change->lock_fd = -1;
  change->written = g_ptr_array_new_with_free_func (g_free);
  if (g_mkdir_with_parents (dir, 0755) != 0)
    return fail_errno (error, errno, "make the folder", dir);
  return take_lock (change, dir, error);
}

void
headroom_store_change_end (HeadroomStoreChange *change, gboolean success)
{
  for (guint i = 0; !success && i < change->written->len; i++)
    g_unlink (g_ptr_array_index (change->written, i));
  g_clear_pointer (&change->written, g_ptr_array_unref);
  if (change->lock_fd >= 0)
    close (change->lock_fd);
  change->lock_fd = -1;
}

void
headroom_store_change_report (HeadroomStoreChange *change, const char *status, const char *digest,
                              guint64 completed, guint64 total)
{
  if (change->progress != NULL)
    change->progress (status, digest, completed, total, change->progress_data);
}

static void
report_layer (HeadroomStoreChange *change, const char *what, const char *digest)
{
  g_autofree char *status = g_strdup_printf ("%s layer %s", what, digest);

  headroom_store_change_report (change, status, NULL, 0, 0);
}

/* ---- Temporary files ---- */

static int
open_temporary (HeadroomStoreChange *change, char **ret_path, GError **error)
{
  g_autofree char *path =
      g_build_filename (headroom_store_get_blobs_dir (change->store), "sha256-XXXXXX", NULL);
  int fd = g_mkstemp_full (path, O_RDWR | O_CLOEXEC, 0644);

  if (fd < 0)
    fail_errno (error, errno, "write", path);
  else
    *ret_path = g_steal_pointer (&path);
  return fd;
}

/* Closes fd. On success the temporary file is the blob; otherwise it is gone. */
static gboolean
commit_temporary (HeadroomStoreChange *change, int fd, const char *temporary, const char *digest,
                  gboolean good, GError **error)
{
  g_autofree char *file_name = headroom_digest_dup_file_name (digest);
  g_autofree char *path =
      g_build_filename (headroom_store_get_blobs_dir (change->store), file_name, NULL);

  if (good && fsync (fd) != 0)
    good = fail_errno (error, errno, "write", path);
  close (fd);
  if (good && g_rename (temporary, path) != 0)
    good = fail_errno (error, errno, "write", path);
  if (good)
    g_ptr_array_add (change->written, g_steal_pointer (&path));
  else
    g_unlink (temporary);
  return good;
}

static gboolean
write_all (int fd, const char *bytes, gsize len, const char *path, GError **error)
{
  while (len > 0) {
    gssize n = write (fd, bytes, len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return fail_errno (error, errno, "write", path);
    bytes += n;
    len -= (gsize) n;
  }
  return TRUE;
}

/* A blob of another size is what a broken program left: it is written anew. */
static gboolean
has_blob (HeadroomStoreChange *change, const char *digest, guint64 size)
{
  g_autofree char *path = headroom_store_dup_blob_path (change->store, digest);
  struct stat status;

  return path != NULL && stat (path, &status) == 0 && (guint64) status.st_size == size;
}

HeadroomLayer *
headroom_store_change_put (HeadroomStoreChange *change, const char *media_type, const char *bytes,
                           gsize len, GError **error)
{
  g_autofree char *hex =
      g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guint8 *) bytes, len);
  g_autofree char *digest = g_strconcat ("sha256:", hex, NULL);
  g_autofree char *temporary = NULL;

  if (has_blob (change, digest, len)) {
    report_layer (change, "using existing", digest);
    return headroom_layer_new (media_type, digest, len, NULL);
  }
  int fd = open_temporary (change, &temporary, error);
  if (fd < 0)
    return NULL;
  gboolean good = write_all (fd, bytes, len, temporary, error);
  if (!commit_temporary (change, fd, temporary, digest, good, error))
    return NULL;
  report_layer (change, "creating new", digest);
  return headroom_layer_new (media_type, digest, len, NULL);
}

/* ---- Files ---- */

/* Reads fd from its start to its end, into the checksum and, unless it is -1, the file out. */
static gboolean
pump (HeadroomStoreChange *change, int fd, int out, GChecksum *checksum, guint64 size,
      const char *path, GError **error)
{
  g_autofree char *buffer = g_malloc (BUFFER_BYTES);
  const char *status = out < 0 ? "hashing file" : "copying file";
  guint64 done = 0;

  for (;;) {
    if (g_cancellable_set_error_if_cancelled (change->cancellable, error))
      return FALSE;
    gssize n = pread (fd, buffer, BUFFER_BYTES, (off_t) done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return fail_errno (error, errno, "read", path);
    if (n == 0)
      break;
    g_checksum_update (checksum, (const guint8 *) buffer, n);
    if (out >= 0 && !write_all (out, buffer, (gsize) n, "a blob of the store", error))
      return FALSE;
    done += (guint64) n;
    headroom_store_change_report (change, status, NULL, done, MAX (size, done));
  }
  return TRUE;
}

static gboolean
check_space (int fd, guint64 size, GError **error)
{
  struct statvfs status;
  g_autofree char *needed = g_format_size (size);
  g_autofree char *available = NULL;

  if (fstatvfs (fd, &status) != 0)
    return TRUE;
  guint64 free_bytes = (guint64) status.f_bavail * status.f_frsize;
  if (size <= free_bytes)
    return TRUE;
  available = g_format_size (free_bytes);
  g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_NO_SPACE,
               "Not enough space for the model: %s are needed and %s are free", needed, available);
  return FALSE;
}

/* The copy is hashed while it is made, so a file that changes meanwhile is noticed; a clone is one
 * moment's. */
static gboolean
fill_blob (HeadroomStoreChange *change, int fd, int out, const char *digest, guint64 size,
           const char *path, GError **error)
{
  g_autoptr(GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  gboolean cloned = ioctl (out, FICLONE, fd) == 0;

  if (!cloned && !check_space (out, size, error))
    return FALSE;
  if (!pump (change, cloned ? out : fd, cloned ? -1 : out, checksum, size, path, error))
    return FALSE;
  if (strcmp (g_checksum_get_string (checksum), digest + strlen ("sha256:")) == 0)
    return TRUE;
  g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_IO, "%s changed while it was read",
               path);
  return FALSE;
}

static HeadroomLayer *
import_open_file (HeadroomStoreChange *change, const char *media_type, int fd, guint64 size,
                  const char *path, GError **error)
{
  g_autoptr(GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *temporary = NULL;

  if (!pump (change, fd, -1, checksum, size, path, error))
    return NULL;
  g_autofree char *digest = g_strconcat ("sha256:", g_checksum_get_string (checksum), NULL);
  if (has_blob (change, digest, size)) {
    report_layer (change, "using existing", digest);
    return headroom_layer_new (media_type, digest, size, NULL);
  }
  int out = open_temporary (change, &temporary, error);
  if (out < 0)
    return NULL;
  gboolean good = fill_blob (change, fd, out, digest, size, path, error);
  if (!commit_temporary (change, out, temporary, digest, good, error))
    return NULL;
  report_layer (change, "creating new", digest);
  return headroom_layer_new (media_type, digest, size, NULL);
}

HeadroomLayer *
headroom_store_change_import (HeadroomStoreChange *change, const char *media_type, const char *path,
                              GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  HeadroomLayer *layer = NULL;
  struct stat status;

  if (fd < 0) {
    fail_errno (error, errno, "open", path);
    return NULL;
  }
  if (fstat (fd, &status) == 0 && S_ISREG (status.st_mode))
    layer = import_open_file (change, media_type, fd, (guint64) status.st_size, path, error);
  else
    g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_INVALID,
                 "%s is not a regular file", path);
  close (fd);
  return layer;
}

/* ---- Removing ---- */

static void
collect_digest (const HeadroomLayer *layer, gpointer data)
{
  g_hash_table_add (data, headroom_digest_dup_file_name (layer->digest));
}

static void
collect_manifest (const HeadroomManifest *manifest, const HeadroomModelName *name, gpointer data)
{
  headroom_manifest_foreach (manifest, collect_digest, data);
}

void
headroom_store_prune (HeadroomStore *self, const HeadroomManifest *old)
{
  g_autoptr(GHashTable) used = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GHashTable) candidates = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer file_name;

  if (!headroom_store_foreach_manifest (self, collect_manifest, used, NULL))
    return;
  headroom_manifest_foreach (old, collect_digest, candidates);
  g_hash_table_iter_init (&iter, candidates);
  while (g_hash_table_iter_next (&iter, &file_name, NULL)) {
    g_autofree char *path = g_build_filename (headroom_store_get_blobs_dir (self), file_name, NULL);
    if (!g_hash_table_contains (used, file_name))
      g_unlink (path);
  }
}
