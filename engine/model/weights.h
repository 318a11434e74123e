/* weights.h: a model's tensors, bound by meaning.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Binding checks that each tensor is there, has the shape that the metadata promises and a type
 * that can be computed. Data is that of the mapped file; the executor may have moved it
 * (cpu/laid.h). Row-major: a matrix is w[n_out, n_in], its rows row_bytes apart.
 */
#pragma once

#include "gguf/gguf.h"
#include "hr.h"
#include "model/hparams.h"

typedef struct {
    const HrGgufTensor *tensor; /* NULL: the model has none */
    const void *data;           /* mapped; NULL if only the header is known */
    HrType type;
    uint64_t n_in, n_out;
    size_t row_bytes;
} HrWeight;

/* y = weight . x * scale + bias, or (weight . x + bias) * scale. */
typedef struct {
    HrWeight weight;
    HrWeight bias;  /* [n_out], or none */
    HrWeight scale; /* [1], or none: files whose block type has a narrow range carry one */
    bool bias_is_scaled;
    bool fine; /* its input is worth more than 8 bits: see hr_bind_decoder */
} HrLinear;

/* Linears of one shape: of each expert, or of each head. */
typedef struct {
    HrWeight weight;    /* of the first */
    HrWeight
        all; /* the tensor as one matrix: what the executor moves; none where each is a tensor */
    uint64_t first_row; /* of the first in that matrix */
    size_t stride;      /* bytes from one's weights to the next one's */
    const char **apart; /* [n], owned: where each one's weights are, in files with a tensor for
                           each; else NULL */
    HrWeight bias;      /* [n, n_out], or none */
    HrWeight scale;     /* [n], or none */
} HrLinearStack;

/* The weights of one of the stack; all: where the tensor's data are now. */
static inline const void *hr_stack_weights(const HrLinearStack *stack, const void *all, uint32_t i)
{
    return stack->apart
               ? stack->apart[i]
               : (const char *)all + stack->first_row * stack->weight.row_bytes + i * stack->stride;
}
static inline const float *hr_stack_bias(const HrLinearStack *stack, uint32_t i)
{
    return stack->bias.data ? (const float *)(const void *)((const char *)stack->bias.data +
                                                            i * stack->bias.row_bytes)
                            : NULL;
}
static inline float hr_stack_scale(const HrLinearStack *stack, uint32_t i)
{
    return stack->scale.data ? ((const float *)stack->scale.data)[i] : 1;
}

typedef struct {
    HrLinear router;   /* to a logit per expert */
    HrWeight bias;     /* [n_expert], added to the scores for choosing alone; or none */
    HrLinearStack gate, up, down; /* gate may be missing */
    HrLinear shared_router;                      /* to a logit for all shared experts, or none */
    HrLinear shared_gate, shared_up, shared_down; /* the shared experts as one, or none */
    HrLinear latent_down,
        latent_up; /* to the narrower rows that experts work on and back, or none */
} HrExpertWeights;
/* Of a recurrent layer; which of them there are is the architecture's. */
typedef struct {
    HrLinear in, x, dt, out;         /* as the file has them: in and x are fused */
    HrLinear in_gate, in_x, in_b, in_c, in_dt; /* rows of in */
    HrLinear x_dt, x_b, x_c;         /* rows of x */
    HrWeight conv, conv_bias;        /* [channels, width] */
    HrWeight conv_k, conv_v;         /* where queries (conv), keys and values have one each */
    HrLinear decay_a, decay_b, gate_a, gate_b; /* decays and gates that go through a narrow row */
    HrWeight a, d, dt_bias;
    HrWeight norm, dt_norm, b_norm, c_norm;
} HrRecurrentWeights;

/* A norm's factors and, for layer norms, offsets; either may be missing. */
typedef struct {
    HrWeight weight, bias;
} HrNorm;

/* Latent attention: queries and keys go through narrow rows; key and value matrices per head, or in
 * older files one for all. */
typedef struct {
    HrLinear q_a, q_b;  /* or none: attn_q */
    HrLinear kv_a, kv_b;
    HrWeight q_a_norm, kv_a_norm;
    HrLinearStack k_b, v_b; /* [n_head], or none */
} HrLatentWeights;

/* What a layer makes of its own numbers of a token (per-layer.h). */
typedef struct {
    HrLinear gate, proj;
    HrWeight norm;
} HrPerLayerWeights;

/* How a layer's streams follow from each other (Baykal et al. 2023), and a low-rank path beside its
 * attention (Menghani et al. 2024). */
typedef struct {
    HrLinear router, predict, correct;
    HrWeight router_norm, scale;
    HrLinear laurel_left, laurel_right;
    HrWeight laurel_norm;
} HrStreamWeights;

typedef struct {
    HrWeight attn_norm;
    HrLinear attn_q, attn_k, attn_v, attn_output;
    HrWeight attn_q_norm, attn_k_norm; /* per head, or none */
    HrWeight attn_sinks;               /* [n_head], or none */
    HrLinear attn_gate; /* to a gate for each number that the heads answer, or none */
    HrWeight ffn_norm;
    HrLinear ffn_gate, ffn_up, ffn_down;
    HrLatentWeights latent;
    HrExpertWeights experts;
    HrRecurrentWeights recurrent;
    HrNorm attn_layer_norm, ffn_layer_norm;  /* in place of attn_norm and ffn_norm */
    HrWeight post_attn_norm, post_ffn_norm;  /* behind the sublayers, or none */
    HrWeight experts_norm;                   /* before experts that have a norm of their own */
    HrExpertWeights values; /* experts in place of attn_v, or none */
    HrExpertWeights adjugates; /* small experts that groups of experts share, or none */
    HrWeight post_dense_norm, post_experts_norm, router_norm; /* where both sublayers are there */
    HrWeight ffn_act_scales; /* [n_ff], which what is activated is divided by, or none */
    HrWeight output_scale;   /* [1], on all that the layer leaves, or none */
    HrPerLayerWeights per_layer;
    HrStreamWeights streams;
    HrWeight skip_scale; /* [1], on the embeddings that the layer adds, or none */
    /* Encoders: norms of whole rows of queries and keys, and norms behind the sublayers. */
    HrNorm q_norm, k_norm, attn_output_norm, attn_norm_2, layer_output_norm;
} HrLayerWeights;

