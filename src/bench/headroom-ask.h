/* headroom-ask.h: one request through the API, with the times at which its parts came.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * /api/generate, streamed: any server of that API can be asked. Thread-safety: as HeadroomClient.
 */
#pragma once

#include "headroom-client.h"

G_BEGIN_DECLS

typedef struct {
  const char *model;
  const char *prompt;
  gint64 num_predict;
  gint64 num_ctx; /* 0: as the server has it */
} HeadroomQuestion;

typedef struct {
  gint64 begin_us, first_us, end_us; /* monotonic; first_us: 0 where no token came */
  guint n_lines;                     /* pieces of text that came so far: tokens, nearly */
  gint64 n_prompt, n_tokens;         /* as the server counts them; n_tokens < 0: it never said */
  char *done_reason;                 /* NULL: it never said */
  GError *error;                     /* NULL: the answer came whole */
} HeadroomAsked;

/* Called once; what asked holds is gone afterwards. */
typedef void (*HeadroomAskedFunc) (const HeadroomAsked *asked, gpointer data);

/* Begins to ask; data must live until func was called. question is copied. */
void headroom_ask (HeadroomClient *client, const HeadroomQuestion *question,
                   GCancellable *cancellable, HeadroomAskedFunc func, gpointer data);

/**
 * headroom_ask_prompt:
 * @n_words: length, of about a token each
 *
 * A text that begins otherwise for each number, so that no server has read it before.
 */
char *headroom_ask_prompt (guint number, guint n_words) G_GNUC_WARN_UNUSED_RESULT;

/* ---- Asking for the model itself; these block as headroom_client_request() does ---- */

/* Whether the server has the model in memory. FALSE also with error. */
gboolean headroom_ask_is_loaded (HeadroomClient *client, const char *model,
                                 GCancellable *cancellable, GError **error);
/* Loads the model (keep_alive_s: -1 for the server's own), or takes it out with 0. */
gboolean headroom_ask_load (HeadroomClient *client, const char *model, gint64 keep_alive_s,
                            GCancellable *cancellable, GError **error);

G_END_DECLS
