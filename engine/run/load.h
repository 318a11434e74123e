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
/* A program for steps of the plan, placed as the plan says; to be freed. */
HrProgram *hr_runner_place_program(HrRunner *runner, const HrPlan *plan) G_GNUC_WARN_UNUSED_RESULT;
bool hr_runner_uses_gpus(const HrPlan *plan);
/* Whether every device that has layers is one of this machine. */
bool hr_runner_check_devices(const HrPlan *plan, GError **error);
/* Moves a weight to where the kernels want it, a stretch at a time; go_on is asked after each. */
bool hr_runner_move_weight(HrRunner *runner, const HrLaidWeight *at,
                           bool (*go_on)(uint64_t bytes, void *data), void *data);
/* Gives the file's pages back that hold what GPUs have a copy of. */
void hr_runner_give_back_sent(const HrRunner *runner);
/* Writes the plan's weights down, and what GPUs have beside weights and cache. */
void hr_runner_record_weights(const HrPlan *plan, HrLedger *ledger);
void hr_runner_record_gpus(const HrPlan *plan, HrLedger *ledger);
/* Sums the ledger up for those who ask for statistics. */
void hr_runner_sum_ledger(HrRunner *runner);
/* Records the tables of the model's tokenizer, as large as they are, under plan's name for them. */
void hr_runner_record_tokenizer(HrRunner *runner, const HrPlan *plan, HrLedger *ledger);
