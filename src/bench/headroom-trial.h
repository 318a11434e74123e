/* headroom-trial.h: a model loaded with certain settings, timed, and let go again.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What sweeps and the search for better settings are made of. Thread-safety: blocks; any thread.
 */
#pragma once

#include <gio/gio.h>

#include "hr.h"

G_BEGIN_DECLS

typedef struct {
  HrSettings settings; /* of the load; with parallel > 1 so many answer at once */
  guint32 n_prompt;    /* tokens that each reads, drawn at random */
  gint64 num_predict;
  gboolean may_stop;   /* questions are asked, a round of each, whose answers may end by themselves */
  guint32 rounds;
} HeadroomTrial;

typedef struct {
  GArray *first_token, *per_token, *total; /* double, ms, of each answer */
  GArray *rate;                            /* double, tokens per second of all, of each round */
  guint64 planned_bytes;
  guint64 seen_bytes; /* by how much the process grew; 0: the system does not tell */
  guint n_answers, n_stopped; /* n_stopped: that ended by themselves */
  guint64 n_tokens;
} HeadroomTrialResult;

/* How long it would take, by the plan; 0: not known. Errors as hr_plan_new, and
 * HR_ERROR_MEMORY where it would not fit. */
gboolean headroom_trial_predict (HrModel *model, const HeadroomTrial *trial, double *ret_seconds,
                                 GError **error);
/* After a failure ret_result is to be cleared too: it holds the rounds that were done. */
gboolean headroom_trial_run (HrModel *model, const HeadroomTrial *trial,
                             HeadroomTrialResult *ret_result, GCancellable *cancellable,
                             GError **error);
void headroom_trial_result_clear (HeadroomTrialResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeadroomTrialResult, headroom_trial_result_clear)

/* {"first_token", "per_token", "total", "rate": summaries; "memory": {"planned_bytes",
 * "seen_bytes"}, "answers", "stopped", "finish_reasons": {"stop", "length"}, "completeness": the share
 * that ended by themselves} */
HrValue *headroom_trial_result_to_value (const HeadroomTrialResult *result)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
