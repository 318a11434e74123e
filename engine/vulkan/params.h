/* params.h: what dispatches are told, as it lies in memory (std430, the shaders' PARAMS).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Addresses are of the device's memory; 0: there is none. rows_kind: 0 rows of tokens, 1 rows of
 * outputs.
 */
#pragma once

#include <stdint.h>

typedef uint64_t HrVkAddress;

typedef struct {
    HrVkAddress counts, x, weight, y;
    uint32_t rows_kind, cols, width;
    float eps;
} HrVkRmsNorm;

typedef struct {
    HrVkAddress counts, q, k, q_weight, k_weight;
    uint32_t q_cols, k_cols, q_width, k_width, q_weights, k_weights;
    float eps;
} HrVkHeadNorms;

typedef struct {
    HrVkAddress counts, gate, up, y;
    uint32_t rows_kind, cols, width;
} HrVkActivate;

typedef struct {
    HrVkAddress counts, x, add, y;
    uint32_t rows_kind, cols;
    float factor;
} HrVkCombine;

typedef struct {
    HrVkAddress counts, rows, x, y;
    uint32_t cols;
} HrVkOutputRows;

typedef struct {
    HrVkAddress weight, bias, scale, y, add;
    uint32_t n_out, row_bytes, first_group, bias_is_scaled;
} HrVkPart;

#define HR_VK_PARTS 3
typedef struct {
    HrVkAddress counts, x, norm;
    HrVkPart parts[HR_VK_PARTS];
    uint32_t rows_kind, n_parts, n_in;
    float factor, cap, eps;
} HrVkLinear;

typedef struct {
    HrVkAddress base, pages;
    uint32_t entries, page_bytes, k_block_bytes, v_block_bytes, v_offset, dk, dv, pad;
} HrVkPool;

typedef struct {
    HrVkAddress counts, q, k, v, table, positions, slots;
    HrVkPool pool;
    uint32_t n_head, n_head_kv, n_rot, first, adjacent, turned, table_cols;
} HrVkRopeStore;

typedef struct {
    HrVkAddress counts, q, y, sinks, positions, seen, slots;
    HrVkPool pool;
    HrVkAddress tempers; /* of each token, on its scores */
    uint32_t n_head, group, pieces, window, chunked;
    float scale, cap;
    uint32_t alibi_heads; /* 0: no biases by distance */
    float alibi_step;
} HrVkAttention;

typedef struct {
    HrVkAddress counts, x, weight, bias, y;
    uint32_t rows_kind, cols;
    float eps;
} HrVkLayerNorm;

typedef struct {
    HrVkAddress counts, x, weight, y;
    uint32_t rows_kind, cols, width, n_weights;
    float eps;
} HrVkGroupNorm;

typedef struct {
    HrVkAddress counts, x, factors, add, y;
    uint32_t rows_kind, cols, width;
} HrVkFactors;

typedef struct {
    HrVkAddress counts, x, shared, y;
    uint32_t rows_kind, x_cols, y_cols, at, stride, first, width, shared_cols, shared_first;
} HrVkPick;

typedef struct {
    HrVkAddress counts, x;
    uint32_t rows_kind, cols;
    float limit;
} HrVkClamp;

typedef struct {
    HrVkAddress counts, x, factors, add, y;
    uint32_t rows_kind, width, n_in, n_out, first, add_cols;
    float factor;
} HrVkMix;

typedef struct {
    HrVkAddress counts, x, model, y;
    uint32_t rows_kind, cols, model_cols, width;
} HrVkMatch;

typedef struct {
    HrVkAddress counts, x, y;
    uint32_t rows_kind, cols;
    float deviations;
} HrVkBeyond;

typedef struct {
    HrVkAddress counts, x, y;
    uint32_t rows_kind, cols;
    float alpha_p, alpha_n, beta, eps;
} HrVkXielu;

/* Which expert computes which row, see shaders/routes.glsl. */
typedef struct {
    HrVkAddress chosen, weights, place_of, place_row, place_weight, tiles;
} HrVkRoutes;

typedef struct {
    HrVkAddress counts, logits, bias;
    HrVkRoutes routes;
    uint32_t rows_kind, n_groups, n_groups_used;
    float factor;
} HrVkRoute;

typedef struct {
    HrVkAddress counts;
    HrVkRoutes routes;
    uint32_t rows_kind;
} HrVkOrder;

typedef struct {
    HrVkAddress weight, stride, bias, scale, y; /* of the first expert; bytes to the next one's */
    uint32_t n_out, row_bytes, first_group, bias_stride;
} HrVkExpertPart;

#define HR_VK_EXPERT_PARTS 2
typedef struct {
    HrVkRoutes routes;
    HrVkAddress x;
    HrVkExpertPart parts[HR_VK_EXPERT_PARTS];
    uint32_t n_parts, n_in, sharers;
} HrVkExperts;

typedef struct {
    HrVkAddress counts, gate, up;
    uint32_t rows_kind, cols;
    float limit;
} HrVkExpertsGate;

typedef struct {
    HrVkAddress counts;
    HrVkRoutes routes;
    HrVkAddress answers, add, y;
    uint32_t rows_kind, cols, n_used;
} HrVkExpertsSum;

typedef struct {
    HrVkAddress counts, q, k, table;
    uint32_t n_q, n_k, width, n_rot, first, adjacent, table_cols;
} HrVkRope;

typedef struct {
    HrVkAddress counts, x, weight, stride, y; /* of the first head; bytes to the next one's */
    uint32_t rows_kind, n_in, n_out, row_bytes, x_cols, y_cols, width, groups;
} HrVkHeadLinear;

/* texts: of each token, the first of its text and how many there are of it. */
typedef struct {
    HrVkAddress counts, q, k, v, y, texts;
    uint32_t n_head, n_head_kv, reach;
    float scale;
    uint32_t alibi_heads;
    float alibi_step;
} HrVkAttendText;

typedef struct {
    HrVkAddress counts, rows, texts, x, y;
    uint32_t cols;
} HrVkMeanRows;

/* A recurrent operation, see shaders/recurrence.glsl and HrOpKind. runs: of each run of the step its
 * first token and how many there are; run_floats: from one run's state to the next one's. */
typedef struct {
    HrVkAddress counts, runs, x, k, v, add, y, a, d, dt_bias, state;
    uint32_t x_cols, k_cols, v_cols, add_cols, y_cols, n_head, head_dim, n_group, n_state,
        run_floats, tiled;
    float fading, bound, eps;
} HrVkRecurrence;

typedef struct {
    HrVkAddress counts, runs, x, in_gate, out_gate, kernel, bias, y, state;
    uint32_t channels, run_floats;
} HrVkShortConv;
