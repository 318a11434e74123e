/* headroom-rendezvous.c: see headroom-rendezvous.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-rendezvous.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "headroom-server.h"

#define QUEUE_LENGTH 128 /* of programs that knock at once */
#define ID_CHARS 16

static gboolean
fail (GError **error, const char *what, const char *path)
{
  int code = errno;

  g_set_error (error, HEADROOM_SERVER_ERROR, HEADROOM_SERVER_ERROR_SOCKET, "%s %s: %s", what, path,
               g_strerror (code));
  return FALSE;
}

/* The folder must be ours alone: whoever can write into it can pretend to be the server. */
static gboolean
ensure_folder (const char *folder, GError **error)
{
  struct stat info;

  if (g_mkdir_with_parents (folder, 0700) != 0 || lstat (folder, &info) != 0)
    return fail (error, _("Cannot make the folder"), folder);
  if (!S_ISDIR (info.st_mode) || info.st_uid != getuid () || (info.st_mode & 077) != 0) {
    g_set_error (error, HEADROOM_SERVER_ERROR, HEADROOM_SERVER_ERROR_SOCKET,
                 _("%s is not a folder that only this user can enter; remove it"), folder);
    return FALSE;
  }
  return TRUE;
}

static char *
dup_store_id (HeadroomStore *store)
{
  const char *root = headroom_store_get_root (store);
  g_autofree char *real = realpath (root, NULL);
  g_autofree char *hash =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, real != NULL ? real : root, -1);

  return g_strndup (hash, ID_CHARS);
}

static char *
dup_folder (void)
{
  const char *runtime = g_getenv ("XDG_RUNTIME_DIR");
  char *folder =
      runtime != NULL && *runtime == '/' ? g_build_filename (runtime, "headroom", NULL) : NULL;
  struct sockaddr_un address;

  /* A unix socket's path is short; so long a folder cannot be used. */
  if (folder != NULL && strlen (folder) + strlen ("/.sock") + ID_CHARS < sizeof address.sun_path)
    return folder;
  g_free (folder);
  return g_strdup_printf ("/tmp/headroom-%u", (unsigned) getuid ());
}

HeadroomRendezvous *
headroom_rendezvous_new (HeadroomStore *store, GError **error)
{
  g_autofree char *folder = dup_folder ();
  g_autofree char *id = dup_store_id (store);
  HeadroomRendezvous *self;

  if (!ensure_folder (folder, error))
    return NULL;
  self = g_new0 (HeadroomRendezvous, 1);
  self->socket_path = g_strdup_printf ("%s/%s.sock", folder, id);
  self->lock_path = g_strdup_printf ("%s/%s.lock", folder, id);
  self->lock_fd = -1;
  return self;
}

void
headroom_rendezvous_hide (HeadroomRendezvous *self)
{
  if (self->lock_fd >= 0)
    unlink (self->socket_path);
}

void
headroom_rendezvous_free (HeadroomRendezvous *self)
{
  if (self == NULL)
    return;
  if (self->lock_fd >= 0) {
    headroom_rendezvous_hide (self);
    close (self->lock_fd); /* the file stays: removing it would let two processes lock two files of
                              one name */
  }
  g_free (self->socket_path);
  g_free (self->lock_path);
  g_free (self);
}

static gboolean
fail_running (HeadroomRendezvous *self, GError **error)
{
  g_autofree char *holder = NULL;

  if (!g_file_get_contents (self->lock_path, &holder, NULL, NULL) || *g_strstrip (holder) == '\0')
    g_set_error_literal (error, HEADROOM_SERVER_ERROR, HEADROOM_SERVER_ERROR_RUNNING,
                         _("Another process serves this store already"));
  else
    g_set_error (error, HEADROOM_SERVER_ERROR, HEADROOM_SERVER_ERROR_RUNNING,
                 _("Process %s serves this store already"), holder);
  return FALSE;
}

gboolean
headroom_rendezvous_claim (HeadroomRendezvous *self, GError **error)
{
  char pid[32];
  int length = g_snprintf (pid, sizeof pid, "%ld\n", (long) getpid ());
  int fd = open (self->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

  if (fd < 0)
    return fail (error, _("Cannot make"), self->lock_path);
  if (flock (fd, LOCK_EX | LOCK_NB) != 0) {
    close (fd);
    return fail_running (self, error);
  }
  if (ftruncate (fd, 0) != 0 || write (fd, pid, (size_t) length) != length)
    g_debug ("%s: %s", self->lock_path,
             g_strerror (errno)); /* only the message of others is poorer */
  unlink (self->socket_path);
  self->lock_fd = fd;
  return TRUE;
}

GSocket *
headroom_rendezvous_listen (HeadroomRendezvous *self, GError **error)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (self->socket_path);
  g_autoptr (GSocket) socket =
      g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);

  g_return_val_if_fail (self->lock_fd >= 0, NULL);
  if (socket == NULL || !g_socket_bind (socket, address, FALSE, error))
    return NULL;
  g_socket_set_listen_backlog (socket, QUEUE_LENGTH);
  if (!g_socket_listen (socket, error))
    return NULL;
  chmod (self->socket_path, 0600);
  return g_steal_pointer (&socket);
}
