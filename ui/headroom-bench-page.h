/* headroom-bench-page.h: the page that measures models, keeps what was measured and shows it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A view of what `headroom bench suite` does, in the same jobs (headroom-suite.h). One job at a
 * time; a page that goes stops it. Signal "problem" (text): something could not be done. Signal
 * "news" (text): something was.
 */
#pragma once

#include "headroom-bench-form.h"
#include "headroom-bench-result.h"
#include "headroom-memory-wire.h"
#include "headroom-plan-preview.h"

#include "headroom-client.h"

G_BEGIN_DECLS

#define HEADROOM_TYPE_BENCH_PAGE (headroom_bench_page_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomBenchPage, headroom_bench_page, HEADROOM, BENCH_PAGE, GtkWidget)

GtkWidget *headroom_bench_page_new (void);
void headroom_bench_page_set_client (HeadroomBenchPage *self, HeadroomClient *client);
/* Who knows which models would have to go; must live as long as the page. */
void headroom_bench_page_set_preview (HeadroomBenchPage *self, HeadroomPlanPreview *preview);
void headroom_bench_page_set_model (HeadroomBenchPage *self, const char *name_or_path);
/* What is in memory now. */
void headroom_bench_page_set_report (HeadroomBenchPage *self, const HeadroomMemoryReport *report);

/* What a person does on the page. */
void headroom_bench_page_start (HeadroomBenchPage *self, HeadroomSuiteParts parts);
void headroom_bench_page_cancel (HeadroomBenchPage *self);
gboolean headroom_bench_page_is_running (HeadroomBenchPage *self);
/* path: (nullable): one of the reports that are kept */
void headroom_bench_page_show_run (HeadroomBenchPage *self, const char *path);
const char *headroom_bench_page_get_shown (HeadroomBenchPage *self);
/* kind: "json", "csv" or "png" */
gboolean headroom_bench_page_export_to (HeadroomBenchPage *self, const char *kind,
                                        const char *path, GError **error);

HeadroomBenchForm *headroom_bench_page_get_form (HeadroomBenchPage *self);
HeadroomBenchResult *headroom_bench_page_get_result (HeadroomBenchPage *self);

G_END_DECLS
