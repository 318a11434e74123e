/* lower.h: from operations to dispatches, between the files that do it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * lower.c walks, lower-memory.c knows addresses and what has to wait for what, lower-*.c has the
 * operations. Thread-safety: Unsafe (as the segment).
 */
#pragma once

#include "vulkan/segment.h"

#define HR_LOWER_LANES 64
#define HR_LOWER_WIDE_LANES 256   /* where each number stands alone */
#define HR_LOWER_MAX_GROUPS 65535 /* that every device takes in a direction */
/* Rows for which a product is computed column by column; as many at once. */
#define HR_LOWER_COLUMNS 8

typedef struct {
    const HrVkSegment *s;
    uint32_t n_rows[2]; /* of tokens and outputs */
    GArray *dispatches;
    GArray *touched; /* HrTouch, since the last wait */
    GArray *touches; /* of the dispatch that is being made */
} HrLower;

/* ---- lower-memory.c ---- */

void hr_lower_init(HrLower *lower, const HrVkSegment *segment, uint32_t n_tokens,
                   uint32_t n_outputs);
/* Gives the dispatches away. */
GArray *hr_lower_finish(HrLower *lower) G_GNUC_WARN_UNUSED_RESULT;

/* The address of a buffer's rows, which the dispatch that is being made reads, or writes. 0:
 * HR_NO_BUF. */
HrVkAddress hr_lower_read(HrLower *lower, HrBuf buf);
HrVkAddress hr_lower_write(HrLower *lower, HrBuf buf);
/* The cache of a layer, as the dispatch that is being made is told of it. */
HrVkPool hr_lower_pool(HrLower *lower, uint32_t layer, bool writes);
/* Of a weight; 0: there is none. */
HrVkAddress hr_lower_weight(const HrLower *lower, const HrWeight *weight);
/* Of the first of a stack's matrices, and the bytes to the next one's. */
HrVkAddress hr_lower_stack(const HrLower *lower, const HrLinearStack *stack, uint64_t *ret_stride);
/* A layer's state, which an operation changes in place, from offset floats on. */
HrVkAddress hr_lower_state(HrLower *lower, uint32_t layer, uint64_t offset);
/* Memory beside the buffers, which the dispatch that is being made reads or writes. */
HrVkAddress hr_lower_scratch(HrLower *lower, uint64_t offset, uint64_t bytes, bool writes);
/* Of a step's data. */
HrVkAddress hr_lower_step(const HrLower *lower, uint64_t offset);
/* Ends the dispatch that was being made. It waits only where memory that it touches was touched
 * before. */
void hr_lower_add(HrLower *lower, HrVkDispatch *dispatch);

static inline HrVkAddress hr_lower_counts(const HrLower *l)
{
    return hr_lower_step(l, l->s->layout.counts);
}
static inline const HrBuffer *hr_lower_buffer(const HrLower *l, HrBuf buf)
{
    return hr_program_buffer(l->s->program, buf);
}
static inline uint32_t hr_lower_cols(const HrLower *l, HrBuf buf)
{
    return hr_lower_buffer(l, buf)->cols;
}
static inline uint32_t hr_lower_rows(const HrLower *l, HrBuf buf)
{
    return l->n_rows[hr_lower_buffer(l, buf)->rows];
}
static inline const HrLayerShape *hr_lower_shape(const HrLower *l, uint32_t layer)
{
    return &l->s->program->hparams->layers[layer];
}
/* Workgroups for n numbers, each by itself; lanes take several where there are very many. */
static inline uint32_t hr_lower_wide_groups(uint64_t n)
{
    return (uint32_t)MIN((n + HR_LOWER_WIDE_LANES - 1) / HR_LOWER_WIDE_LANES, HR_LOWER_MAX_GROUPS);
}
static inline float hr_lower_norm_eps(const HrLower *l, const HrOp *op)
{
    return op->eps > 0 ? op->eps : l->s->program->hparams->norm_eps;
}

/* ---- lower-attention.c ---- */

/* What shaders are told of ALiBi: 0 heads where there is none. */
void hr_lower_alibi(const HrHparams *hparams, uint32_t n_head, uint32_t *ret_heads,
                    float *ret_step);

/* ---- The operations: op's dispatches are added; dispatch is one that only says whose it is ----
 */

void hr_lower_rms_norm(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_head_norms(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_activate(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_combine(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_output_rows(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_layer_norm(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_group_norm(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_factors(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_pick(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_clamp(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_mix(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_match(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_beyond(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_xielu(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_experts(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_head_linear(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_rope(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_attend_text(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_mean_rows(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_output(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_short_conv(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_ssm(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_selective(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_delta_rule(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_retain(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_rope_store(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
void hr_lower_attention(HrLower *lower, const HrOp *op, HrVkDispatch *dispatch);
/* norm: what makes its input of another buffer on the way, or NULL. */
void hr_lower_linear(HrLower *lower, const HrOp *op, const HrOp *norm,
                     const HrVkDispatch *dispatch);
