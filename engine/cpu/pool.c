/* pool.c: see pool.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/pool.h"

#include "cpu/cores.h"
#include "cpu/float-mode.h"
#include "hr.h"

#include <sched.h>
#include <stdatomic.h>

/* About 50 us of spinning before a worker sleeps: longer than the gaps between steps, far shorter
 * than anyone would notice. */
#define SPIN_ROUNDS 20000
/* A barrier yields after this many rounds, for the case that the other thread has lost its core. */
#define SPINS_BEFORE_YIELD 4000

struct HrPool {
    GMutex turn_lock; /* guards who is next: jobs run one at a time, in the order in which they were
                         brought */
    GCond turn;
    uint64_t n_tickets, serving;
    GMutex lock; /* guards sleeping */
    GCond wake;
    GPtrArray *workers; /* GThread */
    bool stopping;

    HrJobFunc func;
    void *data;
    uint32_t n_threads;
    atomic_uint generation; /* of jobs */
    atomic_uint n_sleeping;
    atomic_uint n_done;
    atomic_uint arrived, phase; /* barrier */
};

static GMutex the_lock;
static HrPool *the_pool; /* one per process is the point */
static uint32_t the_refs;

static inline void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void sleep_until(HrPool *pool, uint32_t seen)
{
    g_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->n_sleeping, 1);
    while (atomic_load(&pool->generation) == seen && !pool->stopping)
        g_cond_wait(&pool->wake, &pool->lock);
    atomic_fetch_sub(&pool->n_sleeping, 1);
    g_mutex_unlock(&pool->lock);
}

static void await_job(HrPool *pool, uint32_t seen)
{
    for (uint32_t i = 0; i < SPIN_ROUNDS; i++) {
        if (atomic_load_explicit(&pool->generation, memory_order_acquire) != seen)
            return;
        pause_cpu();
    }
    sleep_until(pool, seen);
}

typedef struct {
    HrPool *pool;
    uint32_t index, seen;
} Worker;

static void *work(void *data)
{
    g_autofree Worker *worker = data;
    HrPool *pool = worker->pool;
    uint32_t seen = worker->seen;
    hr_float_mode_enter();
    for (;;) {
        await_job(pool, seen);
        if (pool->stopping)
            return NULL;
        seen = atomic_load_explicit(&pool->generation, memory_order_acquire);
        if (worker->index < pool->n_threads) {
            HrThread thread = {pool, worker->index, pool->n_threads};
            pool->func(&thread, pool->data);
        }
        atomic_fetch_add_explicit(&pool->n_done, 1, memory_order_release);
    }
}

static void ensure_workers(HrPool *pool, uint32_t n)
{
    while (pool->workers->len < n) {
        Worker *worker = g_new(Worker, 1);
        *worker = (Worker){pool, pool->workers->len + 1, atomic_load(&pool->generation)};
        g_ptr_array_add(pool->workers, g_thread_new("hr-worker", work, worker));
    }
}

static void wake_workers(HrPool *pool)
{
    atomic_fetch_add(&pool->generation, 1);
    if (atomic_load(&pool->n_sleeping) == 0)
        return;
    g_mutex_lock(&pool->lock);
    g_cond_broadcast(&pool->wake);
    g_mutex_unlock(&pool->lock);
}

static void await_count(atomic_uint *count, uint32_t wanted)
{
    for (uint32_t i = 1; atomic_load_explicit(count, memory_order_acquire) != wanted; i++) {
        pause_cpu();
        if (i % SPINS_BEFORE_YIELD == 0)
            sched_yield();
    }
}

static void await_turn(HrPool *pool)
{
    g_mutex_lock(&pool->turn_lock);
    uint64_t ticket = pool->n_tickets++;
    while (pool->serving != ticket)
        g_cond_wait(&pool->turn, &pool->turn_lock);
    g_mutex_unlock(&pool->turn_lock);
}

static void pass_turn(HrPool *pool)
{
    g_mutex_lock(&pool->turn_lock);
    pool->serving++;
    if (pool->n_tickets > pool->serving)
        g_cond_broadcast(&pool->turn);
    g_mutex_unlock(&pool->turn_lock);
}

void hr_pool_run(HrPool *pool, uint32_t n_threads, HrJobFunc func, void *data)
{
    n_threads = CLAMP(n_threads, 1, HR_MAX_THREADS);
    await_turn(pool);
    ensure_workers(pool, n_threads - 1);
    pool->func = func;
    pool->data = data;
    pool->n_threads = n_threads;
    atomic_store(&pool->n_done, 0);
    atomic_store(&pool->arrived, 0);
    wake_workers(pool);
    HrThread self = {pool, 0, n_threads};
    uint64_t mode = hr_float_mode_enter();
    func(&self, data);
    hr_float_mode_leave(mode);
    await_count(&pool->n_done, pool->workers->len);
    pass_turn(pool);
}

void hr_pool_barrier(HrThread *thread)
{
    HrPool *pool = thread->pool;
    if (thread->n_threads == 1)
        return;
    uint32_t phase = atomic_load_explicit(&pool->phase, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&pool->arrived, 1, memory_order_acq_rel) + 1 ==
        thread->n_threads) {
        atomic_store_explicit(&pool->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&pool->phase, phase + 1, memory_order_release);
        return;
    }
    await_count(&pool->phase, phase + 1);
}

HrPool *hr_pool_ref(void)
{
    g_mutex_lock(&the_lock);
    if (!the_pool) {
        the_pool = g_new0(HrPool, 1);
        g_mutex_init(&the_pool->turn_lock);
        g_cond_init(&the_pool->turn);
        g_mutex_init(&the_pool->lock);
        g_cond_init(&the_pool->wake);
        the_pool->workers = g_ptr_array_new();
    }
    the_refs++;
    HrPool *pool = the_pool;
    g_mutex_unlock(&the_lock);
    return pool;
}

static void stop(HrPool *pool)
{
    g_mutex_lock(&pool->lock);
    pool->stopping = true;
    atomic_fetch_add(&pool->generation, 1);
    g_cond_broadcast(&pool->wake);
    g_mutex_unlock(&pool->lock);
    for (guint i = 0; i < pool->workers->len; i++)
        g_thread_join(g_ptr_array_index(pool->workers, i));
    g_ptr_array_unref(pool->workers);
    g_mutex_clear(&pool->turn_lock);
    g_cond_clear(&pool->turn);
    g_mutex_clear(&pool->lock);
    g_cond_clear(&pool->wake);
    g_free(pool);
}

void hr_pool_unref(HrPool *pool)
{
    HrPool *last = NULL;
    g_mutex_lock(&the_lock);
    if (pool && --the_refs == 0)
        last = g_steal_pointer(&the_pool);
    g_mutex_unlock(&the_lock);
    if (last)
        stop(last);
}

/* Asked once for a process: plans are made on every frame that a slider moves. */
uint32_t hr_cpu_count(void)
{
    static gsize count;
    if (g_once_init_enter(&count)) {
        cpu_set_t set;
        uint32_t n = sched_getaffinity(0, sizeof set, &set) == 0 ? (uint32_t)CPU_COUNT(&set)
                                                                 : g_get_num_processors();
        g_once_init_leave(&count, hr_cores_within_quota("", CLAMP(n, 1, HR_MAX_THREADS)));
    }
    return (uint32_t)count;
}
