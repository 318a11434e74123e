/* vector-plain.c: the scalar twin of vector-wide.c. See vector.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/activate.h"
#include "cpu/kv-codec.h"
#include "cpu/vector.h"

static void rms_norm(const float *x, const float *weight, float eps, uint32_t n, float *y)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    float inverse = 1 / sqrtf((float)(sum / n) + eps);
    for (uint32_t i = 0; i < n; i++)
        y[i] = x[i] * inverse * (weight ? weight[i] : 1);
}

static void layer_norm(const float *x, const float *weight, const float *bias, float eps,
                       uint32_t n, float *y)
{
    double sum = 0, squares = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += x[i];
    float mean = (float)(sum / n);
    for (uint32_t i = 0; i < n; i++)
        squares += (double)(x[i] - mean) * (x[i] - mean);
    float inverse = 1 / sqrtf((float)(squares / n) + eps);
    for (uint32_t i = 0; i < n; i++)
        y[i] = (x[i] - mean) * inverse * (weight ? weight[i] : 1) + (bias ? bias[i] : 0);
}

static void activate(HrActivation activation, const float *gate, const float *up, size_t n,
                     float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = hr_activate_one(activation, gate[i]) * (up ? up[i] : 1);
}

static float dot(const float *x, const float *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * y[i];
    return (float)sum;
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

static void recur(float *state, float decay, const float *x, float in, float out, size_t n,
                  float *y)
{
    for (size_t i = 0; i < n; i++) {
        state[i] = state[i] * decay + x[i] * in;
        y[i] += state[i] * out;
    }
}

static void decay(float *state, const float *rate, const float *dt, size_t n)
{
    for (size_t i = 0; i < n; i++)
        state[i] *= expf(rate[i] * dt[i]);
}

static float key_at(HrKvType type, const void *block, uint32_t dk, uint32_t d, uint32_t j)
{
    uint32_t g = d / HR_KV_GROUP, i = d % HR_KV_GROUP;
    if (type == HR_KV_F32)
        return ((const float *)block)[d * P + j];
    if (type == HR_KV_F16)
        return hr_half_to_float(((const uint16_t *)block)[d * P + j]);
    if (type == HR_KV_Q8_0)
        return ((const int8_t *)block)[d * P + j] *
               hr_half_to_float(((const uint16_t *)((const char *)block + dk * P))[g * P + j]);
    uint8_t byte = ((const uint8_t *)block)[(g * 16 + i % 16) * P + j];
    int q = (i < 16 ? byte & 15 : byte >> 4) - 8;
    return (float)q *
           hr_half_to_float(((const uint16_t *)((const char *)block + dk / 2 * P))[g * P + j]);
}

static float value_at(HrKvType type, const void *block, uint32_t dv, uint32_t j, uint32_t d)
{
    uint32_t g = d / HR_KV_GROUP, i = d % HR_KV_GROUP, n_groups = dv / HR_KV_GROUP;
    if (type == HR_KV_F32)
        return ((const float *)block)[j * dv + d];
    if (type == HR_KV_F16)
        return hr_half_to_float(((const uint16_t *)block)[j * dv + d]);
    if (type == HR_KV_Q8_0)
        return ((const int8_t *)block)[j * dv + d] *
               hr_half_to_float(
                   ((const uint16_t *)((const char *)block + dv * P))[j * n_groups + g]);
    uint8_t byte = ((const uint8_t *)block)[j * (dv / 2) + g * 16 + i % 16];
    int q = (i < 16 ? byte & 15 : byte >> 4) - 8;
    return (float)q * hr_half_to_float(
                          ((const uint16_t *)((const char *)block + dv / 2 * P))[j * n_groups + g]);
}

static void unpack(HrAttend *a, const void *k_block, const void *v_block, uint32_t n_positions)
{
    for (uint32_t d = 0; d < a->dk; d++)
        for (uint32_t j = 0; j < n_positions; j++)
            a->keys[d * P + j] = key_at(a->type, k_block, a->dk, d, j);
    for (uint32_t j = 0; j < n_positions; j++)
        for (uint32_t d = 0; d < a->dv; d++)
            a->values[j * a->dv_padded + d] =
                v_block ? value_at(a->type, v_block, a->dv, j, d) : a->keys[d * P + j];
}

static void score_row(HrAttend *a, uint32_t r)
{
    float *p = a->p + r * P;
    memset(p, 0, P * sizeof(float));
    for (uint32_t d = 0; d < a->dk; d++)
        for (uint32_t j = 0; j < a->n_valid[r]; j++)
            p[j] += a->q[r * a->dk + d] * a->keys[d * P + j];
    for (uint32_t j = 0; a->cap > 0 && j < a->n_valid[r]; j++)
        p[j] = a->cap * tanhf(p[j] / a->cap);
    for (uint32_t j = 0; a->slope[r] != 0 && j < a->n_valid[r]; j++)
        p[j] -= a->slope[r] * fabsf((float)(a->at[r] - (int32_t)j));
}

static void soften_row(HrAttend *a, uint32_t r)
{
    float *p = a->p + r * P, max = a->max[r], sum = 0;
    for (uint32_t j = a->first_valid[r]; j < a->n_valid[r]; j++)
        max = fmaxf(max, p[j]);
    for (uint32_t j = a->first_valid[r]; j < a->n_valid[r]; j++)
        sum += p[j] = expf(p[j] - max);
    float keep = expf(a->max[r] - max);
    a->max[r] = max;
    a->sum[r] = a->sum[r] * keep + sum;
    for (uint32_t d = 0; d < a->dv; d++)
        a->acc[r * a->dv_padded + d] *= keep;
}

static void gather_row(HrAttend *a, uint32_t r)
{
    for (uint32_t j = a->first_valid[r]; j < a->n_valid[r]; j++)
        for (uint32_t d = 0; d < a->dv; d++)
            a->acc[r * a->dv_padded + d] += a->p[r * P + j] * a->values[j * a->dv_padded + d];
}

static void attend(HrAttend *a, uint32_t n_positions)
{
    (void)n_positions;
    for (uint32_t r = 0; r < a->n_rows; r++) {
        if (a->n_valid[r] <= a->first_valid[r])
            continue;
        score_row(a, r);
        soften_row(a, r);
        gather_row(a, r);
    }
}

static void attend_page(HrAttend *a, const void *k_block, const void *v_block, uint32_t n_positions)
{
    unpack(a, k_block, v_block, n_positions);
    attend(a, n_positions);
}

const HrVectorKernels hr_vector_plain = {
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
