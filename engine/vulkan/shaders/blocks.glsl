// blocks.glsl: eight neighbouring weights of a row, as the file has them; the meaning of each block
// type is written down in cpu/dequantize.c.
//
// SPDX-License-Identifier: GPL-3.0-or-later
//
// TYPE is the type's number in files. Types whose blocks are whole words are read by words, the
// others by halves or, where blocks have odd sizes, bytes.
layout(constant_id = 1) const uint TYPE = 0;

const uint F32_TYPE = 0, F16_TYPE = 1, Q4_0 = 2, Q4_1 = 3, Q5_0 = 6, Q5_1 = 7, Q8_0 = 8, Q2_K = 10,
           Q3_K = 11, Q4_K = 12, Q5_K = 13, Q6_K = 14, IQ4_NL = 20, IQ4_XS = 23, BF16 = 30,
           MXFP4 = 39;

const int iq4_values[16] = { -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113 };
const int mxfp4_values[16] = { 0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12 };

uint byte_at(uint64_t at)
{
    return uint(U8(at).v[0]);
}

uint half_at(uint64_t at)
{
    return uint(U16(at).v[0]);
}

float scale_at(uint64_t at)
{
    return half_to_float(half_at(at));
}

// Bytes from at on, which is even: four of them in a word.
uint word_at(uint64_t at)
{
    return half_at(at) | half_at(at + 2) << 16;
}

uint byte_of(uint lo, uint hi, uint i)
{
    return (i < 4 ? lo >> 8 * i : hi >> 8 * (i - 4)) & 255u;
}

// Small blocks: number o of four runs in a block is in its low or high nibbles.
void nibbles(uint64_t qs, uint o, out uint q[8])
{
    uint64_t at = qs + 8 * (o & 1u);
    uint shift = o < 2 ? 0 : 4, lo = word_at(at), hi = word_at(at + 4);
    [[unroll]] for (uint i = 0; i < 8; i++)
        q[i] = byte_of(lo, hi, i) >> shift & 15u;
}

void small_block(uint64_t row, uint octet, out float w[8])
{
    uint block = octet / 4, o = octet & 3u;
    uint q[8];
    if (TYPE == Q8_0) {
        uint64_t at = row + 34ul * block;
        float d = scale_at(at);
        uint lo = word_at(at + 2 + 8 * o), hi = word_at(at + 6 + 8 * o);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * float(int(byte_of(lo, hi, i) << 24) >> 24);
    } else if (TYPE == Q4_0 || TYPE == IQ4_NL) {
        uint64_t at = row + 18ul * block;
        float d = scale_at(at);
        nibbles(at + 2, o, q);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * float(TYPE == Q4_0 ? int(q[i]) - 8 : iq4_values[q[i]]);
    } else if (TYPE == Q4_1) {
        uint64_t at = row + 20ul * block;
        float d = scale_at(at), m = scale_at(at + 2);
        nibbles(at + 4, o, q);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * float(q[i]) + m;
    } else if (TYPE == Q5_0 || TYPE == Q5_1) {
        bool has_min = TYPE == Q5_1;
        uint64_t at = row + (has_min ? 24ul : 22ul) * block;
        float d = scale_at(at), m = has_min ? scale_at(at + 2) : 0;
        uint64_t qh = at + (has_min ? 4 : 2);
        uint high = word_at(qh) >> 8 * o;
        nibbles(qh + 4, o, q);
        [[unroll]] for (uint i = 0; i < 8; i++) {
            int value = int(q[i] | (high >> i & 1u) << 4);
            w[i] = has_min ? d * float(value) + m : d * float(value - 16);
        }
    } else { // MXFP4
        uint64_t at = row + 17ul * block, qs = at + 1 + 8 * (o & 1u);
        uint e = byte_at(at), shift = o < 2 ? 0 : 4;
        float d = uintBitsToFloat(e < 2 ? 0x00200000u << e : (e - 1) << 23);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * float(mxfp4_values[byte_at(qs + i) >> shift & 15u]);
    }
}

// Scale and minimum of 32-group g of Q4_K and Q5_K, 6 bits each in the 12 bytes from at on.
void k_scale(uint64_t at, uint g, out float scale, out float low)
{
    if (g < 4) {
        scale = float(byte_at(at + g) & 63u);
        low = float(byte_at(at + g + 4) & 63u);
    } else {
        uint b = byte_at(at + g + 4);
        scale = float((b & 15u) | byte_at(at + g - 4) >> 6 << 4);
        low = float(b >> 4 | byte_at(at + g) >> 6 << 4);
    }
}

// The 6-bit scale of 16-group g of Q3_K.
float q3_scale(uint64_t at, uint g)
{
    uint low = byte_at(at + g % 8) >> g / 8 * 4 & 15u, high = byte_at(at + 8 + g % 4) >> g / 4 * 2 & 3u;
    return float(int(low | high << 4) - 32);
}

