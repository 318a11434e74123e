/* peak.c: see peak.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/peak.h"

#include "cpu/linear.h"
#include "cpu/peak-loop.h"

#include <string.h>

static uint64_t float32_plain(void)
{
    volatile float operand = 0.5f;
    float sums[SUMS] = {0}, x = operand;

    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < SUMS; i++)
            sums[i] += x * sums[i];
    for (int i = 0; i < SUMS; i++)
        operand = sums[i];
    return ROUNDS * SUMS;
}

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>

#define PEAK(name, flags, type, zero, splat, lanes, step) \
    __attribute__((target(flags))) static HR_PEAK_LOOP(name, type, "x", zero, splat, lanes, step)

#define SPLAT_512(v) _mm512_castsi512_ps(_mm512_set1_epi32(v))
#define SPLAT_256(v) _mm256_castsi256_ps(_mm256_set1_epi32(v))

PEAK(int8_avx512, "avx512f,avx512vnni", __m512i, _mm512_setzero_si512, _mm512_set1_epi32, 64,
     _mm512_dpbusd_epi32(sums[i], x, x))
PEAK(float32_avx512, "avx512f", __m512, _mm512_setzero_ps, SPLAT_512, 16,
     _mm512_fmadd_ps(x, x, sums[i]))
PEAK(bf16_avx512, "avx512f,avx512bf16", __m512, _mm512_setzero_ps, SPLAT_512, 32,
     _mm512_dpbf16_ps(sums[i], (__m512bh)x, (__m512bh)x))
PEAK(int8_avx512_pairs, "avx512f,avx512bw", __m512i, _mm512_setzero_si512, _mm512_set1_epi32, 64,
     _mm512_add_epi32(sums[i], _mm512_madd_epi16(_mm512_maddubs_epi16(x, x), x)))
PEAK(int8_avx_vnni, "avx2,avxvnni", __m256i, _mm256_setzero_si256, _mm256_set1_epi32, 32,
     _mm256_dpbusd_avx_epi32(sums[i], x, x))
PEAK(int8_avx2, "avx2", __m256i, _mm256_setzero_si256, _mm256_set1_epi32, 32,
     _mm256_add_epi32(sums[i], _mm256_madd_epi16(_mm256_maddubs_epi16(x, x), x)))
PEAK(float32_avx2, "avx2,fma", __m256, _mm256_setzero_ps, SPLAT_256, 8,
     _mm256_fmadd_ps(x, x, sums[i]))

/* Compilers of the floor do not know it by name. */
static bool can_bf16(void)
{
    unsigned eax = 0, ebx, ecx, edx;
    return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax >> 5 & 1);
}

HrPeaks hr_peaks(void)
{
    const char *set = hr_linear_kernels()->name;

    if (strcmp(set, "avx512-vnni") == 0)
        return (HrPeaks){int8_avx512, can_bf16() ? bf16_avx512 : NULL, float32_avx512};
    if (strcmp(set, "avx512") == 0)
        return (HrPeaks){int8_avx512_pairs, NULL, float32_avx512};
    if (strcmp(set, "avx-vnni") == 0)
        return (HrPeaks){int8_avx_vnni, NULL, float32_avx2};
    if (strcmp(set, "avx2") == 0)
        return (HrPeaks){int8_avx2, NULL, float32_avx2};
    return (HrPeaks){.float32 = float32_plain};
}
#elif defined(__aarch64__)
HrPeaks hr_peaks(void)
{
    const char *set = hr_linear_kernels()->name;

    if (strcmp(set, "neon-dotprod") == 0)
        return (HrPeaks){.int8 = hr_peak_int8_neon_dotprod, .float32 = hr_peak_float32_neon};
    if (strcmp(set, "neon") == 0)
        return (HrPeaks){.int8 = hr_peak_int8_neon, .float32 = hr_peak_float32_neon};
    return (HrPeaks){.float32 = float32_plain};
}
#else
HrPeaks hr_peaks(void)
{
    return (HrPeaks){.float32 = float32_plain};
}
#endif
