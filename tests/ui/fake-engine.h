/* fake-engine.h: a server that speaks the window's side of the API, with what a test wants it to
 * say.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * For what a real engine cannot be brought to do on demand: a model that does not fit, an error in
 * the middle of an answer, a device with eight cards. Runs in the test's own main context, on a
 * Unix socket in a folder of its own.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct {
  char *socket_path;
  /* What it says; a test may replace them (owned). */
  char *tags;
  char *show;
  char *status;
  char *plan;
  char *requests;
  char *watches;
  char *effective;
  char *answer;        /* Markdown, sent in pieces */
  char *listening;     /* to GET /headroom/listen, or NULL */
  char *last_listen;   /* body of POST /headroom/listen */
  char *listen;        /* to POST /headroom/listen; NULL: an error */
  char *chat_error;    /* instead of an answer; NULL: none */
  guint piece_bytes;   /* of an answer, at a time */
  guint piece_msec;    /* between pieces */
  /* What it heard. */
  char *last_chat;     /* body of the last /api/chat */
  char *last_plan;     /* body of the last /headroom/plan */
  char *last_effective; /* body of the last /headroom/effective */
  char *last_stop;     /* path of the last DELETE, or NULL */
  guint n_listens, n_unlistens;
  guint n_chats, n_plans, n_statuses;
  gboolean client_left; /* before the answer was complete */
} FakeEngine;

FakeEngine *fake_engine_new  (void);
void        fake_engine_free (FakeEngine *engine);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeEngine, fake_engine_free)

G_END_DECLS
