/* hparams.h: a model's shape, from its metadata, as typed fields.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "gguf/gguf.h"
#include "hr.h"

/* Layers that any model may have. The largest published ones have about 130; the cap keeps a
 * hostile file from deciding how much memory a header takes. */
#define HR_MAX_LAYERS 1024
/* Columns of any buffer: an order of magnitude above the widest feed-forward layers. */
#define HR_MAX_WIDTH (1u << 20)
/* Width of a short convolution's kernel; models have 3 or 4. */
#define HR_MAX_CONV 16
#define HR_MAX_CTX (1u << 26)

typedef enum {
    HR_ROPE_NORM,
    HR_ROPE_NEOX,
    HR_ROPE_NONE
} HrRopeKind; /* adjacent pairs, halves, or no rotation */
/* Nonlinearities of feed-forward layers. GELU (Hendrycks and Gimpel 2016): by the error function,
 * by its tanh form, or as x sigmoid(1.702 x). */
typedef enum {
    HR_SILU,
    HR_GELU_ERF,
    HR_GELU_TANH,
    HR_GELU_QUICK,
    HR_RELU,
    HR_RELU_SQUARED,
    HR_SIGMOID,
    HR_TANH,
    HR_SOFTPLUS,
    HR_IDENTITY
} HrActivation;
/* LONG (Ding et al. 2024): divisors of its own for contexts longer than the original. */
typedef enum {
    HR_ROPE_SCALING_NONE,
    HR_ROPE_SCALING_LINEAR,
    HR_ROPE_SCALING_YARN,
    HR_ROPE_SCALING_LONG
} HrRopeScaling;

typedef struct {
    HrRopeKind kind;
    uint32_t n_rot;      /* dimensions of a head that turn */
    uint32_t first;      /* where they begin in it */
    double base;
    HrRopeScaling scaling;
    double factor;       /* of linear and yarn */
    uint32_t n_ctx_orig; /* yarn, long */
    double ext_factor, attn_factor, beta_fast, beta_slow; /* yarn */
    bool unrounded_ramp; /* yarn: between the turned and the stretched, ends at no whole pair */
    uint32_t sections[3]; /* pairs that time, line and column of an image turn; zeros: all by the
                             position */
} HrRope;

/* Multi-head latent attention: widths of a head's key and value as they are multiplied, and of the
 * rows that queries, and keys and values, are made from. */
typedef struct {
    uint32_t key, value, q_row, kv_row;
} HrLatent;

/* xIELU (Huang and Schlag 2025): alpha_p x^2 + beta x for x above 0, else alpha_n (e^min(x, eps) -
 * 1 - x) + beta x. */
typedef struct {
    float alpha_p, alpha_n, beta, eps;
} HrXielu;

/* One layer: what its sublayers look like, and so what it keeps of the past. */
typedef struct {
    uint32_t n_head, n_head_kv;      /* 0: no attention */
    uint32_t head_dim_k, head_dim_v; /* width of a query or key, and of a value */
    uint32_t window; /* positions that attention sees, the query's own included; 0: all */
    bool chunked;    /* windows lie side by side: a query sees its own from the beginning */
    bool local_rope;                 /* queries and keys turn by hparams' local_rope */
    bool unturned;                   /* no rotary positions */
    bool tempered;                   /* queries grow with their position, see HrTemperature */
    bool latent; /* one key head for all; values are the first head_dim_v of its keys and not kept
                    apart */
    uint32_t kv_back; /* it sees the keys and values of the layer so many before it, and has none of
                         its own; 0: its own */
    uint32_t n_conv_state;           /* floats per slot: what a short convolution keeps, 0: none */
    uint32_t n_ssm_state;            /* floats per slot: any other recurrent state, 0: none */
    uint32_t n_ff;                   /* 0: no feed-forward */
    uint32_t n_ff_experts;           /* of its experts, where it has some */
    float experts_limit, shared_limit; /* of what experts and shared ones multiply; 0: none */
    float sparsity; /* gates count beyond so many deviations above their mean; 0: all do */
    HrXielu xielu;  /* of the feed-forward, where the architecture has that */
} HrLayerShape;

/* Experts of a layer: the largest published have 512. The cap bounds what routing takes for each
 * token. */
#define HR_MAX_EXPERTS 1024

/* What a router's logits become: probabilities over all experts, each by itself, or over the chosen
 * ones. */
typedef enum { HR_SCORES_SOFTMAX = 1, HR_SCORES_SIGMOID, HR_SCORES_SOFTMAX_OF_CHOSEN,
    HR_SCORES_SOFTMAX_OF_CLOSE } HrScores;

