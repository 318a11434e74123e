/* peer-cases.h: the tiny models whose answers another engine gave (peer.txt), and the tokens that
 * it was asked about.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "hr.h"
#include "tiny-model.h"

#define PEER_N_TOKENS                                                                             \
    150 /* more than twice the original context of the scaled cases, and than a page of the cache \
         */

typedef struct {
    const char *name;
    TinyModel model;
    bool adapted; /* with an adapter on every matrix of its layers */
} PeerCase;

/* All cases; their number to ret_n. */
const PeerCase *peer_cases(size_t *ret_n);
/* Writes the adapter of an adapted case, for the model at base_path. */
void peer_write_adapter(const PeerCase *peer_case, const char *base_path, const char *path);
void peer_tokens(HrToken tokens[PEER_N_TOKENS]);