/* What the bound tensors of a layer take; experts apart, because they may lie on another device. */
typedef struct {
    uint64_t dense, experts;                  /* bytes */
    uint64_t dense_elements,
        expert_elements; /* numbers that the bytes hold: work, for predictions */
} HrLayerBytes;

typedef struct {
    uint64_t embeddings, output; /* bytes of what comes before the layers and after them */
    uint64_t output_elements;
    HrLayerBytes *layers;  /* [n_layer] */
} HrWeightBytes;

typedef struct {
    HrWeight token_embd, output_norm;
    HrLinear output;     /* token_embd itself where the file has none (tied) */
    HrNorm output_layer_norm;
    HrWeight rope_freqs; /* divisors of the frequencies, or none */
    HrWeight rope_long,
        rope_short; /* the same for contexts longer than the original and others, or none */
    bool tied;
    /* Models that embed: what is added to tokens, and what comes behind pooling. */
    HrWeight position_embd, token_types;
    HrNorm token_embd_norm, cls_norm;
    HrLinear dense_2, dense_3, cls, cls_output;
    HrWeight per_layer_embd, per_layer_norm;
    HrLinear per_layer_proj;
    HrLinear stream_proj;        /* to the streams beside the first */
    HrLinearStack stream_unproj; /* and each of them back */
    HrLayerWeights *layers; /* [n_layer] */
    uint32_t n_layer;
    HrWeightBytes bytes;    /* counted while binding, each tensor once */
} HrWeights;

/* What an architecture binds with. The first failure sticks in error and later calls do nothing. */
typedef struct {
    const HrGguf *gguf;
    HrWeightBytes *bytes; /* counted here, or NULL */
    GHashTable *counted;  /* tensors that were */
    GError *error;
} HrBinder;

/* A matrix w[n_out, n_in], or a vector [n_in] where n_out is 1. n_out 0: any. il -1: name as it is,
 * else "blk.<il>.<name>". */
void hr_bind(HrBinder *binder, HrWeight *weight, int il, const char *name, uint64_t n_in,
             uint64_t n_out);
void hr_bind_optional(HrBinder *binder, HrWeight *weight, int il, const char *name, uint64_t n_in,
                      uint64_t n_out);

/* n numbers in F32, however the file divides them into rows. */
void hr_bind_floats(HrBinder *binder, HrWeight *weight, int il, const char *name, uint64_t n);
void hr_bind_optional_floats(HrBinder *binder, HrWeight *weight, int il, const char *name,
                             uint64_t n);

/* <name>.weight, and <name>.bias and <name>.scale where the file has them. */
void hr_bind_linear(HrBinder *binder, HrLinear *linear, int il, const char *name, uint64_t n_in,
                    uint64_t n_out);
/* Rows [row, row + n_out) of a bound linear, sharing its memory: files fuse what has the same
 * input. */
HrLinear hr_linear_rows(const HrLinear *linear, uint64_t row, uint64_t n_out);

/* <name>.weight [n, n_out, n_in], and <name>.bias and <name>.scale where the file has them. */
void hr_bind_stack(HrBinder *binder, HrLinearStack *stack, int il, const char *name, uint64_t n_in,
                   uint64_t n_out, uint32_t n);
/* The same where each is a tensor of its own, <name>.<i>.weight. */
void hr_bind_apart(HrBinder *binder, HrLinearStack *stack, int il, const char *name, uint64_t n_in,
                   uint64_t n_out, uint32_t n);
/* The rows of each of the stack from row on, as a stack with n_out rows that shares its memory. */
HrLinearStack hr_stack_slice(const HrLinearStack *stack, uint64_t row, uint64_t n_out);
/* Whether blk.<il>.<name> is in the file. */
bool hr_bind_finds(const HrBinder *binder, int il, const char *name);

/* ---- bind-text.c: what encoders have ---- */

void hr_bind_linear_optional(HrBinder *binder, HrLinear *linear, int il, const char *name,
                             uint64_t n_in, uint64_t n_out);
/* <name>.weight [n] and, where the file has it, <name>.bias. */
void hr_bind_norm(HrBinder *binder, HrNorm *norm, int il, const char *name, uint64_t n);
void hr_bind_norm_optional(HrBinder *binder, HrNorm *norm, int il, const char *name, uint64_t n);
/* attn_q, attn_k and attn_v, or the rows of one attn_qkv that are theirs. */
void hr_bind_qkv(HrBinder *binder, HrLayerWeights *layer, int il, uint64_t n_in, uint64_t n_q,
                 uint64_t n_k, uint64_t n_v);
/* What comes behind pooling, as far as the file has it: dense_2, dense_3; cls, cls.norm,
 * cls.output. */
void hr_bind_classifier(HrBinder *binder, const HrHparams *hparams, HrWeights *weights);
/* Floats of a text's vector, or scores; 0: the model gives logits. */
uint32_t hr_weights_embedding_width(const HrWeights *weights, const HrHparams *hparams);

void hr_weights_finish(HrWeights *weights);
static inline bool hr_weight_exists(const HrWeight *weight)
{
    return weight->tensor != NULL;
}
