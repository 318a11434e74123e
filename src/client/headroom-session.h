/* headroom-session.h: the way to the engine that serves a store, wherever it runs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One process per store loads models. A session finds it through a socket that only this user can
 * open and attaches to it; where there is none, the server starts in this process (on a thread of
 * its own). When the process that serves ends, the next request of a session's client starts the
 * server here.
 *
 * Thread-safety: as HeadroomClient.
 */
#pragma once

#include "headroom-client.h"
#include "headroom-store.h"

G_BEGIN_DECLS

#define HEADROOM_TYPE_SESSION (headroom_session_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomSession, headroom_session, HEADROOM, SESSION, GObject)

typedef enum {
  HEADROOM_SESSION_PLAIN = 0, /* reachable by this user's Headroom programs only */
  HEADROOM_SESSION_LISTEN =
      1
      << 0, /* also on HEADROOM_HOST, OLLAMA_HOST or 127.0.0.1:11434 for other programs, wherever
               the server runs; where that fails, the session works all the same and has a notice */
} HeadroomSessionFlags;

/**
 * headroom_session_open_async:
 *
 * Opens a session on the store that the environment names.
 */
void headroom_session_open_async (HeadroomSessionFlags flags, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
/* The same on another store. */
void headroom_session_open_for_store_async (HeadroomStore *store, HeadroomSessionFlags flags,
                                            GCancellable *cancellable, GAsyncReadyCallback callback,
                                            gpointer user_data);

/**
 * headroom_session_open_finish:
 *
 * Returns: (transfer full) (nullable): a session, or %NULL with @error set
 */
HeadroomSession *headroom_session_open_finish (GAsyncResult *result,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For programs without a main loop. store: (nullable): the one that the environment names. */
HeadroomSession *headroom_session_open (HeadroomStore *store, HeadroomSessionFlags flags,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Borrowed; the same one for the session's whole life. */
HeadroomClient *headroom_session_get_client (HeadroomSession *self);
HeadroomStore *headroom_session_get_store (HeadroomSession *self);
/* Whether the server runs in this process. */
gboolean headroom_session_is_host (HeadroomSession *self);
/* A sentence for people about what did not go as usual (the port is taken, by whom), or NULL. */
const char *headroom_session_get_notice (HeadroomSession *self);
/* Where other programs reach the server of a session that was opened to listen
 * ("http://127.0.0.1:11434"), or NULL. */
const char *headroom_session_get_uri (HeadroomSession *self);

/* What the session wants of a server that is found or started from now on. */
void headroom_session_set_flags (HeadroomSession *self, HeadroomSessionFlags flags);

/* Ends the server where it runs here: cancels, unloads, removes the socket. Blocks for at most a
 * few seconds. Disposing of the session does the same. */
void headroom_session_close (HeadroomSession *self);

G_END_DECLS
