/* headroom-streams.h: answers at once on a runner, with the time at which each token came.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Thread-safety: blocks; nobody else may use the runner meanwhile.
 */
#pragma once

#include <gio/gio.h>

#include "hr.h"

G_BEGIN_DECLS

typedef struct {
  gint64 begin_us;  /* monotonic, when it was submitted */
  GArray *times_us; /* gint64, monotonic, of each token */
  HrDoneReason reason;
  HrTimings timings;
  /* Inside */
  gboolean done;
  GError *error;
  GMutex *lock;
  GCond *changed;
} HeadroomStream;

typedef struct {
  gint64 num_predict;
  gboolean ignore_eos; /* no answer is cut short */
} HeadroomStreamOptions;

/* n token ids, drawn from the whole vocabulary. */
GArray *headroom_streams_draw (HrRunner *runner, GRand *rand,
                               guint32 n) G_GNUC_WARN_UNUSED_RESULT;

/**
 * headroom_streams_run:
 * @prompts: [n] of arrays of HrToken
 * @streams: [n], filled; to be cleared also after a failure
 *
 * One answer to each prompt, all at once, the most likely tokens. Returns when all have ended.
 */
gboolean headroom_streams_run (HrRunner *runner, GArray **prompts, gsize n,
                               const HeadroomStreamOptions *options, HeadroomStream *streams,
                               GCancellable *cancellable, GError **error);
void headroom_streams_clear (HeadroomStream *streams, gsize n);

/* Tokens per second while every stream was generating: from the last one's first token to the first
 * one's last. Where a model is so fast that one had ended before another began, from the first
 * token of all to the last. 0 where there are too few. */
double headroom_streams_rate (const HeadroomStream *streams, gsize n);

G_END_DECLS
