/* vector-wide.c: vector.h with vectors of 4, 8 or 16 lanes, compiled once per instruction set as
 * HR_VECTOR_TABLE.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Written with the compiler's vector extension; a vector is as wide as a register. Positions are
 * the lanes of scores, dimensions those of values, so that nothing is summed across lanes except
 * the softmax's own sum.
 */
#include "cpu/activate.h"
#include "cpu/kv-codec.h"
#include "cpu/vector-lanes.h"
#include "cpu/vector.h"

static inline V load(const float *x)
{
    return *(const VU *)x;
}

static inline void store(float *x, V v)
{
    *(VU *)x = v;
}

static inline V select_lanes(VI mask, V a, V b)
{
    return (V)(((VI)a & mask) | ((VI)b & ~mask));
}

/* The lanes' sum by halves: the same tree wherever it is used. */
static inline float sum_lanes(V v)
{
    float x[LANES];
    store(x, v);
    for (uint32_t half = LANES / 2; half > 0; half /= 2)
        for (uint32_t i = 0; i < half; i++)
            x[i] += x[i + half];
    return x[0];
}

static inline float max_lanes(V v)
{
    float x[LANES];
    store(x, v);
    for (uint32_t half = LANES / 2; half > 0; half /= 2)
        for (uint32_t i = 0; i < half; i++)
            x[i] = x[i] > x[i + half] ? x[i] : x[i + half];
    return x[0];
}

/* e^x to about 1 ulp for x in [-87, 88]; e^-87 below that, infinite above. Cody-Waite reduction by
 * ln 2, then the Taylor polynomial on
 * [-ln2/2, ln2/2], whose next term is below 2^-27. */
static inline V exp_lanes(V x)
{
    VI beyond = x > splat(88.0f);
    x = select_lanes(x < splat(-87.0f), splat(-87.0f), x);
    x = select_lanes(beyond, splat(88.0f), x);
    V shifted = x * splat(1.44269504f) +
                splat(0x1.8p23f); /* rounds to the nearest whole number in the low bits */
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
    for (; i + LANES <= n; i += LANES)
        squares += load(x + i) * load(x + i);
    for (; i < n; i++)
        tail += x[i] * x[i];
    float inverse = 1 / sqrtf((sum_lanes(squares) + tail) / (float)n + eps);
    for (i = 0; i + LANES <= n; i += LANES)
        store(y + i, load(x + i) * splat(inverse) * (weight ? load(weight + i) : splat(1)));
    for (; i < n; i++)
        y[i] = x[i] * inverse * (weight ? weight[i] : 1);
}

static float sum_of(const float *x, uint32_t n)
{
    V sum = {0};
    float tail = 0;
    uint32_t i = 0;
    for (; i + LANES <= n; i += LANES)
        sum += load(x + i);
    for (; i < n; i++)
        tail += x[i];
    return sum_lanes(sum) + tail;
}

static float squared_distance(const float *x, float from, uint32_t n)
{
    V squares = {0};
    float tail = 0;
    uint32_t i = 0;
    for (; i + LANES <= n; i += LANES)
        squares += (load(x + i) - splat(from)) * (load(x + i) - splat(from));
    for (; i < n; i++)
        tail += (x[i] - from) * (x[i] - from);
    return sum_lanes(squares) + tail;
}

static void layer_norm(const float *x, const float *weight, const float *bias, float eps,
                       uint32_t n, float *y)
{
    float mean = sum_of(x, n) / (float)n,
          inverse = 1 / sqrtf(squared_distance(x, mean, n) / (float)n + eps);
    for (uint32_t i = 0; i < n; i++)
        y[i] = (x[i] - mean) * inverse;
    for (uint32_t i = 0; weight && i < n; i++)
        y[i] *= weight[i];
    for (uint32_t i = 0; bias && i < n; i++)
        y[i] += bias[i];
}

/* ---- Nonlinearities ---- */

/* 1 + erf(x), to 1.5e-7 (Abramowitz and Stegun 7.1.26). */
static inline V one_plus_erf(V x)
{
    VI negative = x < splat(0);
    V z = select_lanes(negative, -x, x);
    V t = splat(1) / (splat(1) + splat(0.3275911f) * z);
    V tail = splat(1.061405429f);
    tail = tail * t - splat(1.453152027f);
    tail = tail * t + splat(1.421413741f);
    tail = tail * t - splat(0.284496736f);
    tail = (tail * t + splat(0.254829592f)) * t * exp_lanes(-(z * z));
    return select_lanes(negative, tail, splat(2) - tail);
}