void super_block(uint64_t row, uint octet, out float w[8])
{
    uint block = octet / 32, o = octet & 31u, g = o / 4, l = o % 4 * 8; // 32-group, and where in it
    if (TYPE == Q4_K || TYPE == Q5_K) {
        bool five = TYPE == Q5_K;
        uint64_t at = row + (five ? 176ul : 144ul) * block;
        float scale, low;
        uint dd = U32(at).v[0];
        k_scale(at + 4, g, scale, low);
        scale *= half_to_float(dd);
        low *= half_to_float(dd >> 16);
        U32 qs = U32(at + (five ? 48 : 16) + g / 2 * 32 + l);
        uint lo = qs.v[0] >> g % 2 * 4 & 0x0f0f0f0fu, hi = qs.v[1] >> g % 2 * 4 & 0x0f0f0f0fu;
        if (five) {
            U32 qh = U32(at + 16 + l);
            lo |= (qh.v[0] >> g & 0x01010101u) << 4;
            hi |= (qh.v[1] >> g & 0x01010101u) << 4;
        }
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = scale * float(byte_of(lo, hi, i)) - low;
    } else if (TYPE == Q6_K) {
        uint64_t at = row + 210ul * block;
        uint64_t ql = at + g / 4 * 64 + g % 2 * 32 + l, qh = at + 128 + g / 4 * 32 + l;
        float d = scale_at(at + 208) * float(int(byte_at(at + 192 + g * 2 + l / 16) << 24) >> 24);
        uint shift = g % 4 / 2 * 4, high = g % 4 * 2;
        uint lo = word_at(ql) >> shift & 0x0f0f0f0fu, hi = word_at(ql + 4) >> shift & 0x0f0f0f0fu;
        lo |= (word_at(qh) >> high & 0x03030303u) << 4;
        hi |= (word_at(qh + 4) >> high & 0x03030303u) << 4;
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * float(int(byte_of(lo, hi, i)) - 32);
    } else if (TYPE == Q2_K) {
        uint64_t at = row + 84ul * block, qs = at + 16 + g / 4 * 32 + l;
        uint scales = byte_at(at + g * 2 + l / 16);
        float scale = scale_at(at + 80) * float(scales & 15u), low = scale_at(at + 82) * float(scales >> 4);
        uint lo = word_at(qs) >> g % 4 * 2 & 0x03030303u, hi = word_at(qs + 4) >> g % 4 * 2 & 0x03030303u;
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = scale * float(byte_of(lo, hi, i)) - low;
    } else if (TYPE == Q3_K) {
        uint64_t at = row + 110ul * block, qs = at + 32 + g / 4 * 32 + l;
        float d = scale_at(at + 108) * q3_scale(at + 96, g * 2 + l / 16);
        uint lo = word_at(qs) >> g % 4 * 2 & 0x03030303u, hi = word_at(qs + 4) >> g % 4 * 2 & 0x03030303u;
        uint mask_lo = word_at(at + l) >> g, mask_hi = word_at(at + l + 4) >> g;
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * float(int(byte_of(lo, hi, i)) - ((byte_of(mask_lo, mask_hi, i) & 1u) != 0 ? 0 : 4));
    } else { // IQ4_XS
        uint64_t at = row + 136ul * block;
        uint low = byte_at(at + 4 + g / 2) >> g % 2 * 4 & 15u, high = half_at(at + 2) >> g * 2 & 3u;
        float d = scale_at(at) * float(int(low | high << 4) - 32);
        uint q[8];
        nibbles(at + 8 + g * 16, o % 4, q);
        [[unroll]] for (uint i = 0; i < 8; i++)
            w[i] = d * float(iq4_values[q[i]]);
    }
}

// w = weights 8 octet .. 8 octet + 7 of the row that begins at row; those from n_in on are 0, which
// only types without blocks have.
void read_weights(uint64_t row, uint octet, uint n_in, out float w[8])
{
    if (TYPE == F32_TYPE || TYPE == F16_TYPE || TYPE == BF16) {
        [[unroll]] for (uint i = 0; i < 8; i++) {
            uint e = 8 * octet + i;
            w[i] = e >= n_in          ? 0
                   : TYPE == F32_TYPE ? F32(row + 4ul * e).v[0]
                   : TYPE == F16_TYPE ? scale_at(row + 2ul * e)
                                      : uintBitsToFloat(half_at(row + 2ul * e) << 16);
        }
    } else if (TYPE == Q2_K || TYPE == Q3_K || TYPE == Q4_K || TYPE == Q5_K || TYPE == Q6_K ||
               TYPE == IQ4_XS)
        super_block(row, octet, w);
    else
        small_block(row, octet, w);
}
