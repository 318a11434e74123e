/* kernel-rates.c: see kernel-rates.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A product takes a + b c seconds for c columns: a for unpacking the matrix, b for each column. It
 * is timed with one column and with as many as a step reads of a prompt. Attention likewise, for
 * the rows of a tile. What memory adds is none of this file's business, because matrices stay in
 * the caches; but for attention, which reads pages and computes in turn. Rows of a step do not stay
 * there, so norms and the like are timed on more than caches hold.
 */
#include "cpu/kernel-rates.h"

#include "cpu/linear.h"
#include "cpu/vector.h"

#include <stdatomic.h>
#include <string.h>

/* A claim of some panels, times as many columns as a step has at most. */
#define N_IN HR_RATED_COLUMNS
#define SHORT_IN (N_IN / 4)
#define N_OUT 64
#define N_COLS 512
/* Attention on heads of a usual width. */
#define HEAD 64
#define ROW 1024
/* Of a thread's memory, how much rows are read from and written to, in turn: two such parts are more
 * than a second-level cache. And pages: heads of a position lie in so many. */
#define ROWS_BYTES (1344u << 10)
#define PAGES 64
#define HEADS 4
#define PAGE_BYTES (2 * HEAD * HR_PAGE_POSITIONS * sizeof(float))
#define FAR_BYTES (RUN_PAGES * HEADS * PAGE_BYTES)

/* Each figure is the best of so many, others only ever take away; each lasts so long at least. */
#define TRIES 3
#define TRY_US 1500
#define MEETINGS 1000
/* Pages that no cache holds: longer, because what is near is read first. */
#define FAR_TRY_US 10000
#define RUN_PAGES 16 /* of one head, before the next head's turn */

/* Memory of each thread, in parts, and of the columns, which all read. */
#define WEIGHT_BYTES (1u << 20)
#define RESULT_BYTES (256u << 10)
#define OWN_BYTES (4u << 20)
#define TURN_BYTES 64 /* at their end: which rows or page are next */
#define COLUMN_BYTES (8u << 20)
/* Bytes that make harmless numbers of every type. */
#define FILL 0x11

typedef struct Trial Trial;
struct Trial {
    const HrLinearKernels *linear;
    const HrVectorKernels *vector;
    char *columns, *own; /* of each thread OWN_BYTES */
    char *far;           /* of each thread n_far groups of pages */
    size_t n_far;
    gint64 try_us;
    HrType type;
    HrForm form;
    HrKvType kv_type;
    uint32_t n_in; /* numbers of a row of a matrix */
    uint32_t n;    /* columns, or rows of queries */
    void (*once)(const Trial *trial, char *own);
    gint64 until;
    double seconds; /* of a round, of all threads together: the best try's */
    gint64 rounds[HR_MAX_THREADS];
};

/* ---- What is timed ---- */

static void multiply(const Trial *t, char *own)
{
    const HrTypeTraits *traits = hr_type_traits(t->type);
    size_t row_bytes = t->n_in / traits->block * (size_t)traits->block_bytes;
    bool panels = t->linear->in_panels && t->linear->in_panels(t->type);
    float *y = (float *)(void *)(own + WEIGHT_BYTES);
    (panels ? t->linear->panel_rows
            : t->linear->rows)(t->form, t->type, own, row_bytes, t->n_in, 0, N_OUT, t->columns,
                               t->linear->prepared_bytes(t->form, t->n_in), t->n, y, N_OUT,
                               own + WEIGHT_BYTES + RESULT_BYTES);
}

static void prepare(const Trial *t, char *own)
{
    const float *x = (const float *)(const void *)own;
    t->linear->prepare(t->form, x, N_IN, own + WEIGHT_BYTES);
}

/* What is next in a thread's memory, after this one. */
static uint32_t take_turn(char *own)
{
    uint32_t *turn = (uint32_t *)(void *)(own + OWN_BYTES - TURN_BYTES);
    return (*turn)++;
}

/* The row of a part of a thread's memory whose turn it is. */
static float *row_of(char *own, uint32_t part, uint32_t turn, uint32_t cols)
{
    uint32_t n = (uint32_t)(ROWS_BYTES / (cols * sizeof(float)));
    return (float *)(void *)(own + (size_t)part * ROWS_BYTES) + (size_t)(turn % n) * cols;
}

