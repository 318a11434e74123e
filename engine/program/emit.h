/* emit.h: the words that architectures write programs with.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each call appends an operation (or widens the last one) and returns the buffer that it fills.
 */
#pragma once

#include "program/program.h"

typedef struct HrEmit {
    HrProgram *program;
    uint32_t layer;
} HrEmit;

/* The layer that the following operations belong to; HR_NO_LAYER after the last. */
void hr_emit_layer(HrEmit *emit, uint32_t layer);

HrBuf hr_emit_embed(HrEmit *emit, const HrWeight *embeddings);
HrBuf hr_emit_embed_scaled(HrEmit *emit, const HrWeight *embeddings, float factor);
/* Rows of a table beside the embeddings; its first one where an image stands. */
HrBuf hr_emit_embed_beside(HrEmit *emit, const HrWeight *table, float factor);
HrBuf hr_emit_rms_norm(HrEmit *emit, HrBuf x, const HrWeight *weight);
/* The same with an epsilon of its own. */
HrBuf hr_emit_rms_norm_by(HrEmit *emit, HrBuf x, const HrWeight *weight, float eps);
/* Weight and bias may be absent. */
HrBuf hr_emit_layer_norm(HrEmit *emit, HrBuf x, const HrNorm *norm);
/* x plus the row of its position, or plus the first row of a table. */
HrBuf hr_emit_add_positions(HrEmit *emit, HrBuf x, const HrWeight *table);
HrBuf hr_emit_add_first_row(HrEmit *emit, HrBuf x, const HrWeight *table);
/* Products of the same input that follow each other become one operation. */
HrBuf hr_emit_linear(HrEmit *emit, HrBuf x, const HrLinear *linear);
HrBuf hr_emit_linear_add(HrEmit *emit, HrBuf x, const HrLinear *linear, HrBuf residual);
/* residual + factor * linear (x) */
HrBuf hr_emit_linear_add_scaled(HrEmit *emit, HrBuf x, const HrLinear *linear, float factor,
                                HrBuf residual);
void hr_emit_head_norms(HrEmit *emit, HrBuf q, const HrWeight *q_weight, HrBuf k,
                        const HrWeight *k_weight);
/* The same with layer norms. */
void hr_emit_head_layer_norms(HrEmit *emit, HrBuf q, const HrWeight *q_weight, HrBuf k,
                              const HrWeight *k_weight);
/* Queries and keys are turned, unless the layer has no rotary positions. v: HR_NO_BUF in a latent
 * layer; k as well where the layer sees another one's. */
void hr_emit_rope_and_store(HrEmit *emit, HrBuf q, HrBuf k, HrBuf v);
/* The same without turning. */
void hr_emit_store(HrEmit *emit, HrBuf q, HrBuf k, HrBuf v);
HrBuf hr_emit_attention(HrEmit *emit, HrBuf q);
/* The same with a score per head that takes part in the softmax and has no value: what looks at
 * nothing (Xiao et al. 2023). */
HrBuf hr_emit_attention_with_sinks(HrEmit *emit, HrBuf q, const HrWeight *sinks);
/* activation (gate) * up; up HR_NO_BUF: activation (gate). Of fewer gates than columns of up each
 * is meant for as many neighbours. */
HrBuf hr_emit_activate(HrEmit *emit, HrActivation activation, HrBuf gate, HrBuf up);
/* What the experts chosen by logits [n] answer to h, weighted and summed, plus residual (HR_NO_BUF:
 * none). */
HrBuf hr_emit_experts(HrEmit *emit, HrBuf h, HrBuf logits, const HrExpertWeights *experts,
                      const HrRouting *routing, HrBuf residual);
/* Values of h: what the experts chosen by their router have hidden, weighted and summed. */
HrBuf hr_emit_value_experts(HrEmit *emit, HrBuf h, const HrExpertWeights *experts,
                            const HrRouting *routing);
/* Of each width columns of x, a head, what the stack's linear for it makes of the first; the others
 * follow. */
