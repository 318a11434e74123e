/* headroom-answer.h: from a request for text to the last record of its answer.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   read (worker) -> lease -> prompt (worker) -> runner -> records
 *
 * Each step is skipped where the request does not need it (unload, preload), and each ends early
 * when the client leaves. An answer is freed when its last step is over. Thread-safety: belongs to
 * the server's main context.
 */
#pragma once

#include "headroom-exchange.h"
#include "headroom-loop.h"
#include "headroom-prompt.h"

G_BEGIN_DECLS

typedef struct {
  HeadroomExchange *exchange;
  HeadroomWireKind kind;

  /* read */
  HeadroomWireRequest *request;
  HeadroomModelEntry *entry;
  HeadroomOptions *options;
  HeadroomDemand demand;
  float *lora; /* as HrRequestOptions.adapters; NULL: all of them */

  /* lease */
  HeadroomLease *lease;
  gint64 leased_us; /* monotonic */

  /* prompt */
  HeadroomPrompt *prompt;

  /* runner */
  HrRequest *running;
  gulong cancelled_id;
  GArray *generated;   /* HrToken */
  HeadroomLoop loop;
  guint repeated;      /* tokens of the loop that the text was in at some time */
  gboolean ended_loop; /* for that it was ended */
  HeadroomSpeech speech;
  gsize n_calls;       /* written */
  gboolean steered;    /* as HrEvent.steered */
  guint32 n_forgotten; /* as HrEvent.n_forgotten */
  guint32 n_drafted, n_taken; /* as in HrTimings */
  guint32 n_ahead;            /* likewise */
  gint64 queue_us;            /* likewise */
  /* The whole answer where it is not streamed, else what is not written yet. */
  GString *text, *thought;
  HrValue *calls;      /* of tools */
  GArray *logprobs;    /* HeadroomWireLogprob; their texts belong to the model, their tops to: */
  GPtrArray *tops;     /* HeadroomWireProb arrays */
  HeadroomWireOpenaiStream openai;
} HeadroomAnswer;

/* Begins to answer; the exchange gets its reply whatever happens. */
void headroom_answer_start (HeadroomExchange *exchange, HeadroomWireKind kind);

/* ---- headroom-answer-record.c ---- */

/* A reply without text: "load", "unload". */
void headroom_answer_reply_empty (HeadroomAnswer *self, const char *reason);
/* The prompt itself, for debug_render_only. */
void headroom_answer_reply_rendered (HeadroomAnswer *self);
/* Before the first event: takes in what the answer begins with. */
void headroom_answer_begin_speech (HeadroomAnswer *self);
/* Hears one event of the runner; writes what can be written. */
void headroom_answer_hear_token (HeadroomAnswer *self, const HrEvent *event);
void headroom_answer_hear_done (HeadroomAnswer *self, const HrEvent *event);

G_END_DECLS
