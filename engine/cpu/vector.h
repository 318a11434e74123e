/* vector.h: everything on the CPU that is not a product with weights: norms, rotations, the cache's
 * formats, attention.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two sources implement the same table: vector-plain.c in scalar C, vector-wide.c with 16-lane
 * vectors, compiled once per instruction set. A row's result depends on that row alone, never on
 * the rows beside it. Thread-safety: Safe.
 */
#pragma once

#include "kv/layout.h"

/* Rows (queries) that attention works on at once: a tile of tokens times the query heads that share
 * a key head. */
#define HR_ATTEND_ROWS 64
#define HR_LANES 16

static inline uint32_t hr_padded(uint32_t n)
{
    return (n + HR_LANES - 1) / HR_LANES * HR_LANES;
}

/* One thread's attention over the pages of a slot for one key head. All arrays 64-byte aligned. */
typedef struct {
    HrKvType type;
    uint32_t dk, dv, dv_padded, n_rows;
    float *q;      /* [n_rows, dk], scaled */
    float *keys;   /* [dk, 64] of the current page */
    float *values; /* [64, dv_padded] of the current page */
    float *p;      /* [n_rows, 64] scores, then weights */
    float *acc;    /* [n_rows, dv_padded] weighted sum of values so far */
    float *max;    /* [n_rows] of scores so far */
    float *sum;    /* [n_rows] of weights so far */
    /* [n_rows] The row sees the positions [first_valid, n_valid) of the current page; none: it
     * stays as it is. */
    uint32_t *first_valid, *n_valid;
    float cap; /* scores become cap tanh (score / cap), before distances count; 0: they stay */
    /* ALiBi (Press et al. 2021): scores lose slope times the distance of the position from the
     * row's own place, at, which is counted from the start of the current page. */
    float *slope; /* [n_rows], 0: none */
    int32_t *at;  /* [n_rows] */
} HrAttend;

/* Bytes of scratch for an HrAttend, and its arrays laid out in it; first_valid and slope are zero.
 */
size_t hr_attend_scratch_bytes(uint32_t dk, uint32_t dv);
void hr_attend_init(HrAttend *attend, HrKvType type, uint32_t dk, uint32_t dv, void *scratch);

typedef struct HrVectorKernels {
    /* y[n] = x[n] / sqrt(mean(x^2) + eps) * weight[n]; weight may be NULL, y may be x. */
    void (*rms_norm)(const float *x, const float *weight, float eps, uint32_t n, float *y);
    /* y[n] = (x - mean(x)) / sqrt(mean((x - mean(x))^2) + eps) * weight[n] + bias[n]; weight and
     * bias may be NULL, y may be x. */
    void (*layer_norm) (const float *x, const float *weight, const float *bias, float eps,
                        uint32_t n, float *y);
    /* y[n] = activation(gate) * up; up NULL: without it. y may be gate or up. */
    void (*activate) (HrActivation activation, const float *gate, const float *up, size_t n,
                      float *y);
    /* Sum of x[n] * y[n]. */
    float (*dot)(const float *x, const float *y, size_t n);
    /* y[n] += a[n]. */
    void (*add)(float *y, const float *a, size_t n);
    /* y[n] += factor * a[n]. */
    void (*add_scaled)(float *y, const float *a, float factor, size_t n);
    /* y[n] *= factor. */
    void (*scale)(float *y, float factor, size_t n);
    /* state[n] = state * decay + x[n] * in, then y[n] += state * out: a row of a recurrent state
     * goes on by one position. x may be y. */
    void (*recur) (float *state, float decay, const float *x, float in, float out, size_t n,
                   float *y);
    /* state[n] *= e^(rate[n] * dt[n]); exponents at most 0. */
    void (*decay)(float *state, const float *rate, const float *dt, size_t n);
    /* Turns head[0..n_rot) in place by the angles whose cosines and sines, n_rot / 2 each, are in
     * table. */
    void (*rope)(HrRopeKind kind, uint32_t n_rot, const float *table, float *head);
    /* The Walsh-Hadamard transform of x[n] in blocks of the largest power of two that divides n,
     * scaled to keep lengths; its own inverse. Spreads outliers before a coarse cache type rounds
     * (QuaRot, Ashkboos et al. 2024). */
    void (*rotate)(float *x, uint32_t n);
    /* Key or value of one head to position j (0..63) of a block. */
    void (*store_key)(HrKvType type, const float *key, uint32_t dk, uint32_t j, void *block);
    void (*store_value)(HrKvType type, const float *value, uint32_t dv, uint32_t j, void *block);
    /* Adds a page to the running softmax (Milakov and Gimelshein 2018): keys and values of one
     * head, n_positions of which exist. v_block NULL: values are the first dv numbers of the keys.
     */
    void (*attend_page) (HrAttend *attend, const void *k_block, const void *v_block,
                         uint32_t n_positions);
    /* The same with keys and values as the caller has put them into attend; values beyond
     * n_positions must be numbers. */
    void (*attend)(HrAttend *attend, uint32_t n_positions);
} HrVectorKernels;

/* Those that go with hr_linear_kernels(). */
const HrVectorKernels *hr_vector_kernels(void);

extern const HrVectorKernels hr_vector_plain;
#ifdef __x86_64__
extern const HrVectorKernels hr_vector_avx2, hr_vector_avx512;
#elif defined(__aarch64__)
extern const HrVectorKernels hr_vector_neon;
#endif
