/* peer-cases.c: see peer-cases.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "peer-cases.h"

/* Small weights would hide mistakes: with these, a rotation that is a tenth off moves the answer
 * visibly. */
#define SHAPE                                                                             \
    .n_layer = 2, .n_embd = 128, .n_ff = 96, .n_head = 4, .n_head_kv = 2, .head_dim = 32, \
    .n_vocab = 300, .n_ctx = 1024, .std = 0.3f

static const PeerCase cases[] = {
    {"llama", {.arch = "llama", SHAPE, .tied = true}},
    {"llama-untied", {.arch = "llama", SHAPE}},
    {"llama-divisors", {.arch = "llama", SHAPE, .tied = true, .rope_freqs = true}},
    {"llama-linear",
     {.arch = "llama", SHAPE, .tied = true, .rope_scaling = "linear", .rope_factor = 4}},
    {"llama-yarn",
     {.arch = "llama",
      SHAPE,
      .tied = true,
      .rope_scaling = "yarn",
      .rope_factor = 4,
      .n_ctx_orig = 64}},
    {"llama-epsilon", {.arch = "llama", SHAPE, .tied = true, .norm_eps = 0.05f}},
    {"qwen2", {.arch = "qwen2", SHAPE, .tied = true}},
    {"qwen2-yarn",
     {.arch = "qwen2", SHAPE, .rope_scaling = "yarn", .rope_factor = 8, .n_ctx_orig = 32}},
    {"qwen3", {.arch = "qwen3", SHAPE, .tied = true}},
    {"qwen3-f16", {.arch = "qwen3", SHAPE, .type = HR_TYPE_F16}},
};

const PeerCase *peer_cases(size_t *ret_n)
{
    *ret_n = G_N_ELEMENTS(cases);
    return cases;
}

void peer_tokens(HrToken tokens[PEER_N_TOKENS])
{
    for (int i = 0; i < PEER_N_TOKENS; i++)
        tokens[i] = (i * i * 7 + i * 31 + 5) % 256;
}