static inline V activate_lanes(HrActivation activation, V x)
{
    V positive = select_lanes(x > splat(0), x, splat(0));
    switch (activation) {
    case HR_SILU:
        return x / (splat(1) + exp_lanes(-x));
    case HR_GELU_ERF:
        return splat(0.5f) * x * one_plus_erf(x * splat(0.70710678f));
    case HR_GELU_TANH:
        return x / (splat(1) + exp_lanes(-(splat(HR_GELU_SLOPE) * x *
                                           (splat(1) + splat(HR_GELU_CUBIC) * x * x))));
    case HR_GELU_QUICK:
        return x / (splat(1) + exp_lanes(splat(-1.702f) * x));
    case HR_RELU:
        return positive;
    case HR_RELU_SQUARED:
        return positive * positive;
    case HR_SIGMOID:
        return splat(1) / (splat(1) + exp_lanes(-x));
    case HR_TANH:
        return splat(1) - splat(2) / (splat(1) + exp_lanes(splat(2) * x));
    case HR_SOFTPLUS:
        break; /* a gate for each head: too few to be worth logarithms in lanes, see activate() */
    case HR_IDENTITY:
        break;
    }
    return x;
}

static void activate(HrActivation activation, const float *gate, const float *up, size_t n,
                     float *y)
{
    size_t i = 0, n_wide = activation == HR_SOFTPLUS ? 0 : n;
    for (; i + LANES <= n_wide; i += LANES)
        store(y + i, activate_lanes(activation, load(gate + i)) * (up ? load(up + i) : splat(1)));
    for (; i < n; i++)
        y[i] = hr_activate_one(activation, gate[i]) * (up ? up[i] : 1);
}

static float dot(const float *x, const float *y, size_t n)
{
    V sum = {0};
    float tail = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        sum += load(x + i) * load(y + i);
    for (; i < n; i++)
        tail += x[i] * y[i];
    return sum_lanes(sum) + tail;
}

static void add(float *y, const float *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += a[i];
}

static void add_scaled(float *y, const float *a, float factor, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += factor * a[i];
}

static void scale(float *y, float factor, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] *= factor;
}

/* ---- Recurrent states ---- */

static void recur(float *state, float decay, const float *x, float in, float out, size_t n,
                  float *y)
{
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        V s = load(state + i) * splat(decay) + load(x + i) * splat(in);
        store(state + i, s);
        store(y + i, load(y + i) + s * splat(out));
    }
    for (; i < n; i++) {
        state[i] = state[i] * decay + x[i] * in;
        y[i] += state[i] * out;
    }
}

static void decay(float *state, const float *rate, const float *dt, size_t n)
{
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        store(state + i, load(state + i) * exp_lanes(load(rate + i) * load(dt + i)));
    for (; i < n; i++)
        state[i] *= expf(rate[i] * dt[i]);
}

/* ---- Unpacking a page ---- */

static void unpack_keys_quantised(HrAttend *a, const void *block)
{
    bool q8 = a->type == HR_KV_Q8_0;
    const uint16_t *scales = (const uint16_t *)((const char *)block + (q8 ? a->dk : a->dk / 2) * P);
    for (uint32_t g = 0; g < a->dk / HR_KV_GROUP; g++)
        for (uint32_t j = 0; j < P; j += LANES) {
            V step = load_half(scales + g * P + j);
            for (uint32_t i = 0; i < HR_KV_GROUP; i++) {
                uint32_t d = g * HR_KV_GROUP + i;
                V q =
                    q8 ? load_int8((const int8_t *)block + d * P + j)
                       : load_nibbles((const uint8_t *)block + (g * 16 + i % 16) * P + j, i >= 16);
                store(a->keys + d * P + j, q * step);
            }
        }
}

static void unpack_keys(HrAttend *a, const void *block)
{
    if (a->type == HR_KV_F32)
        memcpy(a->keys, block, (size_t)a->dk * P * sizeof(float));
    else if (a->type == HR_KV_F16)
        for (uint32_t i = 0; i < a->dk * P; i += LANES)
            store(a->keys + i, load_half((const uint16_t *)block + i));
    else
        unpack_keys_quantised(a, block);
}