typedef struct {
    uint32_t n, n_used;              /* 0: the model has none */
    uint32_t n_groups,
        n_groups_used; /* experts are chosen from the best groups of neighbours; 1: from all */
    uint32_t n_ff;                   /* hidden width of an expert: of the widest layer */
    uint32_t n_latent;               /* columns that experts work on; 0: n_embd */
    uint32_t n_shared, n_ff_shared;  /* experts that every token takes, as one feed-forward of that
                                        width; 0: none */
    uint32_t n_sharers; /* neighbouring experts that have an adjugate in common; 0: there is none */
    float adjugate_scale;            /* on what adjugates answer */
    uint32_t n_dense_lead;           /* layers in front that have none */
    uint32_t every; /* every how manieth layer has them, the last of each run; 1: all */
    HrScores scores;                 /* 0: the file does not say */
    bool normalise;                  /* as the file says */
    double factor;                   /* on the weights; 0: the file does not say */
    float limit;                     /* of what experts multiply, see HrClamp; 0: none */
} HrExperts;
/* Of recurrent layers: a short convolution and n_head heads of n_inner / n_head values, each with
 * n_state rows of state; heads of a group share their keys and queries. */
typedef struct {
    uint32_t n_conv, n_inner, n_state, n_head, n_group;
    float bound;     /* Ling 3: of the logarithms of decays; 0: none */
    bool normalises; /* Mamba: time steps, keys and queries, whether there are weights for it or not
                      */
} HrRecurrentShape;

/* Scores of queries far from the start are sharpened: times 1 + scale ln(1 + floor((position +
 * offset) / length)). */
typedef struct {
    uint32_t length; /* 0: they are not */
    double scale, offset;
} HrTemperature;

typedef struct {
    uint32_t n_layer, n_embd, n_vocab, n_ctx_train;
    uint32_t head_dim_k, head_dim_v; /* of layers that say nothing else */
    HrLayerShape *layers; /* [n_layer] */
    float norm_eps;
    uint32_t norm_width; /* of the parts that norms take a row in, where there are such */
    float attention_scale; /* of scores */
    float embedding_scale, residual_scale, logit_scale; /* as the file has them; 0: none */
    float score_cap, logit_cap; /* cap tanh (x / cap) of scores and logits; 0: none */
    bool parallel_residual; /* both sublayers read the same */
    float qkv_cap; /* queries, keys and values are cut at it; 0: none */
    float value_scale; /* of what attention answers, where the architecture has that */
    HrTemperature temperature;
    HrRope rope, local_rope; /* of the layers that say so; n_rot 0: none does */
    HrLatent latent;
    HrExperts experts;
    HrExperts value_experts; /* that make values, where the architecture has that */
    HrRecurrentShape recurrent; /* read by the architectures that have it */
    uint32_t n_per_layer; /* numbers of each token for each layer, beside its embedding; 0: none */
    uint32_t n_streams;   /* that layers keep side by side, where the architecture has several */
    float max_alibi_bias; /* of the first head; 0: no ALiBi */
    bool encoder;         /* every token sees the whole text: no cache */
    bool whole;           /* a text has to be computed in one step */
    bool embeds;          /* gives vectors instead of logits */
    HrPooling pooling;
} HrHparams;

/* The layer whose keys and values a layer sees. */
static inline uint32_t hr_hparams_kv_layer(const HrHparams *hp, uint32_t layer)
{
    return layer - hp->layers[layer].kv_back;
}
static inline const HrRope *hr_hparams_rope(const HrHparams *hp, uint32_t layer)
{
    return hp->layers[layer].local_rope ? &hp->local_rope : &hp->rope;
}

/* Reads <arch>.* of gguf, what most architectures have. mixed_layers: some may lack attention or a
 * feed-forward. HR_ERROR_FORMAT names the key that is missing or impossible. */
bool hr_hparams_read(HrHparams *hparams, const HrGguf *gguf, const char *arch, bool mixed_layers,
                     GError **error);
void hr_hparams_finish(HrHparams *hparams);

/* ALiBi's slope of a head (Press et al. 2021): powers of 2^(-max_bias / n) for the largest power of
 * two n of heads, those in between for the rest. */
float hr_alibi_slope(float max_bias, uint32_t n_head, uint32_t head);

/* Angular frequency of each rotated pair, n_rot / 2 of them: inv_freq[i] = base^(-2i/n_rot), scaled
 * as rope says; divisors (rope_freqs.weight, [n_rot/2] or NULL) divide. ret_magnitude: factor on
 * cosine and sine. YaRN after Peng et al. 2023, sections 3.2-3.4. */
void hr_rope_frequencies(const HrRope *rope, const float *divisors, double *inv_freq,
                         float *ret_magnitude);
