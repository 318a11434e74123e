/* tiny-model.h: model files of a few hundred kilobytes with made-up weights, for tests of everything above the reader.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "gguf-builder.h"

typedef struct {
    const char *arch;   /* "llama", "qwen2", "qwen3" */
    HrType type;        /* of matrices: F32, F16 or Q8_0 */
    uint32_t n_layer, n_embd, n_ff, n_head, n_head_kv, head_dim, n_vocab, n_ctx;
    bool tied;
    float std;          /* deviation of the weights */
    bool rope_freqs;    /* with divisors, as Llama 3.1 has them */
    const char *rope_scaling; /* "linear", "yarn"; NULL: no key */
    float rope_factor;        /* of it */
    uint32_t n_ctx_orig;      /* of yarn; 0: no key */
    float norm_eps;           /* 0: 1e-5 */
} TinyModel;

/* llama, F32, 2 layers, 64 wide, 4 heads over 2, 16 wide, 300 tokens (256 bytes, three control tokens, fillers), 1024 positions. */
extern const TinyModel tiny_model_default;

/* Writes the file; the same model gives the same bytes. */
void tiny_model_write(const TinyModel *model, const char *path);
/* A path in a fresh temporary folder, written. Remove with tiny_model_remove. */
char *tiny_model_new(const TinyModel *model);
void tiny_model_remove(char *take_path);
