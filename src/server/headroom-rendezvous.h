/* headroom-rendezvous.h: where a store's server is found.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   FOLDER/<16 hex of the store's real path>.sock   the server listens here
 *   FOLDER/<16 hex>.lock                            flock()ed for as long as it runs; holds its
 * process id
 *
 * FOLDER is $XDG_RUNTIME_DIR/headroom, else /tmp/headroom-UID; it belongs to this user and nobody
 * else may enter. Who holds the lock owns the socket, so a socket without a lock is a dead one's
 * and may be removed. Thread-safety: Safe.
 */
#pragma once

#include <gio/gio.h>

#include "headroom-store.h"

G_BEGIN_DECLS

typedef struct {
  char *socket_path, *lock_path;
  int lock_fd; /* -1 while the lock is not ours */
} HeadroomRendezvous;

/* Makes the folder where it is missing. */
HeadroomRendezvous *headroom_rendezvous_new (HeadroomStore *store,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
void headroom_rendezvous_free (
    HeadroomRendezvous *self); /* removes the socket and gives the lock back where it is ours */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomRendezvous, headroom_rendezvous_free)

/* Takes the lock and removes a dead socket. HEADROOM_SERVER_ERROR_RUNNING where another holds it.
 */
gboolean headroom_rendezvous_claim (HeadroomRendezvous *self, GError **error);
/* A socket that listens; the lock must be ours. */
GSocket *headroom_rendezvous_listen (HeadroomRendezvous *self,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes the socket and keeps the lock. */
void headroom_rendezvous_hide (HeadroomRendezvous *self);

G_END_DECLS
