/* scratch.h: memory that operations need on a GPU beside their buffers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pure: plans count it. Thread-safety: Safe.
 */
#pragma once

#include "program/program.h"

/* Places of an expert that are multiplied at once, at most. */
#define HR_VK_TILE_PLACES 8

/* A mixture's, for n_rows rows: offsets, see shaders/routes.glsl; numbers: of gates, then of
 * answers, [places, the wider of both]. */
typedef struct {
    uint64_t chosen, weights, place_of, place_row, place_weight, tiles, numbers, bytes;
    uint32_t n_tiles; /* at most */
} HrVkRouteLayout;
HrVkRouteLayout hr_vulkan_lay_out_routes(const HrOp *op, uint32_t n_rows, uint32_t tile_places);

/* What the largest operation of a program needs. */
uint64_t hr_vulkan_scratch_bytes(const HrProgram *program);
