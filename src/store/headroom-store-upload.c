/* headroom-store-upload.c: see headroom-store-upload.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-store-upload.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "headroom-store-private.h"

struct _HeadroomStoreUpload {
  char *digest, *temporary, *path;
  int fd;
  GChecksum *checksum;
  GError *error; /* the first */
};

static void
fail_errno (HeadroomStoreUpload *self, int error_number)
{
  if (self->error == NULL)
    self->error = g_error_new (HEADROOM_STORE_ERROR,
                               error_number == ENOSPC || error_number == EDQUOT
                                   ? HEADROOM_STORE_ERROR_NO_SPACE
                                   : HEADROOM_STORE_ERROR_IO,
                               "Cannot write %s: %s", self->path, g_strerror (error_number));
}

static gboolean
has_room (int fd, guint64 bytes)
{
  struct statvfs status;

  return fstatvfs (fd, &status) != 0 || bytes <= (guint64) status.f_bavail * status.f_frsize;
}

HeadroomStoreUpload *
headroom_store_upload_new (HeadroomStore *store, const char *digest, guint64 announced,
                           GError **error)
{
  const char *dir = headroom_store_get_blobs_dir (store);
  g_autoptr (HeadroomStoreUpload) self = NULL;

  if (!headroom_digest_is_valid (digest)) {
    g_set_error_literal (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_INVALID,
                         "invalid digest format");
    return NULL;
  }
  g_autofree char *file_name = headroom_digest_dup_file_name (digest);
  self = g_new0 (HeadroomStoreUpload, 1);
  self->digest = g_strdup (file_name);
  self->path = g_build_filename (dir, file_name, NULL);
  self->temporary = g_build_filename (dir, "sha256-XXXXXX", NULL);
  self->checksum = g_checksum_new (G_CHECKSUM_SHA256);
  self->fd = g_mkdir_with_parents (dir, 0755) == 0
                 ? g_mkstemp_full (self->temporary, O_RDWR | O_CLOEXEC, 0644)
                 : -1;
  if (self->fd < 0) {
    g_clear_pointer (&self->temporary, g_free);
    fail_errno (self, errno);
  } else if (!has_room (self->fd, announced)) {
    fail_errno (self, ENOSPC);
  }
  if (self->error == NULL)
    return g_steal_pointer (&self);
  g_propagate_error (error, g_steal_pointer (&self->error));
  return NULL;
}

void
headroom_store_upload_write (HeadroomStoreUpload *self, const char *bytes, gsize len)
{
  if (self->error != NULL)
    return;
  g_checksum_update (self->checksum, (const guint8 *) bytes, (gssize) len);
  while (len > 0) {
    gssize n = write (self->fd, bytes, len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      fail_errno (self, errno);
      return;
    }
    bytes += n;
    len -= (gsize) n;
  }
}

gboolean
headroom_store_upload_finish (HeadroomStoreUpload *self, GError **error)
{
  const char *expected = self->digest + strlen ("sha256-"),
             *got = g_checksum_get_string (self->checksum);

  if (self->error == NULL && g_ascii_strcasecmp (expected, got) != 0)
    self->error =
        g_error_new (HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_INVALID,
                     "digest mismatch, expected \"sha256:%s\", got \"sha256:%s\"", expected, got);
  if (self->error == NULL && fsync (self->fd) != 0)
    fail_errno (self, errno);
  if (self->error == NULL && g_rename (self->temporary, self->path) != 0)
    fail_errno (self, errno);
  if (self->error != NULL) {
    g_propagate_error (error, g_error_copy (self->error));
    return FALSE;
  }
  g_clear_pointer (&self->temporary, g_free);
  return TRUE;
}

void
headroom_store_upload_free (HeadroomStoreUpload *self)
{
  if (self == NULL)
    return;
  if (self->temporary != NULL)
    g_unlink (self->temporary);
  if (self->fd >= 0)
    close (self->fd);
  g_clear_pointer (&self->checksum, g_checksum_free);
  g_clear_error (&self->error);
  g_free (self->digest);
  g_free (self->temporary);
  g_free (self->path);
  g_free (self);
}
