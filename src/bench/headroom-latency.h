/* headroom-latency.h: how long single requests take, one after another.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Thread-safety: runs the thread's default main context until it is done.
 */
#pragma once

#include "headroom-client.h"
#include "hr.h"

G_BEGIN_DECLS

typedef struct {
  const char *model;
  guint n_requests;
  guint n_words;      /* of each prompt; every one begins otherwise */
  gint64 num_predict;
  gint64 num_ctx;     /* 0: as the server has it */
  gboolean cold;      /* unload the model first and time the load, even if it is in use */
} HeadroomLatencyOptions;

/* After each request; done counts those that ended. */
typedef void (*HeadroomBenchProgressFunc) (guint done, guint total, gpointer data);

/**
 * headroom_latency_measure:
 *
 * Fails only if the model cannot be loaded. After that what was measured is kept, whatever
 * happens: "complete" says whether it is all, "error" why not.
 *
 * Returns: (transfer full) (nullable): {"model", "requests", "words", "num_predict", "complete",
 * "error", "cold_load_ms" (where the model was not in memory), "total", "first_byte",
 * "per_token": as headroom_summary_to_value(), "prompt_tokens", "tokens"}
 */
HrValue *headroom_latency_measure (HeadroomClient *client, const HeadroomLatencyOptions *options,
                                   HeadroomBenchProgressFunc progress, gpointer data,
                                   GCancellable *cancellable,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
