/* dequantize.c: quantised blocks to floats, in plain C: the meaning of every block type.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The reference that every faster kernel is tested against. Products are formed as the format's
 * definition writes them (scale first, then the element), so values equal other exact readers' bit
 * for bit. Reads only the blocks that it is given.
 */
#include "cpu/blocks.h"
#include "cpu/half.h"
#include "cpu/linear.h"

static const int8_t iq4_values[16] = {HR_IQ4_VALUES};
static const int8_t mxfp4_values[16] = {HR_MXFP4_VALUES};

/* ---- Floats ---- */

static void dequantize_f16(const void *src, float *dst, size_t n)
{
    const uint8_t *bytes = src;

    for (size_t i = 0; i < n; i++) {
        uint16_t half;
        memcpy(&half, bytes + 2 * i, sizeof half);
        dst[i] = hr_half_to_float(half);
    }
}

static void dequantize_bf16(const void *src, float *dst, size_t n)
{
    const uint8_t *bytes = src;

    for (size_t i = 0; i < n; i++) {
        uint16_t upper;
        memcpy(&upper, bytes + 2 * i, sizeof upper);
        dst[i] = hr_bfloat_to_float(upper);
    }
}

/* ---- Blocks of 32: element j of the first half is a low nibble, of the second half a high one ---
 */

static void dequantize_q4_0(const void *src, float *dst, size_t n)
{
    const HrBlockQ4_0 *block = src;

    for (size_t i = 0; i < n; i += HR_QK, block++) {
        const float d = hr_half_to_float(block->d);
        for (int j = 0; j < 16; j++) {
            dst[i + j] = d * ((block->qs[j] & 15) - 8);
            dst[i + j + 16] = d * ((block->qs[j] >> 4) - 8);
        }
    }
}

static void dequantize_q4_1(const void *src, float *dst, size_t n)
{
    const HrBlockQ4_1 *block = src;

    for (size_t i = 0; i < n; i += HR_QK, block++) {
        const float d = hr_half_to_float(block->d), m = hr_half_to_float(block->m);
        for (int j = 0; j < 16; j++) {
            dst[i + j] = d * (block->qs[j] & 15) + m;
            dst[i + j + 16] = d * (block->qs[j] >> 4) + m;
        }
    }
}

/* Element j, 0..31, of a block whose fifth bits are the bits of qh. */
static inline int five_bits(const uint8_t *qs, const uint8_t *qh, int j)
{
    const int low = j < 16 ? qs[j] & 15 : qs[j - 16] >> 4;
    return low | (qh[j / 8] >> j % 8 & 1) << 4;
}

static void dequantize_q5_0(const void *src, float *dst, size_t n)
{
    const HrBlockQ5_0 *block = src;

    for (size_t i = 0; i < n; i += HR_QK, block++) {
        const float d = hr_half_to_float(block->d);
        for (int j = 0; j < HR_QK; j++)
            dst[i + j] = d * (five_bits(block->qs, block->qh, j) - 16);
    }
}

static void dequantize_q5_1(const void *src, float *dst, size_t n)
{
    const HrBlockQ5_1 *block = src;

    for (size_t i = 0; i < n; i += HR_QK, block++) {
        const float d = hr_half_to_float(block->d), m = hr_half_to_float(block->m);
        for (int j = 0; j < HR_QK; j++)
            dst[i + j] = d * five_bits(block->qs, block->qh, j) + m;
    }
}

static void dequantize_q8_0(const void *src, float *dst, size_t n)
{
    const HrBlockQ8_0 *block = src;

    for (size_t i = 0; i < n; i += HR_QK, block++) {
        const float d = hr_half_to_float(block->d);
        for (int j = 0; j < HR_QK; j++)
            dst[i + j] = d * block->qs[j];
    }
}

/* 16 bytes of nibbles that index a table. */
static inline void look_up_nibbles(const uint8_t *qs, const int8_t *values, float scale, float *dst)
{
    for (int j = 0; j < 16; j++) {
        dst[j] = scale * values[qs[j] & 15];
        dst[j + 16] = scale * values[qs[j] >> 4];
    }
}

