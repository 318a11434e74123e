/* network-build.h: what the two halves of making a network share: network-build.c lays the nodes,
 * network.c measures them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "grammar/network.h"

typedef struct {
    uint32_t from;
    HrByteEdge edge;
} HrLaidByte;
typedef struct {
    uint32_t from, to;
} HrLaidJump;
typedef struct {
    uint32_t from;
    HrCallEdge edge;
} HrLaidCall;

typedef struct {
    uint32_t n_nodes;
    GArray *bytes, *jumps, *calls; /* HrLaidByte, HrLaidJump, HrLaidCall */
    GArray *starts, *ends;         /* uint32_t of each rule */
    bool too_large;
} HrLaying;

/* Lays every rule that root reaches; renumbers them, root first. */
void hr_laying_init(HrLaying *laying, const HrSyntax *syntax, uint32_t root);
void hr_laying_clear(HrLaying *laying);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HrLaying, hr_laying_clear)
