/* headroom-cli-bench.h: what the benchmarks at a terminal share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Progress goes to stderr, results go to stdout. Ctrl+C ends a benchmark in good order: what was
 * measured until then is printed and marked as not complete. Thread-safety: the main thread's.
 */
#pragma once

#include "headroom-bench-job.h"
#include "headroom-cli.h"
#include "headroom-session.h"

G_BEGIN_DECLS

#define HEADROOM_EXIT_INTERRUPTED 130 /* 128 + SIGINT, as shells have it */

typedef struct {
  HeadroomSession *session; /* or NULL: another server was named */
  HeadroomClient *client;
  GCancellable *cancellable; /* by Ctrl+C */
  guint interrupt;
} HeadroomBench;

/* host: (nullable): "http://127.0.0.1:11434"; NULL: the server of this store, which starts here if
 * it does not run. */
gboolean headroom_bench_open (HeadroomBench *bench, const char *host, GError **error);
/* Ctrl+C alone, for what needs no server. */
void headroom_bench_watch_interrupt (HeadroomBench *bench);
/* Also of one that is all zero. */
void headroom_bench_close (HeadroomBench *bench);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeadroomBench, headroom_bench_close)

/* Starts a job that Ctrl+C ends early, against the server that was opened, if one was; its progress
 * is told. */
HeadroomBenchJob *headroom_bench_start (HeadroomBench *bench, HeadroomBenchJobFunc func,
                                        gpointer take_data, GDestroyNotify destroy)
    G_GNUC_WARN_UNUSED_RESULT;

/* Runs func on a thread of its own while the main context goes on, so that Ctrl+C is seen. Returns
 * when it has ended, with what it returned. */
gpointer headroom_bench_work (GThreadFunc func, gpointer data);

/* A HeadroomBenchProgressFunc: "label 3/20" on a terminal; data: the label. */
void headroom_bench_progress (guint done, guint total, gpointer label);

/* "1,2,4": numbers from min to max; NULL with error. */
GArray *headroom_bench_parse_counts (const char *option, const char *text, guint64 min, guint64 max,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Checks that a number lies from min to max; says what can be, if not. */
gboolean headroom_bench_check (const char *option, double value, double min, double max,
                               GError **error);

/* The exit status of a report: {"complete", "error"}; says the error, if any. */
int headroom_bench_exit_status (const HeadroomBench *bench, const HrValue *report);
/* Prints a report as JSON or by print, and gives its exit status. */
int headroom_bench_tell (const HeadroomBench *bench, const HrValue *report, gboolean json,
                         void (*print) (const HrValue *report));
/* "p50 12.1 ms  p95 13 ms  p99 – …" of what headroom_summary_to_value() made; a percentile that so
 * few values do not support is a dash. */
char *headroom_bench_dup_summary (const HrValue *summary, const char *unit)
    G_GNUC_WARN_UNUSED_RESULT;

/* Prints what may be concluded from a report that stands under a key of a model's entry; take_part:
 * one more reference of it. */
void headroom_bench_print_advice (const char *key, HrValue *take_part);

G_END_DECLS
