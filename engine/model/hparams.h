/* hparams.h: a model's shape, from its metadata, as typed fields.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "gguf/gguf.h"
#include "hr.h"

/* Layers that any model may have. The largest published ones have about 130; the cap keeps a hostile file from deciding how
 * much memory a header takes. */
#define HR_MAX_LAYERS 1024
/* Columns of any buffer: an order of magnitude above the widest feed-forward layers. */
#define HR_MAX_WIDTH (1u << 20)
#define HR_MAX_CTX (1u << 26)

typedef enum { HR_ROPE_NORM, HR_ROPE_NEOX } HrRopeKind; /* adjacent pairs, or halves */
/* Nonlinearities of feed-forward layers. GELU (Hendrycks and Gimpel 2016): by the error function, by its tanh form, or as
 * x sigmoid(1.702 x). */
typedef enum { HR_SILU, HR_GELU_ERF, HR_GELU_TANH, HR_GELU_QUICK, HR_RELU, HR_RELU_SQUARED } HrActivation;
typedef enum { HR_ROPE_SCALING_NONE, HR_ROPE_SCALING_LINEAR, HR_ROPE_SCALING_YARN } HrRopeScaling;

typedef struct {
    HrRopeKind kind;
    uint32_t n_rot;      /* dimensions of a head that turn */
    double base;
    HrRopeScaling scaling;
    double factor;       /* of linear and yarn */
    uint32_t n_ctx_orig; /* yarn */
    double ext_factor, attn_factor, beta_fast, beta_slow; /* yarn */
} HrRope;

/* One layer: what its sublayers look like, and so what it keeps of the past. */
typedef struct {
    uint32_t n_head, n_head_kv;      /* 0: no attention */
    uint32_t head_dim_k, head_dim_v; /* width of a query or key, and of a value */
    uint32_t window;                 /* positions that attention sees, the query's own included; 0: all */
    bool latent;                     /* one key head for all; values are the first head_dim_v of its keys and not kept apart */
    uint32_t n_conv_state;           /* floats per slot: what a short convolution keeps, 0: none */
    uint32_t n_ssm_state;            /* floats per slot: any other recurrent state, 0: none */
    uint32_t n_ff;                   /* 0: no feed-forward */
} HrLayerShape;

typedef struct {
    uint32_t n_layer, n_embd, n_vocab, n_ctx_train;
    uint32_t head_dim_k, head_dim_v; /* of layers that say nothing else */
    HrLayerShape *layers; /* [n_layer] */
    float norm_eps;
    float attention_scale; /* of scores */
    HrRope rope;
} HrHparams;

/* Reads <arch>.* of gguf, what most architectures have. mixed_layers: some may lack attention or a feed-forward. HR_ERROR_FORMAT names
 * the key that is missing or impossible. */
bool hr_hparams_read(HrHparams *hparams, const HrGguf *gguf, const char *arch, bool mixed_layers, GError **error);
void hr_hparams_finish(HrHparams *hparams);

/* Angular frequency of each rotated pair, n_rot / 2 of them: inv_freq[i] = base^(-2i/n_rot), scaled as rope says; divisors
 * (rope_freqs.weight, [n_rot/2] or NULL) divide. ret_magnitude: factor on cosine and sine. YaRN after Peng et al. 2023, sections
 * 3.2-3.4. */
void hr_rope_frequencies(const HrRope *rope, const float *divisors, double *inv_freq, float *ret_magnitude);
