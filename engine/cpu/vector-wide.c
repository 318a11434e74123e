/* vector-wide.c: vector.h with 16-lane vectors, compiled once per instruction set as HR_VECTOR_TABLE.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Written with the compiler's vector extension, which splits a 16-lane vector where registers are narrower. Positions are
 * the lanes of scores, dimensions those of values, so that nothing is summed across lanes except the softmax's own sum.
 */
#include "cpu/kv-codec.h"
#include "cpu/vector.h"

typedef float V __attribute__((vector_size(64)));
typedef int32_t VI __attribute__((vector_size(64)));
typedef float VU __attribute__((vector_size(64), aligned(4)));

static inline V load(const float *x)
{
    return *(const VU *)x;
}

static inline void store(float *x, V v)
{
    *(VU *)x = v;
}

static inline V splat(float x)
{
    return (V){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}

static inline V select_lanes(VI mask, V a, V b)
{
    return (V)(((VI)a & mask) | ((VI)b & ~mask));
}

/* The lanes' sum by halves: the same tree wherever it is used. */
static inline float sum_lanes(V v)
{
    float x[HR_LANES];
    store(x, v);
    for (uint32_t half = HR_LANES / 2; half > 0; half /= 2)
        for (uint32_t i = 0; i < half; i++)
            x[i] += x[i + half];
    return x[0];
}

static inline float max_lanes(V v)
{
    float x[HR_LANES];
    store(x, v);
    for (uint32_t half = HR_LANES / 2; half > 0; half /= 2)
        for (uint32_t i = 0; i < half; i++)
            x[i] = x[i] > x[i + half] ? x[i] : x[i + half];
    return x[0];
}

/* e^x to about 1 ulp for x in [-87, 88]; e^-87 below that, infinite above. Cody-Waite reduction by ln 2, then the Taylor polynomial on
 * [-ln2/2, ln2/2], whose next term is below 2^-27. */
static inline V exp_lanes(V x)
{
    VI beyond = x > splat(88.0f);
    x = select_lanes(x < splat(-87.0f), splat(-87.0f), x);
    x = select_lanes(beyond, splat(88.0f), x);
    V shifted = x * splat(1.44269504f) + splat(0x1.8p23f); /* rounds to the nearest whole number in the low bits */
    V n = shifted - splat(0x1.8p23f);
    V r = x - n * splat(0x1.62e4p-1f) - n * splat(0x1.7f7d1cp-20f);
    V y = splat(1.0f / 5040);
    y = y * r + splat(1.0f / 720);
    y = y * r + splat(1.0f / 120);
    y = y * r + splat(1.0f / 24);
    y = y * r + splat(1.0f / 6);
    y = y * r + splat(0.5f);
    y = y * r + splat(1);
    y = y * r + splat(1);
    return select_lanes(beyond, splat(INFINITY), (V)((VI)y + ((VI)shifted << 23)));
}

static void rms_norm(const float *x, const float *weight, float eps, uint32_t n, float *y)
{
    V squares = {0};
    float tail = 0;
    uint32_t i = 0;
    for (; i + HR_LANES <= n; i += HR_LANES)
        squares += load(x + i) * load(x + i);
    for (; i < n; i++)
        tail += x[i] * x[i];
    float scale = 1 / sqrtf((sum_lanes(squares) + tail) / (float)n + eps);
    for (i = 0; i + HR_LANES <= n; i += HR_LANES)
        store(y + i, load(x + i) * splat(scale) * load(weight + i));
    for (; i < n; i++)
        y[i] = x[i] * scale * weight[i];
}

static void silu_mul(const float *gate, const float *up, size_t n, float *y)
{
    size_t i = 0;
    for (; i + HR_LANES <= n; i += HR_LANES) {
        V g = load(gate + i);
        store(y + i, g / (splat(1) + exp_lanes(-g)) * load(up + i));
    }
    for (; i < n; i++)
        y[i] = gate[i] / (1 + expf(-gate[i])) * up[i];
}

static void add(float *y, const float *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += a[i];
}

/* ---- Unpacking a page ---- */

static inline V load_half(const uint16_t *x)
{
#if defined(__AVX512F__)
    return (V)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)x));
#elif defined(__F16C__)
    union {
        __m256 half[2];
        V all;
    } u = {{_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)x)), _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(x + 8)))}};
    return u.all;
#else
    V v;
    for (int i = 0; i < HR_LANES; i++)
        v[i] = hr_half_to_float(x[i]);
    return v;
#endif
}

static inline V load_int8(const int8_t *x)
{
    typedef int8_t B __attribute__((vector_size(16), aligned(1)));
    return __builtin_convertvector(*(const B *)x, V);
}

