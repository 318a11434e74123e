/* headroom-activity.h: how far an answer has come.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Belongs to its exchange; whoever answers keeps it true. Thread-safety: belongs to the server's
 * main context.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  guint64 id;         /* of the request, never used twice by a server */
  char *model;        /* that is asked; NULL: the request is not about one */
  guint32 num_ctx;    /* tokens that it may use; 0: the model is not there yet */
  guint32 n_prompt;   /* tokens of the prompt; 0: it is not known yet */
  guint32 n_read, n_generated;
  guint64 turn;       /* who was given to the model earlier has a smaller one; 0: not given yet */
  gboolean begun;     /* the model has a slot for it */
  gint64 first_us;    /* monotonic: its first token was generated; 0: not yet */
  gboolean stopped;   /* by a person */
  char **unknown_options; /* that were passed over, or NULL */
} HeadroomActivity;

/* "waiting" for its model or a slot, "reading", "answering" */
static inline const char *
headroom_activity_state (const HeadroomActivity *self)
{
  if (self->n_generated > 0)
    return "answering";
  return self->begun ? "reading" : "waiting";
}

/* Whether self, which waits, has its turn before other, which waits for the same model. */
static inline gboolean
headroom_activity_goes_before (const HeadroomActivity *self, const HeadroomActivity *other)
{
  if (self->turn != 0 && other->turn != 0)
    return self->turn < other->turn;
  return self->turn != other->turn ? self->turn != 0 : self->id < other->id;
}

/* Tokens per second since the first one; 0: too few to tell. */
static inline double
headroom_activity_speed (const HeadroomActivity *self, gint64 now_us)
{
  gint64 us = now_us - self->first_us;

  return self->n_generated > 1 && us > 0
             ? (double) (self->n_generated - 1) * G_USEC_PER_SEC / (double) us
             : 0;
}

G_END_DECLS
