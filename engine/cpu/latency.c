/* latency.c: see latency.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the next load goes follows from a running number and from what was just loaded, so the
 * processor cannot begin it early, whatever the memory holds: a model's weights do as well as a
 * ring made for the purpose.
 */
#include "cpu/latency.h"

#include <glib.h>

#define LINE 64

/* A step of SplitMix64 (Steele, Lea and Flood 2014). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    return x ^ (x >> 27);
}

double hr_latency_sample(const void *base, size_t bytes, uint32_t hops)
{
    const uint64_t n_lines = bytes / LINE;
    uint64_t state = (uint64_t)g_get_monotonic_time(), loaded = 0;

    gint64 begin = g_get_monotonic_time();
    for (uint32_t hop = 0; hop < hops; hop++) {
        uint64_t line = (mix(state += 0x9e3779b97f4a7c15ull) ^ loaded) >> 16;
        loaded =
            *(const volatile uint32_t *)(const void *)((const char *)base + line % n_lines * LINE);
    }
    return (double)(g_get_monotonic_time() - begin) * 1e-6 / hops;
}
