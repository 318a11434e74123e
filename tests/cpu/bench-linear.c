/* bench-linear.c: how fast the linear kernels read weights for one column, and multiply many.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     bench-linear [--panels] [--columns N] [TYPE ...]      HEADROOM_CPU chooses the kernels
 *
 * --panels: weights laid out as a loaded model's are, in 2 MiB pages. One thread. The best of
 * several runs: "decode" over weights larger than the caches, beside a loop that only reads the
 * same bytes; "prefill" with 512 columns. Not a test: nothing here can fail.
 */
#include "linear-fixture.h"

#include <stdio.h>
#include <time.h>

#define N_IN 4096 /* columns of a row, unless told */
#define DECODE_BYTES (256u << 20)
#define PREFILL_ROWS 512
#define PREFILL_COLS 512
#define RUNS 5

/* Of this thread's own work, so that other programs disturb less. */
static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Random bytes are as good as weights: only time is looked at. Filled by doubling a random first
 * part. */
static void fill(Weights *w, GRand *rand)
{
    const gsize bytes = w->row_bytes * w->n_out;
    Weights part = *w;

    part.n_out = MIN(w->n_out, 64);
    weights_fill_random(&part, rand);
    for (gsize done = part.n_out * w->row_bytes; done < bytes; done *= 2)
        memcpy(w->rows + done, w->rows, MIN(done, bytes - done));
}

static double read_only(const guint8 *bytes, gsize n)
{
    typedef guint64 Vector __attribute__((vector_size(64), aligned(1)));
    double best = 1e9;

    for (int run = 0; run < RUNS; run++) {
        Vector sums[4] = {0};
        const double start = seconds();
        for (gsize i = 0; i + 256 <= n; i += 256)
            for (int j = 0; j < 4; j++)
                sums[j] += *(const Vector *)(bytes + i + 64 * j);
        best = MIN(best, seconds() - start);
        sums[0] += sums[1] + sums[2] + sums[3];
        __asm__ volatile("" : : "m"(sums));
    }
    return (double)n / best * 1e-9;
}

/* The best time of multiplying all rows with n_cols columns. */
static double time_rows(const HrLinearKernels *kernels, const Weights *w, const float *x,
                        gsize n_cols)
{
    float *y = aligned_new(n_cols * w->n_out * sizeof(float));
    gpointer scratch = aligned_new(hr_linear_scratch_bytes());
    double best = 1e9;
    Prepared prepared;

    prepared_init(&prepared, kernels, w, x, n_cols);
    for (int run = 0; run < RUNS; run++) {
        const double start = seconds();
        for (gsize r = 0; r < w->n_out; r += 64)
            (w->in_panels ? kernels->panel_rows
                          : kernels->rows)(prepared.form, w->type, w->rows, w->row_bytes, w->n_in,
                                           r, MIN(r + 64, w->n_out), prepared.data, prepared.stride,
                                           n_cols, y, w->n_out, scratch);
        best = MIN(best, seconds() - start);
    }
    prepared_clear(&prepared);
    aligned_free(scratch);
    aligned_free(y);
    return best;
}

static double time_prepare(const HrLinearKernels *kernels, const Weights *w, const float *x,
                           gsize n_cols)
{
    double best = 1e9;

    for (int run = 0; run < RUNS; run++) {
        Prepared prepared;
        const double start = seconds();
        prepared_init(&prepared, kernels, w, x, n_cols);
        best = MIN(best, seconds() - start);
        prepared_clear(&prepared);
    }
    return best;
}

/* w as a model that is loaded has it. */
static void lay(Weights *w)
{
    Weights laid;
    weights_lay(w, &laid);
    weights_clear(w);
    *w = laid;
}

static void bench_type(const HrLinearKernels *kernels, HrType type, gsize n_in, bool panels,
                       GRand *rand)
{
    const HrTypeTraits *traits = hr_type_traits(type);
    const gsize row_bytes = n_in / traits->block * (gsize)traits->block_bytes;
    g_autofree float *x = g_new(float, PREFILL_COLS * n_in);
    Weights w;

    for (gsize i = 0; i < PREFILL_COLS * n_in; i++)
        x[i] = (float)g_rand_double_range(rand, -1, 1);
    weights_init(&w, type, n_in, DECODE_BYTES / row_bytes);
    fill(&w, rand);
    if (panels && kernels->in_panels && kernels->in_panels(type))
        lay(&w);
    const double bytes = (double)w.n_out * (double)row_bytes;
    const double read = read_only(w.rows, (gsize)bytes);
    const double decode = bytes / time_rows(kernels, &w, x, 1) * 1e-9;
    w.n_out = PREFILL_ROWS;
    const double cached = PREFILL_ROWS * (double)row_bytes / time_rows(kernels, &w, x, 1) * 1e-9;
    const double prefill = time_rows(kernels, &w, x, PREFILL_COLS);
    const double prepare = time_prepare(kernels, &w, x, PREFILL_COLS);
    printf("%-12s %-8s %8.1f %8.1f %5.0f %% %8.1f %10.1f %10.2f\n", kernels->name, traits->name,
           read, decode, 100 * decode / read, cached,
           (double)n_in * PREFILL_ROWS * PREFILL_COLS / prefill * 1e-9,
           PREFILL_COLS * (double)n_in / prepare * 1e-9);
    w.n_out = DECODE_BYTES / row_bytes;
    weights_clear(&w);
}

int main(int argc, char **argv)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    gsize n_in = N_IN;
    bool panels = false;
    int n_names = argc - 1;

    for (; n_names > 0 && g_str_has_prefix(argv[argc - n_names], "--"); n_names--) {
        if (g_str_equal(argv[argc - n_names], "--panels"))
            panels = true;
        else if (n_names > 1)
            n_in = g_ascii_strtoull(argv[argc - --n_names], NULL, 10);
    }
    printf("%-12s %-8s %8s %8s %7s %8s %10s %10s\n", "kernels", "type", "read", "decode", "",
           "cached", "prefill", "prepare");
    printf("%-12s %-8s %8s %8s %7s %8s %10s %10s\n", "", "", "GB/s", "GB/s", "", "GB/s", "GMAC/s",
           "G/s");
    for (gsize i = 0; i < fixture_n_types; i++) {
        bool wanted = n_names == 0;
        for (int a = argc - n_names; a < argc; a++)
            wanted |= g_str_equal(argv[a], hr_type_traits(fixture_types[i])->name);
        if (wanted)
            bench_type(hr_linear_kernels(), fixture_types[i], n_in, panels, rand);
    }
    return 0;
}
