/* headroom-bench-job.h: a benchmark on a thread of its own, as a program with a main loop sees it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The thread has a main context of its own, so what it measures runs there and nobody waits. Signal
 * "progress" (part, done, total): so many of a part's steps have ended. Signal "saved": more of the
 * report is on disk. Signal "over": there is a report, or an error; it comes once.
 *
 * Thread-safety: belongs to the thread that made it, on whose default main context the signals
 * come; the functions of the second part are for the job's own thread.
 */
#pragma once

#include "headroom-client.h"
#include "hr.h"

G_BEGIN_DECLS

#define HEADROOM_TYPE_BENCH_JOB (headroom_bench_job_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomBenchJob, headroom_bench_job, HEADROOM, BENCH_JOB, GObject)

/* On the job's thread: returns a report, or NULL with error. */
typedef HrValue *(*HeadroomBenchJobFunc) (HeadroomBenchJob *job, gpointer data, GError **error);

/**
 * headroom_bench_job_new:
 * @client: (nullable): of the server that is to be measured
 * @cancellable: (nullable): ends it early; %NULL: it has its own
 */
HeadroomBenchJob *headroom_bench_job_new (HeadroomClient *client,
                                          GCancellable *cancellable) G_GNUC_WARN_UNUSED_RESULT;
/* Once for a job; it lives until it is over, whoever else lets go of it. */
void headroom_bench_job_start (HeadroomBenchJob *self, HeadroomBenchJobFunc func,
                               gpointer take_data, GDestroyNotify destroy);
/* What was measured until then is kept. */
void headroom_bench_job_cancel (HeadroomBenchJob *self);
gboolean headroom_bench_job_is_cancelled (HeadroomBenchJob *self);
gboolean headroom_bench_job_is_over (HeadroomBenchJob *self);
/* Runs the thread's default main context until it is over. */
void headroom_bench_job_await (HeadroomBenchJob *self);
/* Borrowed, once it is over; one of them is NULL. */
HrValue *headroom_bench_job_get_report (HeadroomBenchJob *self);
const GError *headroom_bench_job_get_error (HeadroomBenchJob *self);

/* ---- For the job's thread ---- */

/* Borrowed; the thread's own. NULL: there is no server. */
HeadroomClient *headroom_bench_job_get_client (HeadroomBenchJob *self);
GCancellable *headroom_bench_job_get_cancellable (HeadroomBenchJob *self);
/* What the steps that follow belong to; borrowed, static. */
void headroom_bench_job_begin (HeadroomBenchJob *self, const char *part);
/* A HeadroomBenchProgressFunc; data: the job. */
void headroom_bench_job_progress (guint done, guint total, gpointer job);
void headroom_bench_job_tell_saved (HeadroomBenchJob *self);

G_END_DECLS
