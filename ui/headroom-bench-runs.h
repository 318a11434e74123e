/* headroom-bench-runs.h: the reports that are kept, as a list.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads the disk on a thread. Signal "show-run" (path): a person wants to see it. Signal "compare-run"
 * (path, or "" for none any more): what is shown is to be compared with it. Signal "delete-run" (path):
 * a person wants it gone. Signal "listed" (path): the newest one; not where there is none.
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_BENCH_RUNS (headroom_bench_runs_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomBenchRuns, headroom_bench_runs, HEADROOM, BENCH_RUNS,
                      AdwPreferencesGroup)

GtkWidget *headroom_bench_runs_new     (void);
/* Reads the folder again. */
void       headroom_bench_runs_refresh (HeadroomBenchRuns *self);
/* Which one is shown, which it is compared with; NULL: none */
void       headroom_bench_runs_mark    (HeadroomBenchRuns *self,
                                        const char        *shown,
                                        const char        *other);
/* How many are listed. */
guint      headroom_bench_runs_count   (HeadroomBenchRuns *self);

G_END_DECLS
