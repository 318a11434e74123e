/* tiny-model.h: model files of a few hundred kilobytes with made-up weights, for tests of
 * everything above the reader.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "gguf-builder.h"

/* A mixture of experts in place of each feed-forward. */
typedef struct {
    uint32_t n, n_used; /* 0: none */
    uint32_t n_ff;      /* 0: no key, as wide as the model says */
    uint32_t n_shared, n_ff_shared;
    uint32_t n_groups, n_groups_used;
    uint32_t n_dense_lead;
    uint32_t gating;    /* expert_gating_func; 0: no key */
    float scale;        /* of the weights; 0: no key */
    bool normalise;     /* expert_weights_norm; false: no key */
    bool selection_bias;
    bool shared_router;
    enum {
        TINY_STACKED,
        TINY_FUSED,
        TINY_APART
    } form; /* of gates and ups; APART: a tensor per expert */
} TinyExperts;

typedef struct {
    const char *arch;   /* "llama", "qwen2", "qwen3", "falcon-h1" */
    HrType type;        /* of matrices: F32, F16 or Q8_0 */
    uint32_t n_layer, n_embd, n_ff, n_head, n_head_kv, head_dim, n_vocab, n_ctx;
    bool tied;
    float std;          /* deviation of the weights */
    bool rope_freqs;    /* with divisors, as Llama 3.1 has them */
    const char *rope_scaling; /* "linear", "yarn"; NULL: no key */
    float rope_factor;        /* of it */
    uint32_t n_ctx_orig;      /* of yarn; 0: no key */
    float norm_eps;           /* 0: 1e-5 */
    TinyExperts experts;
} TinyModel;

/* llama, F32, 2 layers, 64 wide, 4 heads over 2, 16 wide, 300 tokens (256 bytes, three control
 * tokens, fillers), 1024 positions. */
extern const TinyModel tiny_model_default;

/* Writes the file; the same model gives the same bytes. */
void tiny_model_write(const TinyModel *model, const char *path);
/* A path in a fresh temporary folder, written. Remove with tiny_model_remove. */
char *tiny_model_new(const TinyModel *model);
void tiny_model_remove(char *take_path);
