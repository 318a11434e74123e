/* lora.c: see lora.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/lora.h"

static uint32_t total_rank(const GPtrArray *adapters)
{
    uint32_t total = 0;
    for (guint i = 0; i < adapters->len; i++)
        total += ((const HrAdapter *)adapters->pdata[i])->rank;
    return total;
}

uint64_t hr_loras_bytes(uint32_t n_rows, const GPtrArray *adapters)
{
    return (uint64_t)n_rows * HR_LINEAR_PARTS * total_rank(adapters) * sizeof(float);
}

bool hr_loras_init(HrLoras *loras, const HrProgram *program, const GPtrArray *adapters,
                   const HrGguf *base, HrLedger *ledger, const HrPlanItem *item, GError **error)
{
    HrLoraPlace *place;
    *loras = (HrLoras){.n = adapters->len, .total_rank = total_rank(adapters)};
    place = loras->places =
        g_new0(HrLoraPlace, (size_t)program->ops->len * HR_LINEAR_PARTS * loras->n);
    for (uint32_t a = 1; a < loras->n; a++)
        loras->first[a] = loras->first[a - 1] + ((const HrAdapter *)adapters->pdata[a - 1])->rank;
    for (uint32_t i = 0; i < program->ops->len; i++)
        for (uint32_t p = 0; p < HR_LINEAR_PARTS; p++)
            for (uint32_t a = 0; a < loras->n; a++, place++)
                if (p < hr_program_op(program, i)->n_parts)
                    place->lora =
                        hr_adapter_find(adapters->pdata[a], base,
                                        &hr_program_op(program, i)->parts[p].linear->weight,
                                        &place->first_row);
    return hr_region_map(&loras->inner, ledger, item,
                         hr_loras_bytes(MAX(program->max_tokens, program->max_outputs), adapters),
                         true, error);
}

void hr_loras_finish(HrLoras *loras)
{
    g_clear_pointer(&loras->places, g_free);
    hr_region_unmap(&loras->inner);
}

static bool is_used(const HrProgram *program, const HrGgufTensor *tensor)
{
    for (uint32_t i = 0; i < program->ops->len; i++)
        for (uint32_t p = 0; p < hr_program_op(program, i)->n_parts; p++)
            if (hr_program_op(program, i)->parts[p].linear->weight.tensor == tensor)
                return true;
    return false;
}

bool hr_loras_check(const HrProgram *program, const HrAdapter *adapter, const HrGguf *base,
                    GError **error)
{
    GHashTableIter iter;
    gpointer tensor;
    (void)base;
    g_hash_table_iter_init(&iter, adapter->loras);
    while (g_hash_table_iter_next(&iter, &tensor, NULL)) {
        const char *name = ((const HrGgufTensor *)tensor)->name;
        if (is_used(program, tensor) && !g_str_equal(name, "token_embd.weight"))
            continue;
        g_set_error(
            error, HR_ERROR, HR_ERROR_UNSUPPORTED,
            "The adapter changes the tensor %s; adapters can change only matrices that rows are multiplied with.",
            name);
        return false;
    }
    return true;
}
