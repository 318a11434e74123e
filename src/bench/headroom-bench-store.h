/* headroom-bench-store.h: the reports of benchmarks that are kept.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A folder of JSON files, $XDG_DATA_HOME/headroom/benchmarks, each as headroom_suite_run() makes
 * it; what a person calls one is its "title". What is in the folder and is no report is left alone
 * and not listed. Only one program writes a report while it is being made, so a report that another
 * program deletes meanwhile comes back.
 *
 * Thread-safety: Safe. All of these block on the disk.
 */
#pragma once

#include <gio/gio.h>

#include "hr.h"

G_BEGIN_DECLS

typedef struct {
  char *path;
  char *title;   /* or NULL */
  char *model;   /* of the first one measured; or NULL */
  char *started; /* ISO 8601, UTC; or NULL */
  gboolean complete;
} HeadroomBenchEntry;

void headroom_bench_entry_free (HeadroomBenchEntry *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomBenchEntry, headroom_bench_entry_free)

/* Where they are kept. */
char *headroom_bench_store_dup_folder (void) G_GNUC_WARN_UNUSED_RESULT;
/* A name for a report that begins now, which no other has; makes the folder. NULL with error. */
char *headroom_bench_store_new_path (GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Returns: (element-type HeadroomBenchEntry): the newest first; no folder, no entries */
GPtrArray *headroom_bench_store_list (void) G_GNUC_WARN_UNUSED_RESULT;
/* A report from anywhere: it is a dict, and nothing else is promised. NULL with error. */
HrValue *headroom_bench_store_load (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* title "": it has none any more. */
gboolean headroom_bench_store_rename (const char *path, const char *title, GError **error);
gboolean headroom_bench_store_delete (const char *path, GError **error);

G_END_DECLS