HrBuf hr_emit_head_linear(HrEmit *emit, HrBuf x, const HrLinearStack *stack, uint32_t width);
/* For each head, width of its stride columns of x, and then the columns of shared from at on. */
HrBuf hr_emit_join_heads(HrEmit *emit, HrBuf x, uint32_t stride, uint32_t width, HrBuf shared,
                         uint32_t at);
/* x * factor; x * factor + y. */
HrBuf hr_emit_scale(HrEmit *emit, HrBuf x, float factor);
HrBuf hr_emit_scale_add(HrEmit *emit, HrBuf x, float factor, HrBuf y);
/* x times the numbers of factors, each meant for as many neighbouring columns; plus y (HR_NO_BUF:
 * nothing). */
HrBuf hr_emit_factors(HrEmit *emit, HrBuf x, const HrWeight *factors, HrBuf y);
/* x by the divisors, each meant for as many neighbouring columns. */
HrBuf hr_emit_divided(HrEmit *emit, HrBuf x, const HrWeight *divisors);
/* Of each stride columns of x, the width that begin at first. */
HrBuf hr_emit_pick(HrEmit *emit, HrBuf x, uint32_t stride, uint32_t first, uint32_t width);
/* Several of them side by side. */
HrBuf hr_emit_gather(HrEmit *emit, HrBuf x, const HrColumns *pieces, uint32_t n);
/* Each group of width columns normalised; weight is of one group or of the row, or NULL. */
HrBuf hr_emit_group_norm(HrEmit *emit, HrBuf x, const HrWeight *weight, uint32_t width);
/* out_gate * convolution (x * in_gate), gates where there are some. What the recurrent operations
 * compute is with HrOpKind. */
HrBuf hr_emit_short_conv(HrEmit *emit, HrBuf x, HrBuf in_gate, HrBuf out_gate,
                         const HrWeight *kernel, const HrWeight *bias,
                         const HrRecurrence *recurrence);
HrBuf hr_emit_ssm(HrEmit *emit, HrBuf xbc, HrBuf dt, const HrRecurrence *recurrence);
/* With keys b and queries c in rows of their own. */
HrBuf hr_emit_ssm_apart(HrEmit *emit, HrBuf x, HrBuf dt, HrBuf b, HrBuf c,
                        const HrRecurrence *recurrence);
HrBuf hr_emit_selective(HrEmit *emit, HrBuf x, HrBuf dt, HrBuf b, HrBuf c,
                        const HrRecurrence *recurrence);
HrBuf hr_emit_delta_rule(HrEmit *emit, HrBuf qkv, HrBuf decay, HrBuf rate,
                         const HrRecurrence *recurrence);
HrBuf hr_emit_retain(HrEmit *emit, HrBuf qkv, const HrRecurrence *recurrence);
HrBuf hr_emit_add(HrEmit *emit, HrBuf x, HrBuf y);
void hr_emit_logits(HrEmit *emit, HrBuf x, const HrLinear *output);
void hr_emit_logits_scaled(HrEmit *emit, HrBuf x, const HrLinear *output, float factor);

/* ---- emit-streams.c: streams of width columns side by side in a row ---- */

/* Each stream of y plus the sum over the streams of x of (plus + factor) times it; factors:
 * [streams of y][streams of x] of each row, or HR_NO_BUF. */
HrBuf hr_emit_mix(HrEmit *emit, HrBuf x, uint32_t width, HrBuf factors, float plus, HrBuf y);
/* y with x, one stream, added to each of its streams from the first-th on. */
HrBuf hr_emit_add_to_streams(HrEmit *emit, HrBuf x, uint32_t first, HrBuf y);
/* Each stream of x made as long as y, which is one. */
HrBuf hr_emit_match(HrEmit *emit, HrBuf x, HrBuf y);
/* What a row has beyond its mean and so many deviations, else 0. */
HrBuf hr_emit_beyond(HrEmit *emit, HrBuf x, float deviations);
HrBuf hr_emit_xielu(HrEmit *emit, HrBuf x, const HrXielu *curve);

