/* linear.c: which set of linear kernels runs on this processor.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Owns the choice and nothing else. Compiled for the lowest processor of the architecture.
 */
#include "cpu/kernels.h"
#include "hr.h"

#ifdef __x86_64__
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

/* Room for every set of the build and the closing NULL. */
#define MAX_SETS 6

static const HrLinearKernels *available[MAX_SETS];
static const HrLinearKernels *chosen;

#ifdef __x86_64__
/* Compilers of the floor do not know these two by name. */
static bool can_f16c(void)
{
    unsigned eax, ebx, ecx = 0, edx;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx >> 29 & 1);
}

static bool can_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && can_f16c();
}

static bool can_avx_vnni(void)
{
    unsigned eax = 0, ebx, ecx, edx;
    return can_avx2() && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax >> 4 & 1);
}

static bool can_avx512(void)
{
    return can_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}
#elif defined(__aarch64__)
static bool can_dotprod(void)
{
    return getauxval(AT_HWCAP) & HWCAP_ASIMDDP;
}
#endif

/* Fills available, worst first, and chosen. An environment that names no set that can run here gets
 * the best. */
static gpointer choose(gpointer unused)
{
    const char *wanted = g_getenv("HEADROOM_CPU");
    size_t n = 0;

    available[n++] = &hr_linear_plain;
#ifdef __x86_64__
    if (can_avx2())
        available[n++] = &hr_linear_avx2;
    if (can_avx512())
        available[n++] = &hr_linear_avx512;
    if (can_avx_vnni())
        available[n++] = &hr_linear_avx_vnni;
    if (can_avx512() && __builtin_cpu_supports("avx512vnni"))
        available[n++] = &hr_linear_avx512_vnni;
#elif defined(__aarch64__)
    available[n++] = &hr_linear_neon;
    if (can_dotprod())
        available[n++] = &hr_linear_neon_dotprod;
#endif
    chosen = available[n - 1];
    for (size_t i = 0; i < n; i++)
        if (g_strcmp0(available[i]->name, wanted) == 0)
            chosen = available[i];
    return NULL;
}

static void choose_once(void)
{
    static GOnce once = G_ONCE_INIT;
    g_once(&once, choose, NULL);
}

const HrLinearKernels *hr_linear_kernels(void)
{
    choose_once();
    return chosen;
}

const HrLinearKernels *const *hr_linear_all(void)
{
    choose_once();
    return available;
}

size_t hr_linear_scratch_bytes(void)
{
    return HR_LINEAR_SCRATCH;
}

const char *hr_cpu_name(void)
{
    return hr_linear_kernels()->name;
}
