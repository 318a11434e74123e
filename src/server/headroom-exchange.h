/* headroom-exchange.h: one request and its answer.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Knows when the other side has left, also while nothing is being written, and then cancels what
 * works for it. Buffers what a slow reader has not taken yet, up to a limit beyond which it is
 * given up.
 *
 * Thread-safety: belongs to the server's main context, but for what runs in headroom_exchange_work
 * ().
 */
#pragma once

#include <libsoup/soup.h>

#include "headroom-activity.h"
#include "headroom-metrics.h"
#include "headroom-recent.h"
#include "headroom-residency.h"
#include "headroom-store.h"

G_BEGIN_DECLS

/* What a reader may lag behind. An answer is a few kilobytes; who is this far behind has stopped
 * reading. */
#define HEADROOM_EXCHANGE_MAX_PENDING_BYTES (1u << 20)

/* On a 503 of a server that is shutting down: who belongs to a session may start the next one and
 * ask that. */
#define HEADROOM_CLOSING_HEADER "Headroom-Closing"

/* What every request may use. */
typedef struct {
  HeadroomStore *store;
  HeadroomResidency *residency;
  GHashTable *exchanges; /* borrowed HeadroomExchange: those that are not over */
  guint n_working;       /* headroom_exchange_work () that is not over */
  guint next_id;         /* of completions */
  guint64 next_request;  /* of requests */
  guint64 last_turn;     /* that a model was given a request */
  HeadroomMetrics metrics;
  HeadroomRecent recent;
  gboolean ends_loops; /* of answers whose length nobody limited */
  gboolean drafts;     /* tokens that the text before makes likely are read ahead */
  char *(*listen) (gpointer server, const char *spec,
                   GError **error); /* as headroom_server_listen () */
  void (*unlisten) (gpointer server); /* ends what listen () began */
  /* Has it be reached by this computer or the network, from now on and after a restart; returns where */
  char *(*expose) (gpointer server, gboolean network, GError **error);
  char *guest_key; /* that other computers need where there is no other key, or NULL */
  GStrv (*dup_uris) (gpointer server); /* where it is reached over TCP */
  const gboolean *is_loopback; /* whether all of these are this machine's own */
  gpointer server;
  HrModel *planned; /* the last one that a plan was asked for, and its file's size and time; NULL:
                       none */
  guint64 planned_bytes;
  gint64 planned_ns;
} HeadroomService;

typedef enum {
  HEADROOM_DIALECT_OLLAMA, /* {"error":"..."} */
  HEADROOM_DIALECT_OPENAI, /* {"error":{"message":...}} */
  HEADROOM_DIALECT_ANTHROPIC, /* {"type":"error","error":{...}} */
} HeadroomDialect;

#define HEADROOM_TYPE_EXCHANGE (headroom_exchange_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomExchange, headroom_exchange, HEADROOM, EXCHANGE, GObject)

HeadroomExchange *headroom_exchange_new (HeadroomService *service, SoupServerMessage *message,
                                         HeadroomDialect dialect) G_GNUC_WARN_UNUSED_RESULT;

/* The connection is no more, whatever libsoup says. */
void headroom_exchange_abandon (HeadroomExchange *self);

HeadroomService *headroom_exchange_get_service (HeadroomExchange *self);
const char *headroom_exchange_get_path (HeadroomExchange *self);
SoupServerMessage *headroom_exchange_get_message (
    HeadroomExchange *self); /* borrowed; NULL once it is over */
const char *headroom_exchange_get_body (HeadroomExchange *self,
                                        gsize *ret_len); /* borrowed, any thread */
/* Cancelled when the client has left or the server ends. */
GCancellable *headroom_exchange_get_cancellable (HeadroomExchange *self);
GSocket *headroom_exchange_get_socket (HeadroomExchange *self);
HeadroomActivity *headroom_exchange_get_activity (HeadroomExchange *self);
/* Whether the client came through the unix socket: a program of this user, which may name files. */
/* How the program that asks calls itself, "" if it does not; safe from any thread. */
const char *headroom_exchange_get_client (HeadroomExchange *self);
gboolean headroom_exchange_is_local (HeadroomExchange *self);
gint64 headroom_exchange_get_started_us (HeadroomExchange *self); /* monotonic */

/* ---- Answers: one of these, once ---- */
void headroom_exchange_reply (HeadroomExchange *self, guint status, const char *content_type,
                              const char *text);
void headroom_exchange_reply_json (HeadroomExchange *self, guint status, const char *json);
void headroom_exchange_reply_error (HeadroomExchange *self, const GError *error);
void headroom_exchange_reply_problem (HeadroomExchange *self, guint status, const char *message);

/* ... or a stream: begun by the first write, ended once. */
void headroom_exchange_write (HeadroomExchange *self, const char *content_type, const char *text);
void headroom_exchange_begin (HeadroomExchange *self,
                              const char *content_type); /* before there is something to write */
void headroom_exchange_end (HeadroomExchange *self);
/* An error at any time: a status before the stream has begun, a last record after. */
void headroom_exchange_fail (HeadroomExchange *self, const GError *error);
gboolean headroom_exchange_is_answered (HeadroomExchange *self);
/* Whether nothing more will be written, even if some of it is still on its way. */
gboolean headroom_exchange_is_over (HeadroomExchange *self);

/* The HTTP status of any error that a handler meets. */
guint headroom_exchange_status_of (const GError *error);

/* ---- Work that may take long ---- */

/* On a worker thread. Returns NULL with error set where it failed. */
typedef gpointer (*HeadroomWorkFunc) (HeadroomExchange *exchange, gpointer data, GError **error);
/* On the server's context, with both to keep; not called when the work failed (the error was
 * answered) or the client has left. */
typedef void (*HeadroomDoneFunc) (HeadroomExchange *exchange, gpointer take_result,
                                  gpointer take_data);

/**
 * headroom_exchange_work:
 * @free_result: of a result that nobody takes any more
 */
void headroom_exchange_work (HeadroomExchange *self, HeadroomWorkFunc func, HeadroomDoneFunc done,
                             gpointer data, GDestroyNotify free_data, GDestroyNotify free_result);

G_END_DECLS
