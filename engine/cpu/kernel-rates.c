/* kernel-rates.c: see kernel-rates.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A product takes a + b c seconds for c columns: a for unpacking the matrix, b for each column. It
 * is timed with one column and with as many as a step reads of a prompt. Attention likewise, for
 * the rows of a tile. What memory adds is none of this file's business: matrices stay in the
 * caches.
 */
#include "cpu/kernel-rates.h"

#include "cpu/linear.h"
#include "cpu/vector.h"

#include <string.h>

/* A claim of some panels, times as many columns as a step has at most. */
#define N_IN 2048
#define N_OUT 64
#define N_COLS 512
/* Attention on heads of a usual width. */
#define HEAD 64
#define ROW 1024

/* Each figure is the best of so many, others only ever take away; each lasts so long at least. */
#define TRIES 3
#define TRY_US 1500
#define MEETINGS 1000

/* Memory of each thread, in parts, and of the columns, which all read. */
#define WEIGHT_BYTES (1u << 20)
#define RESULT_BYTES (256u << 10)
#define OWN_BYTES (4u << 20)
#define COLUMN_BYTES (8u << 20)
/* Bytes that make harmless numbers of every type. */
#define FILL 0x11

typedef struct Trial Trial;
struct Trial {
    const HrLinearKernels *linear;
    const HrVectorKernels *vector;
    char *columns, *own; /* of each thread OWN_BYTES */
    HrType type;
    HrForm form;
    HrKvType kv_type;
    uint32_t n; /* columns, or rows of queries */
    void (*once)(const Trial *trial, char *own);
    gint64 until;
    double seconds; /* of a round, of all threads together: the best try's */
    gint64 rounds[HR_MAX_THREADS];
};

/* ---- What is timed ---- */

static void multiply(const Trial *t, char *own)
{
    const HrTypeTraits *traits = hr_type_traits(t->type);
    size_t row_bytes = N_IN / traits->block * (size_t)traits->block_bytes;
    bool panels = t->linear->in_panels && t->linear->in_panels(t->type);
    float *y = (float *)(void *)(own + WEIGHT_BYTES);
    (panels ? t->linear->panel_rows
            : t->linear->rows)(t->form, t->type, own, row_bytes, N_IN, 0, N_OUT, t->columns,
                               t->linear->prepared_bytes(t->form, N_IN), t->n, y, N_OUT,
                               own + WEIGHT_BYTES + RESULT_BYTES);
}

static void prepare(const Trial *t, char *own)
{
    const float *x = (const float *)(const void *)own;
    t->linear->prepare(t->form, x, N_IN, own + WEIGHT_BYTES);
}

static void normalise(const Trial *t, char *own)
{
    float *x = (float *)(void *)own;
    t->vector->rms_norm(x, x + ROW, 1e-5f, ROW, x + 2 * ROW);
}

static void activate(const Trial *t, char *own)
{
    float *x = (float *)(void *)own;
    t->vector->activate(HR_SILU, x, x + ROW, ROW, x + 2 * ROW);
}

/* A page, seen whole. */
static void attend(const Trial *t, char *own)
{
    HrAttend a;
    hr_attend_init(&a, t->kv_type, HEAD, HEAD, own + WEIGHT_BYTES);
    a.n_rows = t->n;
    for (uint32_t r = 0; r < t->n; r++) {
        a.n_valid[r] = HR_PAGE_POSITIONS;
        a.max[r] = a.sum[r] = 0;
    }
    t->vector->attend_page(&a, own, own + WEIGHT_BYTES / 2, HR_PAGE_POSITIONS);
}

/* ---- Timing ---- */

static void run_trial(HrThread *thread, void *data)
{
    Trial *t = data;
    char *own = t->own + (size_t)thread->index * OWN_BYTES;
    gint64 rounds = 0;

    t->once(t, own);
    hr_pool_barrier(thread);
    if (thread->index == 0)
        t->until = g_get_monotonic_time() + TRY_US;
    hr_pool_barrier(thread);
    /* Rounds of nanoseconds are many for each look at the clock. */
    const int at_once = t->n > 1 ? 1 : 8;
    for (; g_get_monotonic_time() < t->until; rounds += at_once)
        for (int i = 0; i < at_once; i++)
            t->once(t, own);
    t->rounds[thread->index] = rounds;
}

