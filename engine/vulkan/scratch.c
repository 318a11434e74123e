/* scratch.c: see scratch.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan/scratch.h"

static uint64_t take(uint64_t *at, uint64_t bytes)
{
    uint64_t begin = *at;
    *at += (bytes + 63) / 64 * 64;
    return begin;
}

HrVkRouteLayout hr_vulkan_lay_out_routes(const HrOp *op, uint32_t n_rows, uint32_t tile_places)
{
    uint64_t n_places = (uint64_t)n_rows * op->mixture->n_used, at = 0;
    HrVkRouteLayout l = {.n_tiles =
                             (uint32_t)MIN(n_places, n_places / tile_places + op->mixture->n)};
    l.chosen = take(&at, n_places * sizeof(uint32_t));
    l.weights = take(&at, n_places * sizeof(float));
    l.place_of = take(&at, n_places * sizeof(uint32_t));
    l.place_row = take(&at, n_places * sizeof(uint32_t));
    l.place_weight = take(&at, n_places * sizeof(float));
    l.tiles = take(&at, (1 + 3 * (uint64_t)l.n_tiles) * sizeof(uint32_t));
    l.numbers = take(&at, n_places * sizeof(float) *
                              MAX(op->experts->up.weight.n_out, op->experts->down.weight.n_out));
    l.bytes = at;
    return l;
}

uint64_t hr_vulkan_scratch_bytes(const HrProgram *program)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < program->ops->len; i++) {
        const HrOp *op = hr_program_op(program, i);
        if (op->kind == HR_OP_EXPERTS) {
            uint32_t rows = hr_program_rows(program, hr_program_buffer(program, op->src)->rows);
            most = MAX(most, hr_vulkan_lay_out_routes(op, rows, 1).bytes);
        }
    }
    return most;
}
