/* headroom-tune.h: looks for settings that make a model faster, within bounds.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A baseline; each setting on its own; the two best values of each with one another; then the best
 * of all against the baseline, in turn, and what is not better beyond noise is not proposed.
 *
 * Thread-safety: blocks; any thread.
 */
#pragma once

#include "headroom-sweep.h"

G_BEGIN_DECLS

typedef struct {
  HeadroomTrial base;
  const HeadroomSweepVariable *variables; /* [n_variables] */
  gsize n_variables;
  guint64 max_bytes;    /* planned; 0: no bound */
  double max_first_ms;  /* until the first token; 0: no bound */
} HeadroomTuneOptions;

/* What is searched where nothing else is said: a prompt of 512 tokens and an answer of 64, without
 * bounds. The cache's precision is a person's to lower, and never a search's. */
extern const HeadroomTuneOptions headroom_tune_options_default;

/**
 * headroom_tune_run:
 *
 * With parallel > 1 in @options->base the speed of all answers together counts, else the time of a
 * whole one.
 *
 * Returns: (transfer full) (nullable): {"baseline": point, "sweeps": [...], "combined": [points],
 * "verification": {"baseline", "best": summaries, "ratio", "low", "high", "verdict"}, "changes":
 * [{"setting", "from", "to"}], "complete", "error"}; a point is {"settings": {…}} with the fields
 * of headroom_trial_result_to_value(). %NULL with @error if the baseline cannot be measured.
 */
HrValue *headroom_tune_run (HrModel *model, const HeadroomTuneOptions *options,
                            HeadroomBenchProgressFunc progress, gpointer data,
                            GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
