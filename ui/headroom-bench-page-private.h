/* headroom-bench-page-private.h: what the files of the page of benchmarks share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-bench-page.h"
#include "headroom-bench-runs.h"

G_BEGIN_DECLS

struct _HeadroomBenchPage {
  GtkWidget parent_instance;
  GtkWidget *scroller;
  HeadroomBenchForm *form;
  HeadroomBenchRuns *runs;
  HeadroomBenchResult *result;
  /* While something runs */
  AdwPreferencesGroup *progress_group;
  AdwActionRow *progress_row;
  GtkProgressBar *progress_bar;
  HeadroomBenchJob *job; /* or NULL */
  gboolean is_applying, is_undoing; /* what the job does, if it does not measure */
  /* What is shown: paths, or NULL */
  char *shown, *other;
  gboolean has_shown; /* some run, since the page is there */
  GCancellable *loading; /* or NULL */
  /* From outside */
  HeadroomClient *client;       /* or NULL */
  HeadroomPlanPreview *preview; /* or NULL */
  char *model;                  /* or NULL */
};

void       _headroom_bench_page_complain     (HeadroomBenchPage *self, const char *text);
void       _headroom_bench_page_tell         (HeadroomBenchPage *self, const char *text);
void       _headroom_bench_page_reload       (HeadroomBenchPage *self);
/* headroom-bench-page-job.c */
GtkWidget *_headroom_bench_page_new_progress (HeadroomBenchPage *self);
void       _headroom_bench_page_watch        (HeadroomBenchPage *self);
/* The models that would have to go, or NULL. */
char      *_headroom_bench_page_dup_evicted  (HeadroomBenchPage *self) G_GNUC_WARN_UNUSED_RESULT;
void       _headroom_bench_page_forget_job   (HeadroomBenchPage *self);
/* headroom-bench-page-export.c */
void       _headroom_bench_page_export       (HeadroomBenchPage *self, const char *kind);

G_END_DECLS
