/* headroom-sweep.h: one setting over its values, everything else as it is.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Thread-safety: blocks; any thread.
 */
#pragma once

#include "headroom-latency.h"
#include "headroom-trial.h"

G_BEGIN_DECLS

typedef enum {
  HEADROOM_SWEEP_NUM_CTX, /* prompts fill it */
  HEADROOM_SWEEP_NUM_BATCH,
  HEADROOM_SWEEP_NUM_PREDICT, /* answers may end by themselves */
  HEADROOM_SWEEP_PARALLEL,    /* so many answers at once */
  HEADROOM_SWEEP_KV_TYPE,
  HEADROOM_SWEEP_GPU_LAYERS,
  HEADROOM_SWEEP_THREADS,
  HEADROOM_SWEEP_N_VARIABLES,
} HeadroomSweepVariable;

const char *headroom_sweep_name (HeadroomSweepVariable variable); /* "num_ctx" */
gboolean headroom_sweep_parse (const char *name, HeadroomSweepVariable *ret_variable);

/* Values worth trying for a model on this machine, guint32; of cache types, HrKvType. */
GArray *headroom_sweep_values (HeadroomSweepVariable variable,
                               HrModel *model) G_GNUC_WARN_UNUSED_RESULT;
/* "4096", "q8_0": how a value is written. */
char *headroom_sweep_format (HeadroomSweepVariable variable,
                             guint32 value) G_GNUC_WARN_UNUSED_RESULT;
/* base with the variable set, and num_ctx large enough for it. */
HeadroomTrial headroom_sweep_trial (HeadroomSweepVariable variable, guint32 value,
                                    const HeadroomTrial *base);

/**
 * headroom_sweep_run:
 * @values: guint32
 * @limit_s: points that are predicted to take longer are left out, and say so; 0: none is
 *
 * A point that fails (it would not fit) says why; the others go on.
 *
 * Returns: (transfer full): {"variable", "settings": what all points have in
 * common, "complete", "points": [{"value", "error" or the fields of
 * headroom_trial_result_to_value()}]}
 */
HrValue *headroom_sweep_run (HrModel *model, HeadroomSweepVariable variable, const GArray *values,
                             const HeadroomTrial *base, double limit_s,
                             HeadroomBenchProgressFunc progress, gpointer data,
                             GCancellable *cancellable) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
