/* load.h: turning a plan into memory.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "run/runner.h"

/* Allocates what runner->plan lists and reads the weights in. HR_ERROR_CANCELLED if progress says
 * stop. */
bool hr_runner_load(HrRunner *runner, HrProgressFunc progress, void *data, GError **error);

/* ---- For resizing ---- */

/* NULL: none. What is longer than the original context is decided once, by num_ctx, so that
 * positions agree with each other. */
const float *hr_runner_rope_divisors(const HrRunner *runner, const HrSettings *settings);
/* Whether positions are turned as in a context longer than the original one. */
bool hr_runner_turns_far(const HrRunner *runner);
/* Sums the ledger up for those who ask for statistics. */
void hr_runner_sum_ledger(HrRunner *runner);
/* Records the tables of the model's tokenizer, as large as they are, under plan's name for them. */
void hr_runner_record_tokenizer(HrRunner *runner, const HrPlan *plan, HrLedger *ledger);