static void unpack_value_quantised(const HrAttend *a, const void *block, uint32_t j, float *to)
{
    bool q8 = a->type == HR_KV_Q8_0;
    uint32_t n_groups = a->dv / HR_KV_GROUP;
    const uint16_t *scales =
        (const uint16_t *)((const char *)block + (q8 ? a->dv : a->dv / 2) * P) + j * n_groups;
    for (uint32_t g = 0; g < n_groups; g++) {
        V step = splat(hr_half_to_float(scales[g]));
        for (uint32_t i = 0; i < HR_KV_GROUP; i += LANES) {
            V q = q8 ? load_int8((const int8_t *)block + j * a->dv + g * HR_KV_GROUP + i)
                     : load_nibbles((const uint8_t *)block + j * (a->dv / 2) + g * 16 + i % 16,
                                    i >= 16);
            store(to + g * HR_KV_GROUP + i, q * step);
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
            for (; d + LANES <= a->dv; d += LANES)
                store(to + d, load_half((const uint16_t *)block + j * a->dv + d));
            for (; d < a->dv; d++)
                to[d] = hr_half_to_float(((const uint16_t *)block)[j * a->dv + d]);
        } else {
            unpack_value_quantised(a, block, j, to);
        }
    }
    memset(a->values + n_positions * a->dv_padded, 0,
           (P - n_positions) * a->dv_padded * sizeof(float));
}

/* Of latent keys: a few dimensions at a time, so that what is read stays in a first-level cache. */
static void values_from_keys(HrAttend *a, uint32_t n_positions)
{
    for (uint32_t d = 0; d < a->dv; d += HR_LANES)
        for (uint32_t j = 0; j < n_positions; j++)
            for (uint32_t i = 0; i < MIN(HR_LANES, a->dv - d); i++)
                a->values[j * a->dv_padded + d + i] = a->keys[(d + i) * P + j];
}

/* ---- Scores, softmax, weighted sum: tiles of rows by columns that fit the registers. Each sum
 * runs over its index alone, so the shape of a tile changes no bit. ---- */

#define TILE_ROWS 4
#define TILE_WIDTH (TILE_COLS * LANES)

/* to[r][c] += sum over i of x[r][i] * m[i][c], n rows by TILE_WIDTH columns; n is a constant where
 * it is inlined. */
static inline __attribute__((always_inline)) void add_products(uint32_t n, uint32_t n_inner,
                                                               const float *x, size_t x_stride,
                                                               const float *m, size_t m_stride,
                                                               float *to, size_t to_stride)
{
    V acc[TILE_ROWS][TILE_COLS];
#pragma GCC unroll 4
    for (uint32_t r = 0; r < n; r++)
#pragma GCC unroll 4
        for (uint32_t c = 0; c < TILE_COLS; c++)
            acc[r][c] = load(to + r * to_stride + c * LANES);
    for (uint32_t i = 0; i < n_inner; i++) {
        V y[TILE_COLS];
#pragma GCC unroll 4
        for (uint32_t c = 0; c < TILE_COLS; c++)
            y[c] = load(m + i * m_stride + c * LANES);
#pragma GCC unroll 4
        for (uint32_t r = 0; r < n; r++) {
            V factor = splat(x[r * x_stride + i]);
#pragma GCC unroll 4
            for (uint32_t c = 0; c < TILE_COLS; c++)
                acc[r][c] += factor * y[c];
        }
    }
#pragma GCC unroll 4
    for (uint32_t r = 0; r < n; r++)
#pragma GCC unroll 4
        for (uint32_t c = 0; c < TILE_COLS; c++)
            store(to + r * to_stride + c * LANES, acc[r][c]);
}

static void add_products_rows(uint32_t n, uint32_t n_inner, const float *x, size_t x_stride,
                              const float *m, size_t m_stride, float *to, size_t to_stride)
{
    switch (n) {
    case 4: add_products(4, n_inner, x, x_stride, m, m_stride, to, to_stride); break;
    case 3: add_products(3, n_inner, x, x_stride, m, m_stride, to, to_stride); break;
    case 2: add_products(2, n_inner, x, x_stride, m, m_stride, to, to_stride); break;
    default: add_products(1, n_inner, x, x_stride, m, m_stride, to, to_stride); break;
    }
}

/* The columns beyond the last whole tile. */
static void gather_rest(HrAttend *a, uint32_t row, uint32_t n, uint32_t d, uint32_t n_positions)
{
    for (uint32_t r = row; r < row + n; r++)
        for (uint32_t c = d; c < a->dv_padded; c += LANES) {
            V acc = load(a->acc + r * a->dv_padded + c);
            for (uint32_t j = 0; j < n_positions; j++)
                acc += splat(a->p[r * P + j]) * load(a->values + j * a->dv_padded + c);
            store(a->acc + r * a->dv_padded + c, acc);
        }
}

