/* arch.h: what an architecture is: tensors to bind, and a program to emit.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One file per family, arch-<family>.c, that reads like the paper from top to bottom. To add one:
 * write the file and name it in architectures.h.
 */
#pragma once

#include "model/hparams-experts.h"
#include "model/hparams-windows.h"
#include "model/weights.h"
#include "program/emit.h"

typedef struct HrArch {
    const char *name; /* general.architecture */
    const char *models; /* some that people know, for lists; NULL: none */
    HrRopeKind rope;
    bool encoder;      /* every token sees the whole text; gives vectors */
    bool experts;      /* every model of it has them */
    bool mixed_layers; /* some may lack attention or a feed-forward (a count of 0) */
    /* Reads the keys that only this architecture has and completes hparams (NULL: nothing to do).
     * False with an error of keys. */
    bool (*shape)(HrHparams *hparams, const HrKeys *keys);
    /* Binds the tensors of hparams' shape; errors go to the binder. weights->layers is allocated.
     */
    void (*bind)(HrBinder *binder, const HrHparams *hparams, HrWeights *weights);
    /* Emits the steps from token ids to logits. */
    void (*emit)(HrEmit *emit, const HrHparams *hparams, const HrWeights *weights);
    /* Refuses a variant that is not handled (NULL: none). */
    bool (*check)(const HrGguf *gguf, GError **error);
} HrArch;

#define HR_ARCH(name) extern const HrArch hr_arch_##name;
#include "model/architectures.h"
#undef HR_ARCH

const HrArch *hr_arch_find(const char *name); /* NULL if unknown */

/* The decoder that most families are a variation of: pre-norm attention and gated feed-forward,
 * each added to the residual. Which biases and head norms there are follows from the tensors that
 * were bound.
 *
 * Where kernels round activations to integers, attention's projections and the output matrix get 16
 * bits: on models of one block type that takes the divergence from exact arithmetic to 0.2-0.6 of
 * what 8 bits everywhere leave, for a tenth of the work; the feed-forward, which is most of the
 * work, keeps 8. */
void hr_bind_decoder(HrBinder *binder, const HrHparams *hparams, HrWeights *weights);

/* The feed-forwards' matrices as they are, whatever scales lie beside them. */
void hr_take_unscaled(const HrHparams *hparams, HrWeights *weights);

/* Gates, ups and downs of a layer's experts. */
void hr_bind_expert_stacks(HrBinder *binder, const HrHparams *hparams, int il,
                           HrExpertWeights *experts);
/* With router and shared experts. */
void hr_bind_experts(HrBinder *binder, const HrHparams *hparams, int il, HrExpertWeights *experts);
/* Its parts: embeddings, last norm and output; queries, keys, values, their norms and the output of
 * attention; gate, up and down, or experts where the metadata says so. */
void hr_bind_ends(HrBinder *binder, const HrHparams *hparams, HrWeights *weights);
void hr_bind_attention(HrBinder *binder, const HrHparams *hparams, int il, HrLayerWeights *weights);
void hr_bind_heads(HrBinder *binder, const HrHparams *hparams, int il,
                   HrLayerWeights *weights); /* without the norms */
void hr_bind_output(HrBinder *binder, const HrHparams *hparams, HrWeights *weights);
void hr_bind_swiglu(HrBinder *binder, const HrHparams *hparams, int il, HrLayerWeights *weights);
/* Up and down, and gate where the file has it, beside up or as its first half. */
void hr_bind_ffn(HrBinder *binder, const HrHparams *hparams, int il, HrLayerWeights *weights);
/* Post-norms, each where the file has it. */
void hr_bind_post_norms(HrBinder *binder, const HrHparams *hparams, int il,
                        HrLayerWeights *weights);
/* A decoder of RMS norms before sublayers, without experts; the feed-forward as hr_bind_ffn and
 * hr_take_unscaled leave it. */
void hr_bind_dense_decoder(HrBinder *binder, const HrHparams *hparams, HrWeights *weights);
/* The same for decoders with layer norms: ends; norms before the sublayers, the second where the
 * file has it; attention and hr_bind_ffn. */
void hr_bind_layer_norm_decoder(HrBinder *binder, const HrHparams *hparams, HrWeights *weights);
void hr_bind_feed_forward(HrBinder *binder, const HrHparams *hparams, int il,
                          HrLayerWeights *weights);

/* What the file says of scores, or what the architecture has where it says nothing. */
static inline HrScores hr_scores(const HrHparams *hp, HrScores fallback)
{
    return hp->experts.scores ? hp->experts.scores : fallback;
}
