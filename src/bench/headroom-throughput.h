/* headroom-throughput.h: how much a server answers to several who ask at once.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Thread-safety: runs the thread's default main context until it is done.
 */
#pragma once

#include "headroom-latency.h"

G_BEGIN_DECLS

#define HEADROOM_THROUGHPUT_MAX_WORKERS 32 /* of a client's 64 connections */

typedef struct {
  const char *model;
  const guint32 *workers; /* [n_levels], each 1 to HEADROOM_THROUGHPUT_MAX_WORKERS, ascending */
  gsize n_levels;
  double seconds;         /* of each level */
  guint n_words;
  gint64 num_predict;
} HeadroomThroughputOptions;

/**
 * headroom_throughput_measure:
 *
 * Each of so many workers asks, and asks again as soon as it was answered, until the time is over;
 * what then is being answered is cut off, and its tokens until then count. A number of workers of
 * whom none was answered is the last that is tried. Fails only if the model
 * cannot be loaded; after that what was measured is kept, and "error" is what a request failed with
 * last.
 *
 * Returns: (transfer full) (nullable): {"model", "seconds", "words", "num_predict", "complete",
 * "error", "levels": [{"workers", "requests", "errors", "total_tokens", "tokens_per_sec",
 * "latency": as headroom_summary_to_value() of the whole answers' times}], "knee": the fewest
 * workers that reach four fifths of the best}
 */
HrValue *headroom_throughput_measure (HeadroomClient *client,
                                      const HeadroomThroughputOptions *options,
                                      HeadroomBenchProgressFunc progress, gpointer data,
                                      GCancellable *cancellable,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Of rates for rising numbers of workers, the index of the first that reaches four fifths of the
 * highest. n >= 1. */
gsize headroom_throughput_knee (const double *rates, gsize n);

G_END_DECLS
