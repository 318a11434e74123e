/* support.c: see support.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan/support.h"

#include "vulkan/scratch.h"

/* Heads that the shaders' shared memory holds one of, with what its values add up to in registers.
 */
#define MAX_HEAD_WIDTH 1024
#define MAX_GROUPS 65535 /* that every device takes in a direction */

static const char *lacks_type(const HrWeight *weight)
{
    switch (weight->type) {
    case HR_TYPE_F32:
    case HR_TYPE_F16:
    case HR_TYPE_BF16:
    case HR_TYPE_Q4_0:
    case HR_TYPE_Q4_1:
    case HR_TYPE_Q5_0:
    case HR_TYPE_Q5_1:
    case HR_TYPE_Q8_0:
    case HR_TYPE_Q2_K:
    case HR_TYPE_Q3_K:
    case HR_TYPE_Q4_K:
    case HR_TYPE_Q5_K:
    case HR_TYPE_Q6_K:
    case HR_TYPE_IQ4_NL:
    case HR_TYPE_IQ4_XS:
    case HR_TYPE_MXFP4:
        return NULL;
    default:
        return "a type of weights";
    }
}

static const char *lacks_attention(const HrProgram *program, const HrOp *op)
{
    const HrLayerShape *shape = &program->hparams->layers[op->layer];
    return MAX(shape->head_dim_k, shape->head_dim_v) > MAX_HEAD_WIDTH ? "heads wider than 1024"
                                                                      : NULL;
}

static const char *lacks_linears(const HrOp *op)
{
    const char *lack = NULL;
    for (uint32_t p = 0; !lack && p < op->n_parts; p++)
        lack = lacks_type(&op->parts[p].linear->weight);
    return lack;
}

static const char *lacks_stack(const HrLinearStack *stack)
{
    return hr_weight_exists(&stack->weight) ? lacks_type(&stack->weight) : NULL;
}

static const char *lacks_experts(const HrProgram *program, const HrOp *op)
{
    const HrExpertWeights *w = op->experts;
    uint32_t rows = hr_program_rows(program, hr_program_buffer(program, op->src)->rows);
    const char *of_up = lacks_stack(&w->up), *of_gate = lacks_stack(&w->gate);
    return hr_vulkan_lay_out_routes(op, rows, HR_VK_TILE_PLACES).n_tiles > MAX_GROUPS
               ? "steps of so many rows with experts"
           : of_up   ? of_up
           : of_gate ? of_gate
                     : lacks_stack(&w->down);
}

const char *hr_vulkan_lacks(const HrProgram *program, const HrOp *op)
{
    switch (op->kind) {
    case HR_OP_LINEAR:
    case HR_OP_LOGITS:
        return lacks_linears(op);
    case HR_OP_ROPE_STORE:
    case HR_OP_ATTENTION:
    case HR_OP_ATTEND_TEXT:
        return lacks_attention(program, op);
    case HR_OP_HEAD_LINEAR:
        return lacks_stack(op->stack);
    case HR_OP_ROPE:
    case HR_OP_MEAN_ROWS:
    case HR_OP_OUTPUT:
    case HR_OP_RMS_NORM:
    case HR_OP_LAYER_NORM:
    case HR_OP_GROUP_NORM:
    case HR_OP_HEAD_NORMS:
    case HR_OP_FACTORS:
    case HR_OP_PICK:
    case HR_OP_JOIN_HEADS:
    case HR_OP_CLAMP:
    case HR_OP_MIX:
    case HR_OP_MATCH:
    case HR_OP_BEYOND:
    case HR_OP_XIELU:
    case HR_OP_SHORT_CONV:
    case HR_OP_SSM:
    case HR_OP_SELECTIVE:
    case HR_OP_DELTA_RULE:
    case HR_OP_RETAIN:
    case HR_OP_ACTIVATE:
    case HR_OP_ADD:
    case HR_OP_COMBINE:
    case HR_OP_OUTPUT_ROWS:
        return NULL;
    case HR_OP_EXPERTS:
        return lacks_experts(program, op);
    default:
        return hr_op_name(op->kind);
    }
}

uint32_t hr_vulkan_first_op(const HrProgram *program, uint32_t layer)
{
    uint32_t i = 0;
    while (i < program->ops->len && (hr_program_op(program, i)->layer == HR_NO_LAYER ||
                                     hr_program_op(program, i)->layer < layer))
        i++;
    return i;
}

uint32_t hr_vulkan_takes(const HrProgram *program, const char **ret_why)
{
    uint32_t n_layer = program->hparams->n_layer, first = hr_vulkan_first_op(program, 0), n = 0;
    const char *lack = NULL;
    for (uint32_t i = program->ops->len; i-- > first && !lack;) {
        const HrOp *op = hr_program_op(program, i);
        lack = hr_vulkan_lacks(program, op);
        bool begins = i == 0 || hr_program_op(program, i - 1)->layer != op->layer;
        if (!lack && op->layer != HR_NO_LAYER && begins)
            n = n_layer - op->layer;
    }
    if (ret_why)
        *ret_why = lack;
    return n;
}
