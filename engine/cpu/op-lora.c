/* op-lora.c: the adapters' part of a product. See lora.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/execute.h"

#include <string.h>

/* Numbers of a weight that are dequantised at once: whole blocks of every type, few enough to stay
 * close. */
#define CHUNK 2048

/* The slot that a row of the operation's source belongs to. */
static uint32_t slot_of(const HrTask *task, uint32_t row)
{
    const HrStep *step = task->e->step;
    bool is_token = hr_program_buffer(task->e->program, task->op->src)->rows == HR_ROWS_TOKENS;
    return step->slots[is_token ? row : step->output_rows[row]];
}

/* How much of an adapter counts in a row. */
static float factor_of(const HrTask *task, uint32_t row, uint32_t adapter)
{
    return task->e->step->adapters[(size_t)slot_of(task, row) * task->e->loras.n + adapter];
}

bool hr_lora_counts(const HrTask *task)
{
    const HrLoras *loras = &task->e->loras;
    if (loras->n == 0 || !task->e->step->adapters)
        return false;
    for (uint32_t p = 0; p < task->op->n_parts; p++)
        for (uint32_t a = 0; a < loras->n; a++)
            if (hr_loras_place(loras, task->op_index, p, a)->lora)
                return true;
    return false;
}

/* One number of A x for every row in which the adapter counts: row r of A times the rows. */
static void project(const HrTask *task, const HrWeight *a, uint32_t r, uint32_t part,
                    uint32_t adapter, uint32_t n_rows)
{
    const HrLoras *loras = &task->e->loras;
    float weights[CHUNK];
    uint32_t at = loras->first[adapter] + r;
    for (uint64_t begin = 0; begin < a->n_in; begin += CHUNK) {
        size_t n = MIN(CHUNK, a->n_in - begin), block = hr_type_traits(a->type)->block;
        const char *row = (const char *)a->data + r * a->row_bytes +
                          begin / block * hr_type_traits(a->type)->block_bytes;
        hr_dequantize(a->type, row, weights, n);
        for (uint32_t i = 0; i < n_rows; i++) {
            float *sum = hr_loras_inner(loras, i, part) + at;
            if (factor_of(task, i, adapter) != 0)
                *sum =
                    (begin > 0 ? *sum : 0) +
                    task->e->vector->dot(hr_task_row(task, task->op->src, i) + begin, weights, n);
        }
    }
}

void hr_lora_project(HrTask *task, uint32_t n_rows)
{
    const HrLoras *loras = &task->e->loras;
    uint32_t turn = 0;
    for (uint32_t p = 0; p < task->op->n_parts; p++)
        for (uint32_t a = 0; a < loras->n; a++) {
            const HrLora *lora = hr_loras_place(loras, task->op_index, p, a)->lora;
            for (uint32_t r = 0; lora && r < lora->a.n_out; r++, turn++)
                if (turn % task->thread->n_threads == task->thread->index)
                    project(task, &lora->a, r, p, a, n_rows);
        }
}

/* Outputs [begin, end) of one adapter, for all rows: each row of B is dequantised once. */
static void add_adapter(const HrTask *task, uint32_t part, uint32_t adapter, float *dst,
                        size_t stride, uint32_t n_rows, size_t begin, size_t end)
{
    const HrLoras *loras = &task->e->loras;
    const HrLoraPlace *place = hr_loras_place(loras, task->op_index, part, adapter);
    const HrWeight *b = &place->lora->b;
    float weights[HR_MAX_LORA_RANK];
    for (size_t o = begin; o < end; o++) {
        hr_dequantize(b->type, (const char *)b->data + (place->first_row + o) * b->row_bytes,
                      weights, b->n_in);
        for (uint32_t i = 0; i < n_rows; i++) {
            float factor = factor_of(task, i, adapter) * place->lora->scale;
            const float *inner = hr_loras_inner(loras, i, part) + loras->first[adapter];
            if (factor != 0)
                dst[i * stride + o] += factor * task->e->vector->dot(inner, weights, b->n_in);
        }
    }
}

void hr_lora_add(const HrTask *task, uint32_t part, float *dst, size_t stride, uint32_t n_rows,
                 size_t begin, size_t end)
{
    const HrLoras *loras = &task->e->loras;
    for (uint32_t a = 0; a < loras->n; a++)
        if (hr_loras_place(loras, task->op_index, part, a)->lora)
            add_adapter(task, part, a, dst, stride, n_rows, begin, end);
}
