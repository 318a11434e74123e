/* headroom-bench-figures.h: what a report says besides curves, as groups of rows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each function makes a group of one part of a report, or NULL where the report has no such part.
 */
#pragma once

#include "headroom-json.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* What may be concluded. model: one of a report's */
GtkWidget *headroom_bench_figures_new_advice   (const HrValue *model);
/* Single requests, with percentiles that so few support marked. */
GtkWidget *headroom_bench_figures_new_latency  (const HrValue *model);
GtkWidget *headroom_bench_figures_new_speed    (const HrValue *model);
/* Parts that could not be measured, and why. */
GtkWidget *headroom_bench_figures_new_problems (const HrValue *model);
/* The machine that a report is of. */
GtkWidget *headroom_bench_figures_new_machine  (const HrValue *report);
/* What headroom_compare() says. */
GtkWidget *headroom_bench_figures_new_verdict  (const HrValue *comparison);
/* "11/21/26 23:50", as the locale has it, in local time, "" where it is not a time. */
char      *headroom_bench_figures_dup_time     (const char    *iso8601) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
