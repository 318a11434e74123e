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
           op->weight->n_in == hr_lower_cols(l, op->src) &&
           hr_lower_rows(l, op->src) <= HR_LOWER_COLUMNS;
}

static void lower(HrLower *l, uint32_t i, const HrOp *norm)
{
    const HrOp *op = hr_program_op(l->s->program, i);
    HrVkDispatch d = {.op = i};
    switch (op->kind) {
    case HR_OP_RMS_NORM:
        hr_lower_rms_norm(l, op, &d);
        break;
    case HR_OP_HEAD_NORMS:
        hr_lower_head_norms(l, op, &d);
        break;
    case HR_OP_ACTIVATE:
        hr_lower_activate(l, op, &d);
        break;
    case HR_OP_ADD:
    case HR_OP_COMBINE:
        hr_lower_combine(l, op, &d);
        break;
    case HR_OP_OUTPUT_ROWS:
        hr_lower_output_rows(l, op, &d);
        break;
    case HR_OP_ROPE_STORE:
        hr_lower_rope_store(l, op, &d);
        break;
    case HR_OP_ATTENTION:
        hr_lower_attention(l, op, &d);
        break;
    case HR_OP_LINEAR:
    case HR_OP_LOGITS:
        hr_lower_linear(l, op, norm, &d);
        break;
    default:
        g_assert_not_reached(); /* support.c keeps them with the host */
    }
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
