/* route.h: which experts a row goes to, and with what weights.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pure functions of one row each. Thread-safety: Safe.
 */
#pragma once

#include "program/program.h"

/* logits[experts->n] -> the experts->n_used best experts, best first (of equals the one that comes
 * first), and their weights. bias[n]: added to the scores for choosing alone, or NULL. Whatever the
 * logits are, the experts are valid and different. */
void hr_route(const HrExperts *experts, const HrRouting *routing, const float *logits,
              const float *bias, uint32_t *ret_chosen, float *ret_weights);

/* The rows that one expert computes: places [first, first + n). */
typedef struct {
    uint32_t expert, first, n;
} HrExpertRun;

/* A step's rows, ordered by expert. A place is a row at one of its experts. */
typedef struct {
    uint32_t n_rows, n_used, n_places;
    uint32_t *n_runs;  /* [1] */
    HrExpertRun *runs; /* [n_runs], ascending by expert */
    uint32_t *row;     /* [n_places], ascending within a run */
    float *weight;     /* [n_places] */
    uint32_t *chosen;  /* [n_rows, n_used], as hr_route gives them */
    float *weights;    /* [n_rows, n_used] */
    uint32_t *counts;  /* [n_experts] */
} HrRoutes;

/* Bytes for the routes of n_rows rows, a multiple of 64; and the arrays laid out in as much memory,
 * 4-byte aligned. */
size_t hr_routes_bytes(const HrExperts *experts, uint32_t n_rows);
HrRoutes hr_routes_at(const HrExperts *experts, uint32_t n_rows, void *memory);
/* From chosen and weights to runs and places. */
void hr_routes_order(HrRoutes *routes, uint32_t n_experts);