/* All ones in the lanes below n. */
static inline VI lanes_below(int32_t n)
{
    static const int32_t lane[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    VI lanes;
    memcpy(&lanes, lane, sizeof lanes);
    return lanes < n;
}

/* All ones for the positions of column c of lanes that row r sees. */
static inline VI seen_lanes(const HrAttend *a, uint32_t r, int32_t c)
{
    return lanes_below((int32_t)a->n_valid[r] - c * LANES) &
           ~lanes_below((int32_t)a->first_valid[r] - c * LANES);
}

/* Scores minus slope times distance. */
static void add_distances(HrAttend *a, uint32_t r)
{
    float *p = a->p + r * P, slope = a->slope[r];
    for (int32_t j = 0; j < P; j++)
        p[j] -= slope * fabsf((float)(a->at[r] - j));
}

static void cap_scores(float p[P], float cap)
{
    for (uint32_t c = 0; c < P; c += LANES)
        store(p + c, splat(cap) * activate_lanes(HR_TANH, load(p + c) * splat(1 / cap)));
}

static void soften_row(HrAttend *a, uint32_t r)
{
    float *p = a->p + r * P;
    V x[P / LANES], top = splat(-INFINITY), sum = {0};
    if (a->cap > 0)
        cap_scores(p, a->cap);
    if (a->slope[r] != 0)
        add_distances(a, r);
    for (int32_t c = 0; c < P / LANES; c++) {
        x[c] = select_lanes(seen_lanes(a, r, c), load(p + c * LANES), splat(-INFINITY));
        top = select_lanes(x[c] > top, x[c], top);
    }
    float max = fmaxf(a->max[r], max_lanes(top));
    for (int32_t c = 0; c < P / LANES; c++) {
        x[c] = (V)((VI)exp_lanes(x[c] - splat(max)) & seen_lanes(a, r, c));
        sum += x[c];
        store(p + c * LANES, x[c]);
    }
    float keep = a->max[r] == -INFINITY ? 0 : expf(a->max[r] - max);
    a->max[r] = max;
    a->sum[r] = a->sum[r] * keep + sum_lanes(sum);
    if (keep != 1)
        for (uint32_t d = 0; d < a->dv_padded; d += LANES)
            store(a->acc + r * a->dv_padded + d, load(a->acc + r * a->dv_padded + d) * splat(keep));
}

/* A row that sees none of the page stays as it is. */
static void soften_seen(HrAttend *a, uint32_t r)
{
    if (a->n_valid[r] > a->first_valid[r])
        soften_row(a, r);
    else
        memset(a->p + r * P, 0, P * sizeof(float));
}

static void attend_rows(HrAttend *a, uint32_t row, uint32_t n, uint32_t n_positions)
{
    float *p = a->p + row * P, *acc = a->acc + row * a->dv_padded;
    uint32_t d = 0;
    memset(p, 0, n * P * sizeof(float));
    for (uint32_t c = 0; c < P; c += TILE_WIDTH)
        add_products_rows(n, a->dk, a->q + row * a->dk, a->dk, a->keys + c, P, p + c, P);
    for (uint32_t r = row; r < row + n; r++)
        soften_seen(a, r);
    for (; d + TILE_WIDTH <= a->dv_padded; d += TILE_WIDTH)
        add_products_rows(n, n_positions, p, P, a->values + d, a->dv_padded, acc + d, a->dv_padded);
    gather_rest(a, row, n, d, n_positions);
}

static void attend(HrAttend *a, uint32_t n_positions)
{
    for (uint32_t row = 0; row < a->n_rows; row += TILE_ROWS)
        attend_rows(a, row, MIN(TILE_ROWS, a->n_rows - row), n_positions);
}

#include "cpu/attend-few.h"

static void attend_page(HrAttend *a, const void *k_block, const void *v_block, uint32_t n_positions)
{
    if (is_few(a, v_block)) {
        attend_few(a, k_block, v_block, n_positions);
        return;
    }
    unpack_keys(a, k_block);
    if (v_block)
        unpack_values(a, v_block, n_positions);
    else
        values_from_keys(a, n_positions);
    attend(a, n_positions);
}

extern const HrVectorKernels HR_VECTOR_TABLE;
const HrVectorKernels HR_VECTOR_TABLE = {
    .rms_norm = rms_norm,
    .layer_norm = layer_norm,
    .activate = activate,
    .dot = dot,
    .add = add,
    .add_scaled = add_scaled,
    .scale = scale,
    .recur = recur,
    .decay = decay,
    .rope = hr_rope_head,
    .rotate = hr_kv_rotate,
    .store_key = hr_kv_store_key,
    .store_value = hr_kv_store_value,
    .attend_page = attend_page,
    .attend = attend,
};
