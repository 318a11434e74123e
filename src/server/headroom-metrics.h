/* headroom-metrics.h: what the server has done since it started, for programs that watch it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Thread-safety: belongs to the server's main context.
 */
#pragma once

#include "headroom-event.h"
#include "hr.h"

G_BEGIN_DECLS

#define HEADROOM_METRICS_N_BUCKETS 10

typedef struct {
  guint64 buckets[HEADROOM_METRICS_N_BUCKETS + 1]; /* the last: longer than all */
  double sum;                                      /* seconds */
} HeadroomHistogram;

typedef struct {
  guint64 n_answers, n_failed, n_cancelled, n_unknown_options;
  guint64 prompt_tokens, cached_tokens, generated_tokens;
  HeadroomHistogram queue, prompt, generate, total;
  guint64 n_events[HEADROOM_EVENT_N];
} HeadroomMetrics;

/* Counts the events of the list from now on, until it is no more. */
void headroom_metrics_watch (HeadroomMetrics *self, GListModel *events);
void headroom_metrics_unwatch (HeadroomMetrics *self, GListModel *events);
void headroom_metrics_note_answer (HeadroomMetrics *self, const HrTimings *timings,
                                   gint64 total_us);
/* In the text format of Prometheus. status: as /headroom/status answers. */
char *headroom_metrics_print (const HeadroomMetrics *self,
                              const HrValue *status) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
