/* lower.c: the walk from operations to dispatches. See lower.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * With few rows a norm whose result one product reads is part of that product.
 */
#include "vulkan/lower.h"

/* Whether the norm at i is only read by the product behind it, of few columns. */
static bool joins_next(const HrLower *l, uint32_t i)
{
    const HrOp *op = hr_program_op(l->s->program, i),
               *next = i + 1 < l->s->end ? hr_program_op(l->s->program, i + 1) : NULL;
    return op->kind == HR_OP_RMS_NORM && next &&
           (next->kind == HR_OP_LINEAR || next->kind == HR_OP_LOGITS) && next->src == op->dst &&
           hr_lower_buffer(l, op->dst)->last_op == i + 1 && next->add != op->dst &&
           (next->kind == HR_OP_LOGITS || hr_lower_buffer(l, op->src)->last_op > i) &&
           hr_weight_exists(op->weight) && op->weight->n_in == hr_lower_cols(l, op->src) &&
           hr_lower_rows(l, op->src) <= HR_LOWER_COLUMNS;
}

typedef void (*LowerFunc)(HrLower *l, const HrOp *op, HrVkDispatch *d);
/* The others are kept with the host by support.c. */
static const LowerFunc functions[HR_OP_N] = {
    [HR_OP_RMS_NORM] = hr_lower_rms_norm,
    [HR_OP_LAYER_NORM] = hr_lower_layer_norm,
    [HR_OP_GROUP_NORM] = hr_lower_group_norm,
    [HR_OP_HEAD_NORMS] = hr_lower_head_norms,
    [HR_OP_ACTIVATE] = hr_lower_activate,
    [HR_OP_ADD] = hr_lower_combine,
    [HR_OP_COMBINE] = hr_lower_combine,
    [HR_OP_OUTPUT_ROWS] = hr_lower_output_rows,
    [HR_OP_FACTORS] = hr_lower_factors,
    [HR_OP_PICK] = hr_lower_pick,
    [HR_OP_JOIN_HEADS] = hr_lower_pick,
    [HR_OP_CLAMP] = hr_lower_clamp,
    [HR_OP_MIX] = hr_lower_mix,
    [HR_OP_MATCH] = hr_lower_match,
    [HR_OP_BEYOND] = hr_lower_beyond,
    [HR_OP_XIELU] = hr_lower_xielu,
    [HR_OP_EXPERTS] = hr_lower_experts,
    [HR_OP_HEAD_LINEAR] = hr_lower_head_linear,
    [HR_OP_ROPE] = hr_lower_rope,
    [HR_OP_ATTEND_TEXT] = hr_lower_attend_text,
    [HR_OP_MEAN_ROWS] = hr_lower_mean_rows,
    [HR_OP_OUTPUT] = hr_lower_output,
    [HR_OP_SHORT_CONV] = hr_lower_short_conv,
    [HR_OP_SSM] = hr_lower_ssm,
    [HR_OP_SELECTIVE] = hr_lower_selective,
    [HR_OP_DELTA_RULE] = hr_lower_delta_rule,
    [HR_OP_RETAIN] = hr_lower_retain,
    [HR_OP_ROPE_STORE] = hr_lower_rope_store,
    [HR_OP_ATTENTION] = hr_lower_attention,
};

static void lower(HrLower *l, uint32_t i, const HrOp *norm)
{
    const HrOp *op = hr_program_op(l->s->program, i);
    HrVkDispatch d = {.op = i};
    if (op->kind == HR_OP_LINEAR || op->kind == HR_OP_LOGITS)
        hr_lower_linear(l, op, norm, &d);
    else
        functions[op->kind](l, op, &d);
}

GArray *hr_vk_lower(const HrVkSegment *segment, uint32_t n_tokens, uint32_t n_outputs)
{
    HrLower l;
    const HrOp *norm = NULL;
    hr_lower_init(&l, segment, n_tokens, n_outputs);
    for (uint32_t i = segment->begin; i < segment->end; i++) {
        if (joins_next(&l, i)) {
            norm = hr_program_op(segment->program, i);
            continue;
        }
        lower(&l, i, norm);
        norm = NULL;
    }
    return hr_lower_finish(&l);
}