static void normalise(const Trial *t, char *own)
{
    uint32_t turn = take_turn(own);
    t->vector->rms_norm(row_of(own, 0, turn, ROW), row_of(own, 2, 0, ROW), 1e-5f, ROW,
                        row_of(own, 1, turn, ROW));
}

static void activate(const Trial *t, char *own)
{
    uint32_t turn = take_turn(own);
    t->vector->activate(HR_SILU, row_of(own, 0, turn, ROW), row_of(own, 1, turn, ROW), ROW,
                        row_of(own, 2, turn, ROW));
}

/* The angle is 45 degrees. */
static void turn_head(const Trial *t, char *own)
{
    static const float table[HEAD] = {[0 ... HEAD - 1] = 0.70710678f};
    t->vector->rope(HR_ROPE_NEOX, HEAD, table, row_of(own, 0, take_turn(own), HEAD));
}

/* Position after position, a key and a value. */
static void store(const Trial *t, char *own)
{
    uint32_t turn = take_turn(own), j = turn / HEADS % HR_PAGE_POSITIONS;
    uint32_t first = turn / (HEADS * HR_PAGE_POSITIONS) * HEADS;
    char *page = own + ROWS_BYTES + (first + turn % HEADS) % (PAGES / 2) * PAGE_BYTES;
    t->vector->store_key(t->kv_type, row_of(own, 0, turn, HEAD), HEAD, j, page);
    t->vector->store_value(t->kv_type, row_of(own, 0, turn, HEAD), HEAD, j, page + PAGE_BYTES / 2);
}

/* A page, seen whole. */
static void attend_to(const Trial *t, char *own, const char *keys, const char *values)
{
    HrAttend a;
    hr_attend_init(&a, t->kv_type, HEAD, HEAD, own);
    a.n_rows = t->n;
    for (uint32_t r = 0; r < t->n; r++) {
        a.n_valid[r] = HR_PAGE_POSITIONS;
        a.max[r] = a.sum[r] = 0;
    }
    t->vector->attend_page(&a, keys, values, HR_PAGE_POSITIONS);
}

static void attend(const Trial *t, char *own)
{
    const char *page = own + ROWS_BYTES + (take_turn(own) % PAGES) * (PAGE_BYTES / 2);
    attend_to(t, own, page, page + PAGE_BYTES / 4);
}

/* As in a cache: in a page lie the keys of all heads, then their values; a head looks at one page
 * after the other. */