static void dequantize_iq4_nl(const void *src, float *dst, size_t n)
{
    const HrBlockIQ4_NL *block = src;

    for (size_t i = 0; i < n; i += HR_QK, block++)
        look_up_nibbles(block->qs, iq4_values, hr_half_to_float(block->d), dst + i);
}

static void dequantize_mxfp4(const void *src, float *dst, size_t n)
{
    const HrBlockMXFP4 *block = src;

    for (size_t i = 0; i < n; i += HR_QK, block++)
        look_up_nibbles(block->qs, mxfp4_values, hr_e8m0_half_to_float(block->e), dst + i);
}

/* ---- Super-blocks of 256 ---- */

/* Groups of 16 with a 4-bit scale and a 4-bit minimum; 32 bytes hold two bits of each of four
 * 32-groups. */
static void dequantize_q2_k(const void *src, float *dst, size_t n)
{
    const HrBlockQ2_K *block = src;

    for (size_t i = 0; i < n; i += HR_QKK, block++) {
        const float d = hr_half_to_float(block->d), dmin = hr_half_to_float(block->dmin);
        for (int g = 0; g < 8; g++) {
            const uint8_t *qs = block->qs + g / 4 * 32;
            for (int l = 0; l < 32; l++) {
                const uint8_t scale = block->scales[g * 2 + l / 16];
                dst[i + g * 32 + l] =
                    d * (scale & 15) * (qs[l] >> g % 4 * 2 & 3) - dmin * (scale >> 4);
            }
        }
    }
}

/* The 6-bit scale of 16-group g: four low bits from a nibble of bytes 0..7, two high bits from a
 * pair of bytes 8..11. */
static inline int q3_k_scale(const uint8_t *scales, int g)
{
    const int low = scales[g % 8] >> g / 8 * 4 & 15;
    const int high = scales[8 + g % 4] >> g / 4 * 2 & 3;
    return (low | high << 4) - 32;
}

/* As Q2_K without minima; bit g of hmask[l] set means that element l of 32-group g is not lowered
 * by 4. */
static void dequantize_q3_k(const void *src, float *dst, size_t n)
{
    const HrBlockQ3_K *block = src;

    for (size_t i = 0; i < n; i += HR_QKK, block++) {
        const float d = hr_half_to_float(block->d);
        for (int g = 0; g < 8; g++) {
            const uint8_t *qs = block->qs + g / 4 * 32;
            const float scales[2] = {d * q3_k_scale(block->scales, g * 2),
                                     d * q3_k_scale(block->scales, g * 2 + 1)};
            for (int l = 0; l < 32; l++) {
                const int q = (qs[l] >> g % 4 * 2 & 3) - (block->hmask[l] >> g & 1 ? 0 : 4);
                dst[i + g * 32 + l] = scales[l / 16] * q;
            }
        }
    }
}

/* Scale and minimum of 32-group g of Q4_K and Q5_K, 6 bits each in 12 bytes. */
static inline void q4_k_scale(const uint8_t *b, int g, int *ret_scale, int *ret_min)
{
    if (g < 4) {
        *ret_scale = b[g] & 63;
        *ret_min = b[g + 4] & 63;
    } else {
        *ret_scale = (b[g + 4] & 15) | b[g - 4] >> 6 << 4;
        *ret_min = b[g + 4] >> 4 | b[g] >> 6 << 4;
    }
}

static void dequantize_q4_k(const void *src, float *dst, size_t n)
{
    const HrBlockQ4_K *block = src;

    for (size_t i = 0; i < n; i += HR_QKK, block++) {
        const float d = hr_half_to_float(block->d), dmin = hr_half_to_float(block->dmin);
        for (int g = 0; g < 8; g++) {
            int scale, min;
            q4_k_scale(block->scales, g, &scale, &min);
            const uint8_t *qs = block->qs + g / 2 * 32;
            for (int l = 0; l < 32; l++)
                dst[i + g * 32 + l] = d * scale * (qs[l] >> g % 2 * 4 & 15) - dmin * min;
        }
    }
}