static inline V load_nibbles(const uint8_t *x, bool high)
{
    typedef uint8_t B __attribute__((vector_size(16)));
    typedef uint8_t BU __attribute__((vector_size(16), aligned(1)));
    B bytes = *(const BU *)x;
    bytes = high ? bytes >> 4 : bytes & 15;
    return __builtin_convertvector(bytes, V) - splat(8);
}

static void unpack_keys_quantised(HrAttend *a, const void *block)
{
    bool q8 = a->type == HR_KV_Q8_0;
    const uint16_t *scales = (const uint16_t *)((const char *)block + (q8 ? a->dk : a->dk / 2) * P);
    for (uint32_t g = 0; g < a->dk / HR_KV_GROUP; g++)
        for (uint32_t j = 0; j < P; j += HR_LANES) {
            V scale = load_half(scales + g * P + j);
            for (uint32_t i = 0; i < HR_KV_GROUP; i++) {
                uint32_t d = g * HR_KV_GROUP + i;
                V q = q8 ? load_int8((const int8_t *)block + d * P + j)
                         : load_nibbles((const uint8_t *)block + (g * 16 + i % 16) * P + j, i >= 16);
                store(a->keys + d * P + j, q * scale);
            }
        }
}

static void unpack_keys(HrAttend *a, const void *block)
{
    if (a->type == HR_KV_F32)
        memcpy(a->keys, block, (size_t)a->dk * P * sizeof(float));
    else if (a->type == HR_KV_F16)
        for (uint32_t i = 0; i < a->dk * P; i += HR_LANES)
            store(a->keys + i, load_half((const uint16_t *)block + i));
    else
        unpack_keys_quantised(a, block);
}

static void unpack_value_quantised(const HrAttend *a, const void *block, uint32_t j, float *to)
{
    bool q8 = a->type == HR_KV_Q8_0;
    uint32_t n_groups = a->dv / HR_KV_GROUP;
    const uint16_t *scales = (const uint16_t *)((const char *)block + (q8 ? a->dv : a->dv / 2) * P) + j * n_groups;
    for (uint32_t g = 0; g < n_groups; g++) {
        V scale = splat(hr_half_to_float(scales[g]));
        for (uint32_t half = 0; half < 2; half++) {
            V q = q8 ? load_int8((const int8_t *)block + j * a->dv + g * HR_KV_GROUP + half * 16)
                     : load_nibbles((const uint8_t *)block + j * (a->dv / 2) + g * 16, half == 1);
            store(to + g * HR_KV_GROUP + half * 16, q * scale);
        }
    }
}

static void unpack_values(HrAttend *a, const void *block, uint32_t n_positions)
{
    for (uint32_t j = 0; j < n_positions; j++) {
        float *to = a->values + j * a->dv_padded;
        uint32_t d = 0;
        if (a->type == HR_KV_F32) {
            memcpy(to, (const float *)block + j * a->dv, a->dv * sizeof(float));
        } else if (a->type == HR_KV_F16) {
            for (; d + HR_LANES <= a->dv; d += HR_LANES)
                store(to + d, load_half((const uint16_t *)block + j * a->dv + d));
            for (; d < a->dv; d++)
                to[d] = hr_half_to_float(((const uint16_t *)block)[j * a->dv + d]);
        } else {
            unpack_value_quantised(a, block, j, to);
        }
    }
    memset(a->values + n_positions * a->dv_padded, 0, (P - n_positions) * a->dv_padded * sizeof(float));
}

/* ---- Scores, softmax, weighted sum: tiles of n rows by 64 columns, n a constant where it is inlined ---- */

static inline __attribute__((always_inline)) void score_tile(HrAttend *a, uint32_t row, uint32_t n)
{
    V s[4][4] = {{{0}}};
    const float *q = a->q + row * a->dk;
    for (uint32_t d = 0; d < a->dk; d++) {
        const float *k = a->keys + d * P;
        V k0 = load(k), k1 = load(k + 16), k2 = load(k + 32), k3 = load(k + 48);
#pragma GCC unroll 4
        for (uint32_t r = 0; r < n; r++) {
            V x = splat(q[r * a->dk + d]);
            s[r][0] += x * k0;
            s[r][1] += x * k1;
            s[r][2] += x * k2;
            s[r][3] += x * k3;
        }
    }
    for (uint32_t r = 0; r < n; r++)
        for (uint32_t c = 0; c < 4; c++)
            store(a->p + (row + r) * P + c * HR_LANES, s[r][c]);
}

