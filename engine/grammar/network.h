/* network.h: a grammar as nodes between which bytes lead, so that it can be walked byte by byte.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each rule is a small automaton over bytes from its start to a final node; a *call* enters another
 * rule and comes back. Characters are spelled in UTF-8, so that what is matched is always valid.
 * `distance` says how many bytes at least lead from a node to the end of its rule; a node from
 * which no text leads there is far and never entered, so that whatever was begun can be ended.
 * Immutable. Thread-safety: Safe.
 */
#pragma once

#include "grammar/syntax.h"

#define HR_NETWORK_MAX_NODES (1u << 20)
#define HR_FAR (UINT32_MAX / 4) /* sums of some stay below UINT32_MAX */

typedef struct {
    uint8_t low, high;
    uint32_t to;
} HrByteEdge;

typedef struct {
    uint32_t rule, back;
} HrCallEdge;

typedef struct {
    uint32_t n_nodes, n_rules;
    /* [n_nodes + 1]: where a node's edges begin in the lists below. */
    uint32_t *first_byte, *first_jump, *first_call;
    HrByteEdge *bytes;
    uint32_t *jumps; /* nodes that are entered without a byte */
    HrCallEdge *calls;
    uint8_t *is_final;    /* [n_nodes]: a rule ends here */
    uint32_t *distance;   /* [n_nodes] */
    uint32_t *rule_start; /* [n_rules] */
    uint8_t class_of[256]; /* bytes that no edge tells apart have the same */
    uint32_t n_classes;
    uint8_t byte_of[256];  /* [n_classes]: one byte of each */
} HrNetwork;

/* Fails with HR_ERROR_SETTINGS where the grammar is too large, where a rule begins with itself, or
 * where it matches no text. */
HrNetwork *hr_network_new(const HrSyntax *syntax, uint32_t root,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
void hr_network_free(HrNetwork *network);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrNetwork, hr_network_free)
/* The root is rule 0 of the network. */