/* ---- For files of words: an operation begun, and appended with a buffer of its source's rows ---
 */

HrOp hr_emit_begin(HrEmit *emit, HrOpKind kind, HrBuf src);
HrBuf hr_emit_end(HrEmit *emit, HrOp *op, uint32_t cols);
uint32_t hr_emit_cols(HrEmit *emit, HrBuf buf);

/* ---- Parts that most decoders share ---- */

typedef struct {
    HrBuf q, k, v;
} HrHeads;
/* Queries, keys and values of h. */
HrHeads hr_emit_qkv(HrEmit *emit, HrBuf h, const HrLayerWeights *layer);
/* Attention of h: queries, keys and values, normalised where the layer has norms for them, turned
 * and stored; what the heads answer. In an encoder every token sees the whole text, or as far as
 * half the layer's window. */
HrBuf hr_emit_heads(HrEmit *emit, HrBuf h, const HrLayerWeights *layer);
/* The same where queries and keys are normalised after they were turned. */
HrBuf hr_emit_heads_turned_first(HrEmit *emit, HrBuf h, const HrLayerWeights *layer);
/* x + down (silu (gate h) * up h), h = x normalised (Shazeer 2020). */
HrBuf hr_emit_swiglu(HrEmit *emit, HrBuf x, const HrLayerWeights *layer);
/* residual + down (activation (gate h) * up h), without a gate down (activation (up h)). residual
 * HR_NO_BUF: none. */
HrBuf hr_emit_ffn(HrEmit *emit, HrBuf h, const HrLayerWeights *layer, HrActivation activation,
                  HrBuf residual);
/* x + y normalised. */
HrBuf hr_emit_add_normed(HrEmit *emit, HrBuf x, HrBuf y, const HrWeight *norm);
/* What a layer's mixture of experts makes of h: the experts that its router chooses and those that
 * are shared; plus residual. */
HrBuf hr_emit_mixture(HrEmit *emit, HrBuf h, const HrExpertWeights *experts,
                      const HrRouting *routing, HrBuf residual);
/* x + the feed-forward of x normalised: a mixture where the layer has experts, else SwiGLU. */
HrBuf hr_emit_feed_forward(HrEmit *emit, HrBuf x, const HrLayerWeights *layer,
                           const HrRouting *routing);
/* As most do it: SwiGLU, and what the file says of the weights' factor. */
HrRouting hr_routing(const HrHparams *hparams, HrScores scores, bool normalise);
/* With the limits of a layer. */
void hr_routing_limit(HrRouting *routing, const HrLayerShape *layer);
/* In the last layer, behind attention: from here on only the rows whose logits are wanted.
 * Elsewhere, and where all rows are pooled, nothing. */
void hr_emit_narrow_to_outputs(HrEmit *emit, HrBuf *a, HrBuf *x);
/* The same for one buffer. */
void hr_emit_narrow(HrEmit *emit, HrBuf *x);
/* The last norm, and the logits or the vector. */
void hr_emit_head(HrEmit *emit, HrBuf x, const HrWeights *weights);

/* The same where the last norm is a layer norm. */
void hr_emit_layer_norm_head(HrEmit *emit, HrBuf x, const HrWeights *weights);

/* ---- Texts that are computed whole ---- */

/* Queries and keys turned in place. */
void hr_emit_rope(HrEmit *emit, HrBuf q, HrBuf k);
/* Attention of every token to its whole text, or to what is at most window / 2 positions away
 * (window 0: all). */
HrBuf hr_emit_attend_text(HrEmit *emit, HrBuf q, HrBuf k, HrBuf v, uint32_t window);
/* The rows of tokens that pooling takes, then what the model has behind it, into the step's output.
 */
void hr_emit_vector(HrEmit *emit, HrBuf x, const HrWeights *weights);