static inline __attribute__((always_inline)) void gather_tile(HrAttend *a, uint32_t row, uint32_t n, uint32_t d, uint32_t n_positions)
{
    V acc[4][4];
    float *to = a->acc + row * a->dv_padded + d;
    for (uint32_t r = 0; r < n; r++)
        for (uint32_t c = 0; c < 4; c++)
            acc[r][c] = load(to + r * a->dv_padded + c * HR_LANES);
    for (uint32_t j = 0; j < n_positions; j++) {
        const float *v = a->values + j * a->dv_padded + d;
        V v0 = load(v), v1 = load(v + 16), v2 = load(v + 32), v3 = load(v + 48);
#pragma GCC unroll 4
        for (uint32_t r = 0; r < n; r++) {
            V x = splat(a->p[(row + r) * P + j]);
            acc[r][0] += x * v0;
            acc[r][1] += x * v1;
            acc[r][2] += x * v2;
            acc[r][3] += x * v3;
        }
    }
    for (uint32_t r = 0; r < n; r++)
        for (uint32_t c = 0; c < 4; c++)
            store(to + r * a->dv_padded + c * HR_LANES, acc[r][c]);
}

/* The columns beyond the last whole 64, lane by lane of 16. */
static void gather_rest(HrAttend *a, uint32_t row, uint32_t n, uint32_t d, uint32_t n_positions)
{
    for (uint32_t r = row; r < row + n; r++)
        for (uint32_t c = d; c < a->dv_padded; c += HR_LANES) {
            V acc = load(a->acc + r * a->dv_padded + c);
            for (uint32_t j = 0; j < n_positions; j++)
                acc += splat(a->p[r * P + j]) * load(a->values + j * a->dv_padded + c);
            store(a->acc + r * a->dv_padded + c, acc);
        }
}

static void soften_row(HrAttend *a, uint32_t r)
{
    static const VI lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    float *p = a->p + r * P;
    int32_t n = (int32_t)a->n_valid[r];
    V x[4], top = splat(-INFINITY), sum = {0};
    VI seen[4];
    for (int32_t c = 0; c < 4; c++) {
        int32_t left = n - c * HR_LANES;
        seen[c] = lane < (VI){left, left, left, left, left, left, left, left, left, left, left, left, left, left, left, left};
        x[c] = select_lanes(seen[c], load(p + c * HR_LANES), splat(-INFINITY));
        top = select_lanes(x[c] > top, x[c], top);
    }
    float max = fmaxf(a->max[r], max_lanes(top));
    for (uint32_t c = 0; c < 4; c++) {
        x[c] = (V)((VI)exp_lanes(x[c] - splat(max)) & seen[c]);
        sum += x[c];
        store(p + c * HR_LANES, x[c]);
    }
    float keep = a->max[r] == -INFINITY ? 0 : expf(a->max[r] - max);
    a->max[r] = max;
    a->sum[r] = a->sum[r] * keep + sum_lanes(sum);
    if (keep != 1)
        for (uint32_t d = 0; d < a->dv_padded; d += HR_LANES)
            store(a->acc + r * a->dv_padded + d, load(a->acc + r * a->dv_padded + d) * splat(keep));
}

static void attend_rows(HrAttend *a, uint32_t row, uint32_t n, uint32_t n_positions)
{
    uint32_t d = 0;
    if (n == 4)
        score_tile(a, row, 4);
    else
        for (uint32_t r = 0; r < n; r++)
            score_tile(a, row + r, 1);
    for (uint32_t r = row; r < row + n; r++) {
        if (a->n_valid[r] > 0)
            soften_row(a, r);
        else
            memset(a->p + r * P, 0, P * sizeof(float));
    }
    for (; d + 4 * HR_LANES <= a->dv_padded; d += 4 * HR_LANES) {
        if (n == 4)
            gather_tile(a, row, 4, d, n_positions);
        else
            for (uint32_t r = 0; r < n; r++)
                gather_tile(a, row + r, 1, d, n_positions);
    }
    gather_rest(a, row, n, d, n_positions);
}

static void attend_page(HrAttend *a, const void *k_block, const void *v_block, uint32_t n_positions)
{
    unpack_keys(a, k_block);
    unpack_values(a, v_block, n_positions);
    for (uint32_t row = 0; row < a->n_rows; row += 4)
        attend_rows(a, row, MIN(4, a->n_rows - row), n_positions);
}

extern const HrVectorKernels HR_VECTOR_TABLE;
const HrVectorKernels HR_VECTOR_TABLE = {
    .rms_norm = rms_norm,
    .silu_mul = silu_mul,
    .add = add,
    .rope = hr_rope_head,
    .rotate = hr_kv_rotate,
    .store_key = hr_kv_store_key,
    .store_value = hr_kv_store_value,
    .attend_page = attend_page,
};
