/* blocks.h: how quantised weights lie in a file, byte for byte.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Owns the layouts and the two small value tables; dequantize.c says what the fields mean. All
 * structures are packed: rows need no alignment. Multi-byte fields are little-endian, as is every
 * machine that this builds for. Halves are kept as bits.
 */
#pragma once

#include <assert.h>
#include <stdint.h>

#define HR_QK 32   /* elements of a small block */
#define HR_QKK 256 /* elements of a super-block */

#define HR_BLOCK(bytes, name, ...)                        \
    typedef struct __attribute__((packed)) { __VA_ARGS__ } name; \
    static_assert(sizeof(name) == (bytes), #name " must lie as in the file")

HR_BLOCK(18, HrBlockQ4_0, uint16_t d; uint8_t qs[16];);
HR_BLOCK(20, HrBlockQ4_1, uint16_t d, m; uint8_t qs[16];);
HR_BLOCK(22, HrBlockQ5_0, uint16_t d; uint8_t qh[4]; uint8_t qs[16];);
HR_BLOCK(24, HrBlockQ5_1, uint16_t d, m; uint8_t qh[4]; uint8_t qs[16];);
HR_BLOCK(34, HrBlockQ8_0, uint16_t d; int8_t qs[32];);
HR_BLOCK(18, HrBlockIQ4_NL, uint16_t d; uint8_t qs[16];);
HR_BLOCK(17, HrBlockMXFP4, uint8_t e; uint8_t qs[16];);

HR_BLOCK(84, HrBlockQ2_K, uint8_t scales[16]; uint8_t qs[64]; uint16_t d, dmin;);
HR_BLOCK(110, HrBlockQ3_K, uint8_t hmask[32]; uint8_t qs[64]; uint8_t scales[12]; uint16_t d;);
HR_BLOCK(144, HrBlockQ4_K, uint16_t d, dmin; uint8_t scales[12]; uint8_t qs[128];);
HR_BLOCK(176, HrBlockQ5_K, uint16_t d, dmin; uint8_t scales[12]; uint8_t qh[32]; uint8_t qs[128];);
HR_BLOCK(210, HrBlockQ6_K, uint8_t ql[128]; uint8_t qh[64]; int8_t scales[16]; uint16_t d;);
HR_BLOCK(136, HrBlockIQ4_XS, uint16_t d, scales_h; uint8_t scales_l[4]; uint8_t qs[128];);

#undef HR_BLOCK

/* What the nibbles of IQ4_NL and IQ4_XS stand for. */
#define HR_IQ4_VALUES -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
/* What the nibbles of MXFP4 (E2M1 floats) stand for, doubled. */
#define HR_MXFP4_VALUES 0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12
