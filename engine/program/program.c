/* program.c: building programs and placing their buffers. See program.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "program/program.h"

#include "program/arena.h"

const char *hr_op_name(HrOpKind kind)
{
    static const char *const names[HR_OP_N] = {
        [HR_OP_EMBED] = "embed",
        [HR_OP_ROPE_TABLE] = "rope-table",
        [HR_OP_RMS_NORM] = "rms-norm",
        [HR_OP_LINEAR] = "linear",
        [HR_OP_HEAD_NORMS] = "head-norms",
        [HR_OP_ROPE_STORE] = "rope-store",
        [HR_OP_ATTENTION] = "attention",
        [HR_OP_ACTIVATE] = "activate",
        [HR_OP_COMBINE] = "combine",
        [HR_OP_FACTORS] = "factors",
        [HR_OP_PICK] = "pick",
        [HR_OP_GROUP_NORM] = "group-norm",
        [HR_OP_SHORT_CONV] = "short-conv",
        [HR_OP_SSM] = "ssm",
        [HR_OP_SELECTIVE] = "selective",
        [HR_OP_DELTA_RULE] = "delta-rule",
        [HR_OP_RETAIN] = "retain",
        [HR_OP_MIX] = "mix",
        [HR_OP_MATCH] = "match",
        [HR_OP_BEYOND] = "beyond",
        [HR_OP_XIELU] = "xielu",
        [HR_OP_OUTPUT_ROWS] = "output-rows",
        [HR_OP_LOGITS] = "logits",
        [HR_OP_LAYER_NORM] = "layer-norm",
        [HR_OP_ADD_ROW] = "add-row",
        [HR_OP_HEAD_LINEAR] = "head-linear",
        [HR_OP_JOIN_HEADS] = "join-heads",
        [HR_OP_EXPERTS] = "experts",
        [HR_OP_ROPE] = "rope",
        [HR_OP_ATTEND_TEXT] = "attend-text",
        [HR_OP_ADD] = "add",
        [HR_OP_CLAMP] = "clamp",
        [HR_OP_MEAN_ROWS] = "mean-rows",
        [HR_OP_OUTPUT] = "output",
    };
    return names[kind];
}

/* Every program begins with the tables of rotations, which layers share. */
static HrBuf add_rope_table(HrProgram *program, const HrRope *rope)
{
    HrBuf buf = program->buffers->len;
    HrBuffer table = {.rows = HR_ROWS_TOKENS,
                      .cols = rope->n_rot,
                      .first_op = program->ops->len,
                      .last_op = program->ops->len};
    HrOp op = {.kind = HR_OP_ROPE_TABLE,
               .layer = HR_NO_LAYER,
               .src = HR_NO_BUF,
               .dst = buf,
               .k = HR_NO_BUF,
               .v = HR_NO_BUF,
               .add = HR_NO_BUF};
    g_array_append_val(program->buffers, table);
    g_array_append_val(program->ops, op);
    return buf;
}

HrProgram *hr_program_new(const HrHparams *hparams, uint32_t max_tokens, uint32_t max_outputs)
{
    HrProgram *program = g_new0(HrProgram, 1);
    g_atomic_ref_count_init(&program->refs);
    program->hparams = hparams;
    program->ops = g_array_new(false, false, sizeof(HrOp));
    program->buffers = g_array_new(false, false, sizeof(HrBuffer));
    program->max_tokens = max_tokens;
    program->max_outputs = max_outputs;
    program->rope_table = add_rope_table(program, &hparams->rope);
    program->local_rope_table =
        hparams->local_rope.n_rot > 0 ? add_rope_table(program, &hparams->local_rope) : HR_NO_BUF;
    return program;
}

void hr_program_place(HrProgram *program)
{
    uint32_t n = program->buffers->len;
    g_autofree HrLifetime *lifetimes = g_new(HrLifetime, n);
    for (uint32_t i = 0; i < n; i++) {
        const HrBuffer *buffer = hr_program_buffer(program, i);
        lifetimes[i] = (HrLifetime){buffer->first_op, buffer->last_op,
                                    (size_t)hr_program_rows(program, buffer->rows) * buffer->cols *
                                        sizeof(float),
                                    0};
    }
    program->arena_bytes = hr_arena_place(lifetimes, n);
    for (uint32_t i = 0; i < n; i++)
        g_array_index(program->buffers, HrBuffer, i).offset = lifetimes[i].offset;
}

HrProgram *hr_program_ref(HrProgram *program)
{
    g_atomic_ref_count_inc(&program->refs);
    return program;
}

HrProgram *hr_program_copy(const HrProgram *program)
{
    HrProgram *copy = g_memdup2(program, sizeof *program);
    g_atomic_ref_count_init(&copy->refs);
    copy->ops = g_array_copy(program->ops);
    copy->buffers = g_array_copy(program->buffers);
    return copy;
}

void hr_program_free(HrProgram *program)
{
    if (!program || !g_atomic_ref_count_dec(&program->refs))
        return;
    g_array_unref(program->ops);
    g_array_unref(program->buffers);
    g_free(program);
}
