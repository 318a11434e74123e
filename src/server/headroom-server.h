/* headroom-server.h: answers requests over HTTP, on a thread of its own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One server per store and user: it holds a lock beside its unix socket
 * ($XDG_RUNTIME_DIR/headroom/<store>.sock) for as long as it runs. The thread owns the connections
 * and the residency; work that takes long (loading, rendering, reading prompts) is done by others,
 * so that no answer waits for another's.
 *
 * Thread-safety: Safe.
 */
#pragma once

#include <gio/gio.h>

#include "headroom-store.h"

G_BEGIN_DECLS

#define HEADROOM_SERVER_ERROR (headroom_server_error_quark ())
GQuark headroom_server_error_quark (void);

typedef enum {
  HEADROOM_SERVER_ERROR_RUNNING, /* another process serves this store already */
  HEADROOM_SERVER_ERROR_ADDRESS, /* not an address, or one that cannot be listened on (who has it is
                                    in the message) */
  HEADROOM_SERVER_ERROR_SOCKET,  /* the unix socket cannot be made */
} HeadroomServerError;

#define HEADROOM_DEFAULT_HOST_SPEC "127.0.0.1:11434"

#define HEADROOM_TYPE_SERVER (headroom_server_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomServer, headroom_server, HEADROOM, SERVER, GObject)

HeadroomServer *headroom_server_new (HeadroomStore *store) G_GNUC_WARN_UNUSED_RESULT;

/* How long a client may take between two pieces of its request, 30 by default. Before the start. */
void headroom_server_set_silence_seconds (HeadroomServer *self, guint seconds);

/**
 * headroom_server_start:
 *
 * Takes the store's lock, starts the thread and listens on the unix socket.
 */
gboolean headroom_server_start (HeadroomServer *self, GError **error);

/**
 * headroom_server_listen:
 * @spec: (nullable): "HOST:PORT", "HOST", ":PORT", "http://HOST:PORT"; port 0 for any free one;
 * %NULL for HEADROOM_HOST, OLLAMA_HOST or 127.0.0.1:11434
 *
 * Listens on TCP as well. Only on a server that was started.
 *
 * Returns: (transfer full) (nullable): where it can be reached ("http://127.0.0.1:11434"), or %NULL
 * with @error set
 */
char *headroom_server_listen (HeadroomServer *self, const char *spec,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Cancels every request, unloads every model, removes the socket, ends the thread. Blocks.
 * Disposing does the same. */
void headroom_server_stop (HeadroomServer *self);

/* The unix socket of a store's server, whether one runs or not. Fails where there is no folder that
 * only this user can write. */
char *headroom_server_dup_socket_path (HeadroomStore *store,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
