/* headroom-bench-result.h: a report of a benchmark, as a person reads it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signal "rename" (title): the report is to be called so. Signal "export" (kind): "json", "csv" or
 * "png". Signal "apply": the settings that it proposes are to be the model's. Signal "undo": they
 * are to be taken back.
 */
#pragma once

#include "headroom-json.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_BENCH_RESULT (headroom_bench_result_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomBenchResult, headroom_bench_result, HEADROOM, BENCH_RESULT, GtkBox)

GtkWidget *headroom_bench_result_new (void);
/* report: (nullable): none is shown; other: (nullable): what it is compared with */
void       headroom_bench_result_set_report (HeadroomBenchResult *self,
                                             HrValue             *report,
                                             HrValue             *other);
HrValue   *headroom_bench_result_get_report (HeadroomBenchResult *self);
/* What it says of the last apply or undo. */
void       headroom_bench_result_set_applied (HeadroomBenchResult *self,
                                              gboolean             applied);
/* The box of charts, for who draws them elsewhere. */
GtkWidget *headroom_bench_result_get_charts (HeadroomBenchResult *self);

G_END_DECLS
