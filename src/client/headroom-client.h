/* headroom-client.h: asks a Headroom server, from a program's main loop or from a terminal.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Texts in, texts out: what the JSON says is the caller's affair. A client that belongs to a
 * session starts a server here when the one that it was attached to has ended, before the request
 * fails.
 *
 * Errors: HEADROOM_CLIENT_ERROR with the server's own sentence, G_IO_ERROR_CANCELLED, other
 * G_IO_ERRORs of the connection. Thread-safety: a client belongs to the thread that made it;
 * callbacks come on that thread's default main context.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define HEADROOM_CLIENT_ERROR (headroom_client_error_quark ())
GQuark headroom_client_error_quark (void);

typedef enum {
  HEADROOM_CLIENT_ERROR_UNREACHABLE, /* no server there */
  HEADROOM_CLIENT_ERROR_REQUEST,     /* 4xx: what was asked is not possible */
  HEADROOM_CLIENT_ERROR_NOT_FOUND,   /* 404: no such model, no such route */
  HEADROOM_CLIENT_ERROR_BUSY,        /* 503 */
  HEADROOM_CLIENT_ERROR_SERVER,      /* other 5xx */
  HEADROOM_CLIENT_ERROR_PROTOCOL,    /* not an answer of such a server */
} HeadroomClientError;

#define HEADROOM_TYPE_CLIENT (headroom_client_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomClient, headroom_client, HEADROOM, CLIENT, GObject)

/**
 * headroom_client_new_for_socket:
 * @path: of a unix socket that a server listens on
 */
HeadroomClient *headroom_client_new_for_socket (const char *path) G_GNUC_WARN_UNUSED_RESULT;

/**
 * headroom_client_new_for_uri:
 * @uri: "http://127.0.0.1:11434"
 */
HeadroomClient *headroom_client_new_for_uri (const char *uri) G_GNUC_WARN_UNUSED_RESULT;

/* Where the client's server is, as words for headroom_client_new_for_address(): so another thread
 * makes a client of the same server. Such a client starts no server in the place of one that ended.
 */
char *headroom_client_dup_address (HeadroomClient *self) G_GNUC_WARN_UNUSED_RESULT;
HeadroomClient *headroom_client_new_for_address (const char *address) G_GNUC_WARN_UNUSED_RESULT;

/**
 * headroom_client_request_async:
 * @method: "GET", "POST", ...
 * @path: "/api/tags"
 * @body: (nullable): JSON text; copied
 *
 * Asks once. Cancelling closes the connection, by which the server learns of it.
 */
void headroom_client_request_async (HeadroomClient *self, const char *method, const char *path,
                                    const char *body, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data);

/**
 * headroom_client_request_finish:
 *
 * Returns: (transfer full) (nullable): the answer's body (UTF-8, may be ""), or %NULL with @error
 * set
 */
char *headroom_client_request_finish (HeadroomClient *self, GAsyncResult *result, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * HeadroomClientLineFunc:
 * @line: one record of a stream, without the newline (of server-sent events: what follows "data: ")
 */
typedef void (*HeadroomClientLineFunc) (const char *line, gpointer user_data);

/**
 * headroom_client_stream_async:
 * @body: (nullable): JSON text, sent with POST; %NULL asks with GET
 * @func: called for each record; not after @callback, and not after @cancellable was cancelled
 * @func_data: must live until @callback was called
 *
 * Asks for an answer that arrives bit by bit. An error of the server ends it, also in the middle.
 */
void headroom_client_stream_async (HeadroomClient *self, const char *path, const char *body,
                                   HeadroomClientLineFunc func, gpointer func_data,
                                   GCancellable *cancellable, GAsyncReadyCallback callback,
                                   gpointer user_data);
/* TRUE when the server ended the answer in good order. */
gboolean headroom_client_stream_finish (HeadroomClient *self, GAsyncResult *result, GError **error);

/* The same two for programs without a main loop: they run the thread's default main context until
 * the answer is there. */
char *headroom_client_request (HeadroomClient *self, const char *method, const char *path,
                               const char *body, GCancellable *cancellable,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean headroom_client_stream (HeadroomClient *self, const char *path, const char *body,
                                 HeadroomClientLineFunc func, gpointer func_data,
                                 GCancellable *cancellable, GError **error);

G_END_DECLS
