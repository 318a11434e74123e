/* test-program.c: a program's buffers keep what was written into them until it was last read.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lifetimes are found here from the operations alone, not from what the program notes about its
 * buffers.
 */
#include "model/model.h"
#include "tiny-model.h"

typedef struct {
    uint32_t first, last; /* operations; first > last: never used */
} Life;

static void touch(GArray *lives, HrBuf buf, uint32_t op)
{
    if (buf == HR_NO_BUF)
        return;
    Life *life = &g_array_index(lives, Life, buf);
    life->first = MIN(life->first, op);
    life->last = MAX(life->last, op);
}

static GArray *lives_of(const HrProgram *program)
{
    GArray *lives = g_array_new(false, false, sizeof(Life));
    for (uint32_t b = 0; b < program->buffers->len; b++)
        g_array_append_val(lives, ((Life){UINT32_MAX, 0}));
    for (uint32_t i = 0; i < program->ops->len; i++) {
        const HrOp *op = hr_program_op(program, i);
        touch(lives, op->src, i);
        touch(lives, op->k, i);
        touch(lives, op->v, i);
        touch(lives, op->add, i);
        if (op->kind == HR_OP_ROPE_STORE || op->kind == HR_OP_ROPE)
            touch(lives, hr_program_rope_table(program, op->layer), i);
        if (op->kind != HR_OP_LINEAR && op->kind != HR_OP_LOGITS)
            touch(lives, op->dst, i);
        for (uint32_t p = 0; op->kind == HR_OP_LINEAR && p < op->n_parts; p++)
            touch(lives, op->parts[p].dst, i);
    }
    return lives;
}

static size_t bytes_of(const HrProgram *program, uint32_t b)
{
    const HrBuffer *buffer = hr_program_buffer(program, b);
    return (size_t)hr_program_rows(program, buffer->rows) * buffer->cols * sizeof(float);
}

static void check_placement(const HrProgram *program)
{
    g_autoptr(GArray) lives = lives_of(program);
    size_t sum = 0;
    for (uint32_t a = 0; a < program->buffers->len; a++) {
        const HrBuffer *buffer = hr_program_buffer(program, a);
        const Life *life = &g_array_index(lives, Life, a);
        g_assert_cmpuint(life->first, <=, life->last);
        g_assert_cmpuint(buffer->offset % 64, ==, 0);
        g_assert_cmpuint(buffer->offset + bytes_of(program, a), <=, program->arena_bytes);
        sum += bytes_of(program, a);
        for (uint32_t b = 0; b < a; b++) {
            const Life *other = &g_array_index(lives, Life, b);
            size_t begin = hr_program_buffer(program, b)->offset,
                   end = begin + bytes_of(program, b);
            bool together = life->first <= other->last && other->first <= life->last;
            bool overlap = buffer->offset < end && begin < buffer->offset + bytes_of(program, a);
            if (together && overlap)
                g_error("buffers %u and %u overlap in operations %u..%u", a, b,
                        MAX(life->first, other->first), MIN(life->last, other->last));
        }
    }
    g_assert_cmpuint(program->arena_bytes, <, sum / 2); /* memory is used again */
}

static void test_placement(gconstpointer data)
{
    static const uint32_t capacities[][2] = {{1, 1}, {7, 7}, {64, 1}, {512, 3}};
    TinyModel tiny = tiny_model_default;
    g_autoptr(GError) error = NULL;
    tiny.arch = data;
    tiny.n_layer = 5;
    if (g_str_equal(data, "mixtral")) {
        tiny.arch = "llama";
        tiny.experts = (TinyExperts){.n = 8, .n_used = 2};
    }
    char *path = tiny_model_new(&tiny);
    g_autoptr(HrModel) model = hr_model_open(path, &error);
    g_assert_no_error(error);
    g_assert_true(hr_model_is_runnable(model, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(capacities); i++) {
      HrProgram *program = hr_model_get_program (model, capacities[i][0], capacities[i][1]);
      check_placement (program);
      hr_program_free (program);
    }
    tiny_model_remove(path);
}

/* The arena does not grow with the number of layers. */
static void test_depth(void)
{
    size_t arena[2];
    for (uint32_t i = 0; i < 2; i++) {
        TinyModel tiny = tiny_model_default;
        tiny.n_layer = i ? 6 : 3;
        char *path = tiny_model_new(&tiny);
        g_autoptr(HrModel) model = hr_model_open(path, NULL);
        HrProgram *program = hr_model_get_program (model, 32, 2);
        arena[i] = program->arena_bytes;
        hr_program_free(program);
        tiny_model_remove(path);
    }
    g_assert_cmpuint(arena[0], ==, arena[1]);
}

/* The operations of a layer, in the order of the paper. */
static void test_order(void)
{
    static const char *const want[] = {"rope-table",  "embed",      "rms-norm",  "linear",
                                       "head-norms",  "rope-store", "attention", "output-rows",
                                       "output-rows", "linear",     "rms-norm",  "linear",
                                       "activate",    "linear",     "rms-norm",  "logits"};
    TinyModel tiny = tiny_model_default;
    tiny.arch = "qwen3";
    tiny.n_layer = 1;
    char *path = tiny_model_new(&tiny);
    g_autoptr(HrModel) model = hr_model_open(path, NULL);
    HrProgram *program = hr_model_get_program (model, 4, 1);
    g_assert_cmpuint(program->ops->len, ==, G_N_ELEMENTS(want));
    for (uint32_t i = 0; i < program->ops->len; i++)
        g_assert_cmpstr(hr_op_name(hr_program_op(program, i)->kind), ==, want[i]);
    g_assert_cmpuint(hr_program_op(program, 3)->n_parts, ==,
                     3); /* queries, keys and values at once */
    hr_program_free(program);
    tiny_model_remove(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/program/placement/llama", "llama", test_placement);
    g_test_add_data_func("/program/placement/qwen2", "qwen2", test_placement);
    g_test_add_data_func("/program/placement/qwen3", "qwen3", test_placement);
    g_test_add_data_func("/program/placement/mixtral", "mixtral", test_placement);
    g_test_add_func("/program/depth", test_depth);
    g_test_add_func("/program/order", test_order);
    return g_test_run();
}
