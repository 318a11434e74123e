/* pool.h: the one pool of worker threads of a process.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two pools that spin on the same cores ruin each other, so every runner uses this one, a job at a
 * time. Workers spin briefly for the next job, then sleep. Thread-safety: Safe.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct HrPool HrPool;

/* What each thread of a job gets. */
typedef struct {
    HrPool *pool;
    uint32_t index, n_threads;
} HrThread;

typedef void (*HrJobFunc)(HrThread *thread, void *data);

/* The process' pool, with one more reference. */
HrPool *hr_pool_ref(void);
void hr_pool_unref(HrPool *pool);

/* Runs func on n_threads threads, the calling one among them, and returns when all are done. Waits
 * for the jobs that were brought before, so who brings many short ones leaves room for others
 * between them. */
void hr_pool_run(HrPool *pool, uint32_t n_threads, HrJobFunc func, void *data);
/* Within a job: returns once all its threads have called it. */
void hr_pool_barrier(HrThread *thread);

