/* move.h: weights that go from one device to another while the model is loaded.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Only those of layers whose device changes move: up from the mapped file, or from there to the
 * places that they have on the host from the start (cpu/laid.h). Between two stretches of them the
 * runner takes a step, so that answers that run go on. Thread-safety: Unsafe (the runner's thread).
 */
#pragma once

#include "run/runner.h"

typedef struct {
    HrRunner *runner;
    const HrProgram *program;
    HrVulkan *vulkan; /* what GPUs are going to have; NULL: nothing */
    GArray *arriving; /* HrLaidWeight *, that the host is going to have */
    bool moves;       /* some layer changes its device */
    double share;     /* of the whole work that this is, for who is told of progress */
} HrMove;

/* Whether some layer, or the output, is on another device in the one plan than in the other. */
bool hr_move_is_needed(const HrPlan *before, const HrPlan *after);
/* Takes what GPUs need beside pages and weights. program: placed as the plan says; kv: what the
 * cache is going to be, whose layers of GPUs are known then. */
bool hr_move_prepare(HrMove *move, HrRunner *runner, const HrPlan *plan, const HrProgram *program,
                     HrKv *kv, GError **error);
/* Moves the weights. HR_ERROR_MEMORY, HR_ERROR_CANCELLED, or what a device says. */
bool hr_move_run(HrMove *move, const HrResizing *resizing, GError **error);
/* When the runner has program and cache: from now on everybody computes with what was moved. */
void hr_move_apply(HrMove *move);
/* What was applied stays; otherwise everything is as before. */
void hr_move_finish(HrMove *move);
