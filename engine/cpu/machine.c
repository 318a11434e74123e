/* machine.c: what memory and processors reach when they do one thing only. See hr_machine_measure
 * in hr.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/kernel-rates.h"
#include "cpu/kernels-revision.h"
#include "cpu/latency.h"
#include "cpu/peak.h"
#include "cpu/pool.h"
#include "memory/region.h"

#include <stdatomic.h>

/* More than caches hold; at most a share of what is free. */
#define READ_BYTES (1024ull << 20)
#define FREE_SHARE 8
#define LEAST_BYTES (64ull << 20)
/* Each figure is the best of so many windows: others only ever take away. */
#define WINDOWS 3
#define WINDOW_US 40000
/* For memory longer ones: a window sees it as it is once more than the caches hold was read. */
#define READ_WINDOW_US 100000
/* The smallest of the sizes of HrKernelRates.read. */
#define SMALLEST_READ (32ull << 20)
/* Places of a thread's stretch that it reads in turn: more than one keeps more requests under way.
 */
#define STREAMS 4
#define LINE 64
/* Loads of the latency's measure. */
#define HOPS 200000

typedef struct {
    HrRegion region;
    HrPeakFunc peak;         /* NULL: memory is read */
    gint64 us, until;
    atomic_uint_fast64_t work; /* of all threads: bytes, or multiplications */
} Window;

/* ---- Reading ---- */

typedef uint64_t Line __attribute__((vector_size(LINE)));

/* One stretch of each stream, at offset of each. */
static void read_stretch(const char *begin, size_t stream_bytes, size_t bytes)
{
    Line sums[STREAMS] = {0};

    for (size_t i = 0; i < bytes; i += LINE)
        for (size_t s = 0; s < STREAMS; s++)
            sums[s] += *(const Line *)(const void *)(begin + s * stream_bytes + i);
    for (size_t s = 0; s < STREAMS; s++)
        __asm__ volatile("" : : "m"(sums[s]));
}

/* Reads this thread's share of the region over and over. */
static uint64_t read_until(const Window *window, const HrThread *thread)
{
    const size_t stretch = 256 * 1024,
                 stream = window->region.bytes / thread->n_threads / STREAMS / stretch * stretch;
    const char *share = (const char *)window->region.base + thread->index * stream * STREAMS;
    uint64_t done = 0;

    for (size_t at = 0; g_get_monotonic_time() < window->until; at = (at + stretch) % stream) {
        read_stretch(share + at, stream, stretch);
        done += STREAMS * stretch;
    }
    return done;
}

/* ---- Computing ---- */

static uint64_t compute_until(const Window *window)
{
    uint64_t done = 0;

    while (g_get_monotonic_time() < window->until)
        for (int i = 0; i < 16; i++)
            done += window->peak();
    return done;
}

/* ---- Windows ---- */

static void run_window(HrThread *thread, void *data)
{
    Window *window = data;

    hr_pool_barrier(thread);
    if (thread->index == 0)
        window->until = g_get_monotonic_time() + window->us;
    hr_pool_barrier(thread);
    atomic_fetch_add(&window->work,
                     window->peak ? compute_until(window) : read_until(window, thread));
}

/* Per second, of all threads together. */
static double best_rate(HrPool *pool, uint32_t n_threads, HrRegion region, HrPeakFunc peak)
{
    double best = 0;

    for (int i = 0; i < WINDOWS; i++) {
        Window window = {.region = region, .peak = peak, .us = peak ? WINDOW_US : READ_WINDOW_US};
        gint64 begin = g_get_monotonic_time();
        hr_pool_run(pool, n_threads, run_window, &window);
        double seconds = (double)(g_get_monotonic_time() - begin) * 1e-6;
        best = MAX(best, (double)atomic_load(&window.work) / seconds);
    }
    return best;
}

static double rate_of(HrPool *pool, uint32_t n_threads, HrPeakFunc peak)
{
    return peak ? 2 * best_rate(pool, n_threads, (HrRegion){0}, peak) : 0;
}

/* ---- Latency ---- */

static double measure_latency(const HrRegion *region)
{
    double best = 1;

    for (int i = 0; i < WINDOWS; i++)
        best = MIN(best, hr_latency_sample(region->base, region->bytes, HOPS));
    return best;
}

/* Written to, so that there are pages to read; numbers that are quick to compute with. */
static void touch(HrRegion *region)
{
    for (size_t i = 0; i < region->bytes; i += 4096)
        *(float *)(void *)((char *)region->base + i) = 1;
}

/* As fast as memory is what is larger than was tried. */
static void measure_sizes(HrPool *pool, HrMachineRates *rates, HrRegion region)
{
    for (size_t i = 0; i < HR_RATED_SIZES; i++) {
        HrRegion part = {region.base, SMALLEST_READ << i};
        bool all = part.bytes >= region.bytes;
        double rate = all ? rates->read : best_rate(pool, rates->threads, part, NULL);
        rates->kernels.read[i] = rate > 0 ? 1 / rate : 0;
    }
}

bool hr_machine_measure(uint32_t threads, HrMachineRates *ret_rates, GError **error)
{
    static const HrPlanItem item = {.kind = HR_ITEM_COMPUTE, .name = "measuring memory"};
    HrMachineRates rates = {.threads = threads > 0 ? threads : hr_cpu_count()};
    HrPeaks peaks = hr_peaks();
    HrRegion region;
    HrDevice host;

    hr_devices_probe(&host, 1);
    if (!hr_region_map(&region, NULL, &item, CLAMP(host.free / FREE_SHARE, LEAST_BYTES, READ_BYTES),
                       true, error))
        return false;
    touch(&region);
    HrPool *pool = hr_pool_ref();
    rates.read = best_rate(pool, rates.threads, region, NULL);
    hr_kernel_rates_measure(pool, rates.threads, &region, rates.read > 0 ? 1 / rates.read : 0,
                            &rates.kernels);
    measure_sizes(pool, &rates, region);
    rates.int8 = rate_of(pool, rates.threads, peaks.int8);
    rates.bf16 = rate_of(pool, rates.threads, peaks.bf16);
    rates.float32 = rate_of(pool, rates.threads, peaks.float32);
    hr_pool_unref(pool);
    rates.latency = measure_latency(&region);
    hr_region_unmap(&region);
    *ret_rates = rates;
    return true;
}

const char *hr_cpu_revision(void)
{
    return HR_KERNELS_REVISION;
}
