/* server-fixture.h: a server on a store of tiny models, and a client that asks it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-client.h"
#include "headroom-json.h"
#include "headroom-server.h"
#include "headroom-store.h"

/* Long enough for a loaded machine under a sanitizer; nothing is measured with it. */
#define PATIENCE_SECONDS 60

typedef struct {
  char *root, *loose;      /* temporary folders */
  HeadroomStore *store;
  HeadroomServer *server;
  char *uri, *socket_path;
  guint16 port;
  HeadroomClient *client;  /* over TCP */
  HeadroomClient *local;   /* over the unix socket */
} Server;

/* Sets up folders of this test program's own; first thing in main (). */
void server_fixture_init (void);
void server_fixture_finish (void);

/* A store with "tiny" and "other" (loose files), and nobody who serves it. */
HeadroomStore *server_store_new (char **ret_root, char **ret_loose);
void server_store_remove (char *take_root, char *take_loose);
/* Two whose weights are zero, so that no token is likelier than the first and no answer ends by
 * itself: "endless", which is tiny, and "slow", whose prompts take seconds to read. */
void server_add_endless_models (const char *loose);

void server_setup (Server *self, gconstpointer data);
void server_teardown (Server *self, gconstpointer data);

/* The answer; fails the test unless the status is 200. */
HrValue *server_post (Server *self, const char *path, const char *body);
HrValue *server_get (Server *self, const char *path);
/* The error's message; fails the test unless it is of that code. */
char *server_post_fails (Server *self, const char *path, const char *body,
                         HeadroomClientError code);
/* All records of a stream. */
GPtrArray *server_stream (Server *self, const char *path, const char *body);

/* Lookup by "a.b.0.c"; NULL where there is none. */
HrValue *json_at (HrValue *value, const char *path);
const char *json_text (HrValue *value, const char *path);
gint64 json_number (HrValue *value, const char *path);

/* /headroom/status until models.0 of that name fulfils the condition; fails after PATIENCE_SECONDS.
 */
void server_wait_until (Server *self, gboolean (*condition) (HrValue *status, gpointer data),
                        gpointer data);
gboolean nothing_runs (HrValue *status,
                       gpointer data); /* no slot active, none queued, no request */
gboolean nothing_is_loaded (HrValue *status, gpointer data);
gboolean something_runs (HrValue *status, gpointer data);

/* One request over TCP, on a connection of its own, with further header lines, each ended by
 * "\r\n": the status of the answer, and in ret_body (full) what stands behind its headers. */
guint server_ask (Server *self, const char *method, const char *path, const char *headers,
                  const char *body, char **ret_body);

/* Raw bytes over TCP: sends text, reads until the end or half a second of silence. */
char *server_raw (Server *self, const char *text, gssize len);
/* The same to the end of the connection, which the request has to ask for. */
char *server_raw_whole (Server *self, const char *text, gssize len);
/* A connection of its own, with a time limit on everything that is waited for. */
GSocketConnection *server_connect (Server *s) G_GNUC_WARN_UNUSED_RESULT;
/* FALSE if the server has closed it. */
gboolean server_send (GSocketConnection *connection, const char *text, gsize len);