static void attend_far(const Trial *t, char *own)
{
    const size_t block = hr_kv_bytes(t->kv_type, (size_t)HEAD * HR_PAGE_POSITIONS);
    uint32_t turn = take_turn(own), head = turn / RUN_PAGES % HEADS;
    size_t group = turn / (RUN_PAGES * HEADS) % t->n_far;
    const char *pages = t->far + ((own - t->own) / OWN_BYTES * t->n_far + group) * FAR_BYTES,
               *page = pages + (turn % RUN_PAGES) * 2 * HEADS * block;
    attend_to(t, own, page + head * block, page + (HEADS + head) * block);
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
        t->until = g_get_monotonic_time() + t->try_us;
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

typedef struct {
    atomic_uint claimed[MEETINGS];
} Meetings;

/* As after an operation: what it is cut into was shared out. */
static void meet_often(HrThread *thread, void *data)
{
    Meetings *m = data;
    for (int i = 0; i < MEETINGS; i++) {
        while (atomic_fetch_add_explicit(&m->claimed[i], 1, memory_order_relaxed) <
               thread->n_threads)
            ;
        hr_pool_barrier(thread);
    }
}

static double time_meetings(HrPool *pool, uint32_t n_threads)
{
    g_autofree Meetings *m = g_new(Meetings, 1);
    double best = G_MAXDOUBLE;

    for (int i = 0; i < TRIES; i++) {
        memset(m, 0, sizeof *m);
        gint64 begin = g_get_monotonic_time();
        hr_pool_run(pool, n_threads, meet_often, m);
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

/* What rows cost that are not their numbers: short ones take more than their share. */
static void measure_finish(Trial *t, HrPool *pool, uint32_t n_threads, HrKernelRates *rates)
{
    const double results = (double)N_OUT * N_COLS;

    t->type = HR_TYPE_Q8_0;
    t->form = t->linear->form(HR_TYPE_Q8_0, false);
    t->n_in = SHORT_IN;
    double a_short = time_trial(t, pool, n_threads, multiply, N_COLS) / results;
    t->n_in = N_IN;
    double a_long = rates->more[HR_TYPE_Q8_0] * N_IN;
    rates->finish = MAX((a_short - a_long * SHORT_IN / N_IN) / (1 - (double)SHORT_IN / N_IN), 0);
}

static void measure_fine(Trial *t, HrPool *pool, uint32_t n_threads, HrKernelRates *rates)
{
    t->type = HR_TYPE_Q8_0;
    t->form = t->linear->form(HR_TYPE_Q8_0, true);
    double many =
        time_trial(t, pool, n_threads, multiply, N_COLS) / ((double)N_IN * N_OUT * N_COLS);
    rates->fine = rates->more[HR_TYPE_Q8_0] > 0 ? many / rates->more[HR_TYPE_Q8_0] : 1;
}

/* Numbers as they are in rows; those that the bytes of the matrices make are too small to square. */
static void fill_rows(char *own, uint32_t n_threads)
{
    float *x = (float *)(void *)own;
    for (size_t i = 0; i < (size_t)n_threads * OWN_BYTES / sizeof *x; i++)
        x[i] = 1;
}

static void measure_rows(Trial *t, HrPool *pool, uint32_t n_threads, HrKernelRates *rates)
{
    fill_rows(t->own, n_threads);
    t->form = t->linear->form(HR_TYPE_Q8_0, false);
    rates->prepare = time_trial(t, pool, n_threads, prepare, 1) / N_IN;
    rates->norm = time_trial(t, pool, n_threads, normalise, 1) / ROW;
    fill_rows(t->own, n_threads);
    rates->activate = time_trial(t, pool, n_threads, activate, 1) / ROW;
    fill_rows(t->own, n_threads);
    rates->rope = time_trial(t, pool, n_threads, turn_head, 1) / HEAD;
    for (uint32_t type = 0; type < HR_RATED_KV_TYPES; type++) {
        t->kv_type = (HrKvType)type;
        rates->store[type] = time_trial(t, pool, n_threads, store, 1) / (2 * HEAD);
    }
}

/* What pages take that no cache holds above those that one holds, in times of reading their bytes;
 * read: of a byte, see kernel-rates.h. */
static double measure_far(Trial *t, HrPool *pool, uint32_t n_threads, double near, double read)
{
    if (t->n_far == 0 || read <= 0)
        return 1;
    t->try_us = FAR_TRY_US;
    double seconds = time_trial(t, pool, n_threads, attend_far, 1) - near;
    t->try_us = TRY_US;
    return seconds / ((double)hr_kv_bytes(t->kv_type, (size_t)2 * HEAD * HR_PAGE_POSITIONS) * read);
}

static void measure_attention(Trial *t, HrPool *pool, uint32_t n_threads, double read,
                              HrKernelRates *rates)
{
    const double numbers = (double)HR_PAGE_POSITIONS * 2 * HEAD;

    for (uint32_t type = 0; type < HR_RATED_KV_TYPES; type++) {
        t->kv_type = (HrKvType)type;
        double one = time_trial(t, pool, n_threads, attend, 1);
        double many = time_trial(t, pool, n_threads, attend, HR_ATTEND_ROWS);
        rates->attend_first[type] = one / numbers;
        rates->attend_more[type] = MAX(many - one, 0) / numbers / (HR_ATTEND_ROWS - 1);
        rates->attend_read[type] = MAX(measure_far(t, pool, n_threads, one, read), 0);
    }
}

void hr_kernel_rates_measure(HrPool *pool, uint32_t n_threads, HrRegion *region, double read,
                             HrKernelRates *ret)
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
                 .n_in = N_IN,
                 .try_us = TRY_US,
                 .columns = region->base,
                 .own = (char *)region->base + COLUMN_BYTES,
                 .far = (char *)region->base + bytes,
                 .n_far = (region->bytes - bytes) / n_threads / FAR_BYTES};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        measure_type(t, pool, n_threads, types[i], &rates);
    measure_finish(t, pool, n_threads, &rates);
    measure_fine(t, pool, n_threads, &rates);
    measure_attention(t, pool, n_threads, read, &rates);
    measure_rows(t, pool, n_threads, &rates);
    rates.meet = time_meetings(pool, n_threads);
    *ret = rates;
}