/* Seconds of a round, n_threads of which are done at once. */
static double time_trial(Trial *t, HrPool *pool, uint32_t n_threads,
                         void (*once)(const Trial *trial, char *own), uint32_t n)
{
    double best = G_MAXDOUBLE;

    t->once = once;
    t->n = n;
    for (int i = 0; i < TRIES; i++) {
        gint64 rounds = 0, begin = g_get_monotonic_time();
        hr_pool_run(pool, n_threads, run_trial, t);
        gint64 us = g_get_monotonic_time() - begin;
        for (uint32_t k = 0; k < n_threads; k++)
            rounds += t->rounds[k];
        best = MIN(best, (double)us * 1e-6 / (double)MAX(rounds, 1));
    }
    return best;
}

static void meet_often(HrThread *thread, void *data)
{
    for (int i = 0; i < MEETINGS; i++)
        hr_pool_barrier(thread);
}

static double time_meetings(HrPool *pool, uint32_t n_threads)
{
    double best = G_MAXDOUBLE;

    for (int i = 0; i < TRIES; i++) {
        gint64 begin = g_get_monotonic_time();
        hr_pool_run(pool, n_threads, meet_often, NULL);
        best = MIN(best, (double)(g_get_monotonic_time() - begin) * 1e-6 / MEETINGS);
    }
    return best;
}

/* ---- All of them ---- */

static void measure_type(Trial *t, HrPool *pool, uint32_t n_threads, HrType type,
                         HrKernelRates *rates)
{
    const double elements = (double)N_IN * N_OUT;

    t->type = type;
    t->form = t->linear->form(type, false);
    double one = time_trial(t, pool, n_threads, multiply, 1) / elements;
    double many = time_trial(t, pool, n_threads, multiply, N_COLS) / elements;
    rates->more[type] = MIN(many / N_COLS, one);
    rates->first[type] = one;
}

static void measure_fine(Trial *t, HrPool *pool, uint32_t n_threads, HrKernelRates *rates)
{
    t->type = HR_TYPE_Q8_0;
    t->form = t->linear->form(HR_TYPE_Q8_0, true);
    double many =
        time_trial(t, pool, n_threads, multiply, N_COLS) / ((double)N_IN * N_OUT * N_COLS);
    rates->fine = rates->more[HR_TYPE_Q8_0] > 0 ? many / rates->more[HR_TYPE_Q8_0] : 1;
}

static void measure_attention(Trial *t, HrPool *pool, uint32_t n_threads, HrKernelRates *rates)
{
    const double numbers = (double)HR_PAGE_POSITIONS * 2 * HEAD;

    for (uint32_t type = 0; type < HR_RATED_KV_TYPES; type++) {
        t->kv_type = (HrKvType)type;
        double one = time_trial(t, pool, n_threads, attend, 1) / numbers;
        double many = time_trial(t, pool, n_threads, attend, HR_ATTEND_ROWS) / numbers;
        rates->attend_first[type] = one;
        rates->attend_more[type] = MAX(many - one, 0) / (HR_ATTEND_ROWS - 1);
    }
}

void hr_kernel_rates_measure(HrPool *pool, uint32_t n_threads, HrRegion *region, HrKernelRates *ret)
{
    static const HrType types[] = {
        HR_TYPE_F32,  HR_TYPE_F16,  HR_TYPE_BF16, HR_TYPE_Q4_0, HR_TYPE_Q4_1,   HR_TYPE_Q5_0,
        HR_TYPE_Q5_1, HR_TYPE_Q8_0, HR_TYPE_Q2_K, HR_TYPE_Q3_K, HR_TYPE_Q4_K,   HR_TYPE_Q5_K,
        HR_TYPE_Q6_K, HR_TYPE_IQ4_NL, HR_TYPE_IQ4_XS, HR_TYPE_MXFP4,
    };
    HrKernelRates rates = {0};
    size_t bytes = COLUMN_BYTES + (size_t)n_threads * OWN_BYTES;
    g_autofree Trial *t = g_new0(Trial, 1);

    if (bytes > region->bytes || n_threads > HR_MAX_THREADS)
        return;
    memset(region->base, FILL, bytes);
    *t = (Trial){.linear = hr_linear_kernels(),
                 .vector = hr_vector_kernels(),
                 .columns = region->base,
                 .own = (char *)region->base + COLUMN_BYTES};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        measure_type(t, pool, n_threads, types[i], &rates);
    measure_fine(t, pool, n_threads, &rates);
    t->form = t->linear->form(HR_TYPE_Q8_0, false);
    rates.prepare = time_trial(t, pool, n_threads, prepare, 1) / N_IN;
    rates.norm = time_trial(t, pool, n_threads, normalise, 1) / ROW;
    rates.activate = time_trial(t, pool, n_threads, activate, 1) / ROW;
    measure_attention(t, pool, n_threads, &rates);
    rates.meet = time_meetings(pool, n_threads);
    *ret = rates;
}
