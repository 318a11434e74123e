/* headroom-predict.h: how fast a plan would be.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From the engine's count of what steps move and compute, and the devices' rates; never from the
 * model's own past. Thread-safety: Safe.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

/* A prompt of everyday length, for numbers that have to name one. */
#define HEADROOM_USUAL_PROMPT 512

typedef struct {
  double prompt_tokens_per_second; /* 0: not known */
  double tokens_per_second;        /* of one answer */
  double first_token_ms;
} HeadroomPrediction;

/**
 * headroom_predict:
 * @n_prompt: tokens of the prompt
 * @depth: positions that are held before it
 * @n_slots: answers at once; tokens_per_second is of each
 */
HeadroomPrediction headroom_predict (const HrPlan *plan, guint32 n_prompt, guint32 depth,
                                     guint32 n_slots);

/* The share of the time of a generated token that each device takes, [n_devices], adding up to 1;
 * FALSE if it is not known. */
gboolean headroom_predict_time_shares (const HrPlan *plan, double *ret_shares);

G_END_DECLS