static void dequantize_q5_k(const void *src, float *dst, size_t n)
{
    const HrBlockQ5_K *block = src;

    for (size_t i = 0; i < n; i += HR_QKK, block++) {
        const float d = hr_half_to_float(block->d), dmin = hr_half_to_float(block->dmin);
        for (int g = 0; g < 8; g++) {
            int scale, min;
            q4_k_scale(block->scales, g, &scale, &min);
            const uint8_t *qs = block->qs + g / 2 * 32;
            for (int l = 0; l < 32; l++) {
                const int q = (qs[l] >> g % 2 * 4 & 15) | (block->qh[l] >> g & 1) << 4;
                dst[i + g * 32 + l] = d * scale * q - dmin * min;
            }
        }
    }
}

/* Of each 128 elements 64 bytes hold the low nibbles and 32 bytes the high pairs; groups of 16 with
 * an 8-bit scale. */
static void dequantize_q6_k(const void *src, float *dst, size_t n)
{
    const HrBlockQ6_K *block = src;

    for (size_t i = 0; i < n; i += HR_QKK, block++) {
        const float d = hr_half_to_float(block->d);
        for (int g = 0; g < 8; g++) {
            const uint8_t *ql = block->ql + g / 4 * 64 + g % 2 * 32, *qh = block->qh + g / 4 * 32;
            for (int l = 0; l < 32; l++) {
                const int low = ql[l] >> g % 4 / 2 * 4 & 15, high = qh[l] >> g % 4 * 2 & 3;
                dst[i + g * 32 + l] = d * block->scales[g * 2 + l / 16] * ((low | high << 4) - 32);
            }
        }
    }
}

static void dequantize_iq4_xs(const void *src, float *dst, size_t n)
{
    const HrBlockIQ4_XS *block = src;

    for (size_t i = 0; i < n; i += HR_QKK, block++) {
        const float d = hr_half_to_float(block->d);
        for (int g = 0; g < 8; g++) {
            const int low = block->scales_l[g / 2] >> g % 2 * 4 & 15;
            const int scale = (low | (block->scales_h >> g * 2 & 3) << 4) - 32;
            look_up_nibbles(block->qs + g * 16, iq4_values, d * scale, dst + i + g * 32);
        }
    }
}

void hr_dequantize(HrType type, const void *src, float *dst, size_t n)
{
    switch (type) {
    case HR_TYPE_F32: memcpy(dst, src, n * sizeof *dst); break;
    case HR_TYPE_F16: dequantize_f16(src, dst, n); break;
    case HR_TYPE_BF16: dequantize_bf16(src, dst, n); break;
    case HR_TYPE_Q4_0: dequantize_q4_0(src, dst, n); break;
    case HR_TYPE_Q4_1: dequantize_q4_1(src, dst, n); break;
    case HR_TYPE_Q5_0: dequantize_q5_0(src, dst, n); break;
    case HR_TYPE_Q5_1: dequantize_q5_1(src, dst, n); break;
    case HR_TYPE_Q8_0: dequantize_q8_0(src, dst, n); break;
    case HR_TYPE_Q2_K: dequantize_q2_k(src, dst, n); break;
    case HR_TYPE_Q3_K: dequantize_q3_k(src, dst, n); break;
    case HR_TYPE_Q4_K: dequantize_q4_k(src, dst, n); break;
    case HR_TYPE_Q5_K: dequantize_q5_k(src, dst, n); break;
    case HR_TYPE_Q6_K: dequantize_q6_k(src, dst, n); break;
    case HR_TYPE_IQ4_NL: dequantize_iq4_nl(src, dst, n); break;
    case HR_TYPE_IQ4_XS: dequantize_iq4_xs(src, dst, n); break;
    case HR_TYPE_MXFP4: dequantize_mxfp4(src, dst, n); break;
    default: break; /* not computable: the loader has refused such a file */
    }
}
