/* program.c: building programs and placing their buffers. See program.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "program/program.h"

#define ARENA_ALIGN 64 /* a cache line, and the widest vector */

const char *hr_op_name(HrOpKind kind)
{
    static const char *const names[HR_OP_N] = {
        [HR_OP_EMBED] = "embed",         [HR_OP_ROPE_TABLE] = "rope-table",   [HR_OP_RMS_NORM] = "rms-norm",
        [HR_OP_LINEAR] = "linear",       [HR_OP_HEAD_NORMS] = "head-norms",   [HR_OP_ROPE_STORE] = "rope-store",
        [HR_OP_ATTENTION] = "attention", [HR_OP_ACTIVATE] = "activate",       [HR_OP_COMBINE] = "combine",     [HR_OP_PICK] = "pick",               [HR_OP_GROUP_NORM] = "group-norm",
        [HR_OP_SHORT_CONV] = "short-conv", [HR_OP_SSM] = "ssm",                 [HR_OP_SELECTIVE] = "selective",
        [HR_OP_DELTA_RULE] = "delta-rule", [HR_OP_OUTPUT_ROWS] = "output-rows",
        [HR_OP_LOGITS] = "logits",       [HR_OP_LAYER_NORM] = "layer-norm",   [HR_OP_ADD_ROW] = "add-row",
        [HR_OP_EXPERTS] = "experts",     [HR_OP_ROPE] = "rope",               [HR_OP_ATTEND_TEXT] = "attend-text",
        [HR_OP_ADD] = "add",             [HR_OP_MEAN_ROWS] = "mean-rows",     [HR_OP_OUTPUT] = "output",
    };
    return names[kind];
}

/* Every program begins with the table of rotations, which all layers share. */
static void add_rope_table(HrProgram *program)
{
    HrBuffer table = {.rows = HR_ROWS_TOKENS, .cols = program->hparams->rope.n_rot};
    HrOp op = {.kind = HR_OP_ROPE_TABLE, .layer = HR_NO_LAYER, .src = HR_NO_BUF, .k = HR_NO_BUF, .v = HR_NO_BUF, .add = HR_NO_BUF};
    g_array_append_val(program->buffers, table);
    g_array_append_val(program->ops, op);
    program->rope_table = 0;
}

HrProgram *hr_program_new(const HrHparams *hparams, uint32_t max_tokens, uint32_t max_outputs)
{
    HrProgram *program = g_new0(HrProgram, 1);
    program->hparams = hparams;
    program->ops = g_array_new(false, false, sizeof(HrOp));
    program->buffers = g_array_new(false, false, sizeof(HrBuffer));
    program->max_tokens = max_tokens;
    program->max_outputs = max_outputs;
    add_rope_table(program);
    return program;
}

static size_t buffer_bytes(const HrProgram *program, const HrBuffer *buffer)
{
    size_t bytes = (size_t)hr_program_rows(program, buffer->rows) * buffer->cols * sizeof(float);
    return (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
}

static bool lives_with(const HrBuffer *a, const HrBuffer *b)
{
    return a->first_op <= b->last_op && b->first_op <= a->last_op;
}

/* The lowest offset at which buffer n does not overlap a placed buffer that lives at the same time. */
static size_t find_offset(const HrProgram *program, GArray *placed, uint32_t n)
{
    const HrBuffer *buffer = hr_program_buffer(program, n);
    size_t bytes = buffer_bytes(program, buffer), offset = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t i = 0; i < placed->len; i++) {
            const HrBuffer *other = hr_program_buffer(program, g_array_index(placed, uint32_t, i));
            size_t end = other->offset + buffer_bytes(program, other);
            if (lives_with(buffer, other) && offset < end && other->offset < offset + bytes) {
                offset = end;
                moved = true;
            }
        }
    }
    return offset;
}

/* Drops from placed what no later buffer can meet: buffers come in the order of their first use. */
static void retire(const HrProgram *program, GArray *placed, uint32_t first_op)
{
    for (uint32_t i = placed->len; i-- > 0;)
        if (hr_program_buffer(program, g_array_index(placed, uint32_t, i))->last_op < first_op)
            g_array_remove_index_fast(placed, i);
}

void hr_program_place(HrProgram *program)
{
    g_autoptr(GArray) placed = g_array_new(false, false, sizeof(uint32_t));
    program->arena_bytes = 0;
    for (uint32_t n = 0; n < program->buffers->len; n++) {
        HrBuffer *buffer = &g_array_index(program->buffers, HrBuffer, n);
        retire(program, placed, buffer->first_op);
        buffer->offset = find_offset(program, placed, n);
        program->arena_bytes = MAX(program->arena_bytes, buffer->offset + buffer_bytes(program, buffer));
        g_array_append_val(placed, n);
    }
}

void hr_program_free(HrProgram *program)
{
    if (!program)
        return;
    g_array_unref(program->ops);
    g_array_unref(program->buffers);
    g_free(program);
}
