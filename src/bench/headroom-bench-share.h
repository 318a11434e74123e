/* headroom-bench-share.h: how much of what the machine can do a measured speed is.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bytes and operations of a step are the plan's; what the machine reaches was measured in the same
 * run. Generating is held up by memory, reading by arithmetic: either share says how far a figure
 * is from the machine's own limit.
 *
 * Thread-safety: Safe.
 */
#pragma once

#include "headroom-bench.h"

G_BEGIN_DECLS

typedef struct {
  double read;    /* of the bytes per second that memory gives */
  double gpu_read; /* the same of GPUs' own memory, all of them one after the other; 0: none is
                      used, or none was measured */
  double compute; /* of the operations per second: of floats for models of floats, else of bytes; 0:
                     not known */
} HeadroomBenchShare;

/**
 * headroom_bench_share:
 * @plan: what the case ran on
 * @rate: tokens per second that were measured
 *
 * Halfway through the case: the depth that counts is the mean one.
 */
HeadroomBenchShare headroom_bench_share (const HrPlan *plan, const HrModelInfo *info,
                                         const HrMachineRates *machine, const HeadroomBenchCase *c,
                                         double rate);

G_END_DECLS
