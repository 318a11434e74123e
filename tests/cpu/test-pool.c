/* test-pool.c: jobs on the one pool run one at a time and in the order in which they come.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/pool.h"

#include <stdatomic.h>

#define N_THREADS 2

/* ---- One at a time, on all threads ---- */

typedef struct {
    atomic_uint inside, most, total;
} Count;

static void count(HrThread *thread, void *data)
{
    Count *c = data;
    uint32_t inside = atomic_fetch_add(&c->inside, 1) + 1;
    if (inside > atomic_load(&c->most))
        atomic_store(&c->most, inside);
    atomic_fetch_add(&c->total, 1);
    hr_pool_barrier(thread);
    atomic_fetch_sub(&c->inside, 1);
}

typedef struct {
    HrPool *pool;
    Count *count;
    int n;
} Bringer;

static void *bring(void *data)
{
    Bringer *b = data;
    for (int i = 0; i < b->n; i++)
        hr_pool_run(b->pool, N_THREADS, count, b->count);
    return NULL;
}

static void test_one_at_a_time(void)
{
    HrPool *pool = hr_pool_ref();
    Count c = {0};
    Bringer bringer = {pool, &c, 200};
    GThread *threads[3];
    for (int i = 0; i < 3; i++)
        threads[i] = g_thread_new("bringer", bring, &bringer);
    for (int i = 0; i < 3; i++)
        g_thread_join(threads[i]);
    g_assert_cmpuint(atomic_load(&c.total), ==, 3 * 200 * N_THREADS);
    g_assert_cmpuint(atomic_load(&c.most), <=, N_THREADS);
    hr_pool_unref(pool);
}

/* ---- In order ---- */

typedef struct {
    HrPool *pool;
    atomic_bool stop;
    atomic_uint n_jobs; /* that were begun by who brings them without end */
} Stream;

static void note_job(HrThread *thread, void *data)
{
    if (thread->index == 0)
        atomic_fetch_add(&((Stream *)data)->n_jobs, 1);
    g_usleep(200);
}

static void *bring_without_end(void *data)
{
    Stream *s = data;
    while (!atomic_load(&s->stop))
        hr_pool_run(s->pool, N_THREADS, note_job, s);
    return NULL;
}

typedef struct {
    Stream *stream;
    uint32_t n_jobs_at;
} Late;

static void note_turn(HrThread *thread, void *data)
{
    Late *late = data;
    if (thread->index == 0)
        late->n_jobs_at = atomic_load(&late->stream->n_jobs);
}

/* Who brings jobs one behind the other lets another's in between: behind the one that runs and one
 * that was brought before. The bound is wide, because a thread may lose the processor before it has
 * brought its job; without an order it is passed by far. */
static void test_in_order(void)
{
    Stream stream = {.pool = hr_pool_ref()};
    GThread *thread = g_thread_new("stream", bring_without_end, &stream);
    while (atomic_load(&stream.n_jobs) < 5)
        g_thread_yield();
    uint64_t waited = 0;
    for (int i = 0; i < 50; i++) {
        Late late = {.stream = &stream};
        uint32_t before = atomic_load(&stream.n_jobs);
        hr_pool_run(stream.pool, N_THREADS, note_turn, &late);
        waited += late.n_jobs_at - before;
    }
    atomic_store(&stream.stop, true);
    g_thread_join(thread);
    g_assert_cmpuint(waited, <=, 20 * 50);
    hr_pool_unref(stream.pool);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pool/one-at-a-time", test_one_at_a_time);
    g_test_add_func("/pool/in-order", test_in_order);
    return g_test_run();
}
