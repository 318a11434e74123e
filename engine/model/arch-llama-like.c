/* arch-llama-like.c: decoders that compute what Llama computes, one layer after another, and differ
 * in what this table says.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * RMS norm before each sublayer, attention, gated feed-forward (arch-llama.c says more). Queries
 * and keys are normalised, biased, fused with their neighbours and so on where the file's tensors
 * are. What else is different: rotation of pairs or halves, layers that do not turn or have ALiBi
 * in its place, scales (Hu et al. 2024), an activation without a gate.
 */
#include "model/arch.h"

#include <math.h>

#define ALIBI_BIAS 8 /* of the first head, in the models that came before files said it */

/* ---- Keys ---- */

/* Yang et al. 2023: the 13B model, which has 40 layers, has ALiBi; so has what is not known to be
 * the 7B one. */
static bool shape_baichuan(HrHparams *hp, const HrKeys *keys)
{
    (void)keys;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hp->layers[il].unturned = hp->n_layer != 32;
    hp->max_alibi_bias = hp->n_layer == 40 ? ALIBI_BIAS : 0;
    return true;
}

static bool shape_refact(HrHparams *hp, const HrKeys *keys)
{
    (void)keys;
    hp->max_alibi_bias = ALIBI_BIAS;
    return true;
}

/* Its feed_forward_length counts gate and up. */
static bool shape_qwen(HrHparams *hp, const HrKeys *keys)
{
    (void)keys;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hp->layers[il].n_ff /= 2;
    return true;
}

/* Bakouch et al. 2025: every fourth layer does not turn (Yang et al. 2025, "RoPE to NoRoPE and back
 * again"). */
static bool shape_smollm3(HrHparams *hp, const HrKeys *keys)
{
    (void)keys;
    for (uint32_t il = 3; il < hp->n_layer; il += 4)
        hp->layers[il].unturned = true;
    return true;
}

/* Queries beyond the original context are sharpened. Where the file says how much YaRN's factor
 * counts in all dimensions, that is taken out of the rotations again. */
static bool shape_mistral3(HrHparams *hp, const HrKeys *keys)
{
    double multiplier;
    if (!hr_keys_read_float_or(keys, "attention.temperature_scale", 0, 1e3, 0,
                               &hp->temperature.scale) ||
        !hr_keys_read_float_or(keys, "rope.scaling.yarn_log_multiplier", 0, 1e3, 0, &multiplier))
        return false;
    if (hp->rope.scaling == HR_ROPE_SCALING_YARN && hp->rope.ext_factor != 0)
        hp->rope.attn_factor /= 1 + 0.1 * multiplier * log(MAX(hp->rope.factor, 1));
    hp->temperature.length = hp->temperature.scale > 0 ? hp->rope.n_ctx_orig : 0;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hp->layers[il].tempered = true;
    return true;
}

/* Files from before the keys were there have the scales of the paper. */
static bool shape_minicpm(HrHparams *hp, const HrKeys *keys)
{
    (void)keys;
    hp->embedding_scale = hp->embedding_scale > 0 ? hp->embedding_scale : 12;
    hp->residual_scale =
        hp->residual_scale > 0 ? hp->residual_scale : 1.4f / sqrtf((float)hp->n_layer);
    hp->logit_scale = 1 / (hp->logit_scale > 0 ? hp->logit_scale : (float)hp->n_embd / 256);
    return true;
}

/* ---- Tensors ---- */

/* Some take matrices and rotations as they are, whatever scales, biases and divisors lie beside
 * them. */

static void bind_undivided(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_dense_decoder(b, hp, w);
    w->rope_freqs = (HrWeight){0};
}

static void bind_unbiased(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_dense_decoder(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        l->attn_output.bias = l->ffn_gate.bias = l->ffn_up.bias = l->ffn_down.bias = (HrWeight){0};
    }
}

static void bind_unscaled_heads(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    bind_undivided(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        l->attn_q.scale = l->attn_k.scale = l->attn_v.scale = (HrWeight){0};
    }
}

/* With experts where the file has some. */
static void bind_either(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    if (hp->experts.n == 0) {
        hr_bind_dense_decoder(b, hp, w);
        return;
    }
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
}

static void bind_long_rope(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    bind_either(b, hp, w);
    hr_bind_optional(b, &w->rope_long, -1, "rope_factors_long.weight", hp->rope.n_rot / 2, 1);
    hr_bind_optional(b, &w->rope_short, -1, "rope_factors_short.weight", hp->rope.n_rot / 2, 1);
}

/* ---- Steps ---- */

static float scale_or_one(float scale)
{
    return scale > 0 ? scale : 1;
}

/* A feed-forward or a mixture of h, plus residual (HR_NO_BUF: nothing). */
static HrBuf emit_either(HrEmit *e, const HrHparams *hp, HrBuf h, const HrLayerWeights *l,
                         HrActivation activation, HrBuf residual)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX, true);
    return hr_weight_exists(&l->ffn_up.weight)
               ? hr_emit_ffn(e, h, l, activation, residual)
               : hr_emit_mixture(e, h, &l->experts, &routing, residual);
}

static void emit_with(HrEmit *e, const HrHparams *hp, const HrWeights *w, HrActivation activation)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_emit_heads(e, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        HrBuf h = hr_emit_rms_norm(e, x, &l->ffn_norm);
        x = emit_either(e, hp, h, l, activation, x);
    }
    hr_emit_head(e, x, w);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    emit_with(e, hp, w, HR_SILU);
}

static void emit_squared_relu(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    emit_with(e, hp, w, HR_RELU_SQUARED);
}

/* Embeddings, what sublayers add and logits are scaled. */
static void emit_scaled(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    float factor = scale_or_one(hp->residual_scale);
    HrBuf x = hr_emit_embed_scaled(e, &w->token_embd, scale_or_one(hp->embedding_scale));
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_emit_heads(e, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add_scaled(e, a, &l->attn_output, factor, x);
        HrBuf h = hr_emit_rms_norm(e, x, &l->ffn_norm);
        x = hr_emit_scale_add(e, emit_either(e, hp, h, l, HR_SILU, HR_NO_BUF), factor, x);
    }
    hr_emit_layer(e, HR_NO_LAYER);
    hr_emit_logits_scaled(e, hr_emit_rms_norm(e, x, &w->output_norm), &w->output,
                          scale_or_one(hp->logit_scale));
}

/* Queries and keys are normalised after they were turned. */
static void emit_turned_first(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_emit_heads_turned_first(e, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_swiglu(e, x, l);
    }
    hr_emit_head(e, x, w);
}

/* What both sublayers read is normalised once, and both are added at the end. */
static void emit_parallel(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf h = hr_emit_rms_norm(e, x, &l->attn_norm), a = hr_emit_heads(e, h, l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        hr_emit_narrow(e, &h);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_ffn(e, h, l, HR_SILU, x);
    }
    hr_emit_head(e, x, w);
}

static void bind_parallel(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        hr_bind(b, &w->layers[il].attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        hr_bind_attention(b, hp, (int)il, &w->layers[il]);
        hr_bind_ffn(b, hp, (int)il, &w->layers[il]);
    }
    hr_take_unscaled(hp, w);
}

/* ---- The table ---- */

#define LIKE_LLAMA(id, arch, people, kind, ...)          \
    const HrArch hr_arch_##id = {.name = arch,           \
                                 .models = people,       \
                                 .rope = HR_ROPE_##kind, \
                                 __VA_ARGS__};
#define DENSE .bind = hr_bind_dense_decoder, .emit = emit

LIKE_LLAMA(arcee, "arcee", "AFM 4.5B", NORM, .bind = hr_bind_dense_decoder,
           .emit = emit_squared_relu)
LIKE_LLAMA(baichuan, "baichuan", "Baichuan, Baichuan 2", NORM, .shape = shape_baichuan, DENSE)
LIKE_LLAMA(chatglm, "chatglm", "ChatGLM 3, GLM-4 9B", NORM, DENSE)
LIKE_LLAMA(cogvlm, "cogvlm", "CogVLM (text)", NEOX, .bind = bind_unscaled_heads, .emit = emit)
LIKE_LLAMA(ernie4_5, "ernie4_5", "ERNIE 4.5 0.3B", NORM, .bind = bind_unbiased, .emit = emit)
LIKE_LLAMA(exaone, "exaone", "EXAONE 3, 3.5 and Deep", NEOX, DENSE)
LIKE_LLAMA(hunyuan_dense, "hunyuan-dense", "Hunyuan 0.5B to 7B", NEOX,
           .bind = hr_bind_dense_decoder, .emit = emit_turned_first)
LIKE_LLAMA(hunyuan_vl, "hunyuan_vl", "HunyuanOCR (text)", NEOX, .bind = hr_bind_dense_decoder,
           .emit = emit_turned_first)
LIKE_LLAMA(internlm2, "internlm2", "InternLM 2, 2.5 and 3", NORM, DENSE)
LIKE_LLAMA(maincoder, "maincoder", "Maincoder 1B", NORM, .bind = hr_bind_dense_decoder,
           .emit = emit_turned_first)
LIKE_LLAMA(minicpm, "minicpm", "MiniCPM 1B, 2B and 4", NORM, .shape = shape_minicpm,
           .bind = bind_long_rope, .emit = emit_scaled)
LIKE_LLAMA(mistral3, "mistral3", "Ministral 3", NORM, .shape = shape_mistral3,
           .bind = hr_bind_decoder, .emit = emit)
LIKE_LLAMA(nanbeige, "nanbeige", "Nanbeige 4", NORM, .bind = hr_bind_decoder, .emit = emit)
LIKE_LLAMA(openelm, "openelm", "OpenELM", NEOX, .bind = bind_unscaled_heads, .emit = emit)
LIKE_LLAMA(paddleocr, "paddleocr", "PaddleOCR-VL (text)", NEOX, DENSE)
LIKE_LLAMA(pangu_embedded, "pangu-embedded", "openPangu Embedded", NEOX, .bind = bind_undivided,
           .emit = emit)
LIKE_LLAMA(phi3, "phi3", "Phi-3, Phi-3.5, Phi-4", NEOX, .bind = bind_long_rope, .emit = emit)
LIKE_LLAMA(plamo, "plamo", "PLaMo 13B", NEOX, .bind = bind_parallel, .emit = emit_parallel)
LIKE_LLAMA(qwen, "qwen", "Qwen 1", NEOX, .shape = shape_qwen, DENSE)
LIKE_LLAMA(qwen3tts, "qwen3tts", "Qwen3-TTS (text)", NEOX, DENSE)
LIKE_LLAMA(qwen3vl, "qwen3vl", "Qwen3-VL", NEOX, DENSE)
LIKE_LLAMA(refact, "refact", "Refact 1.6B", NONE, .shape = shape_refact, .bind = bind_unbiased,
           .emit = emit)
LIKE_LLAMA(seed_oss, "seed_oss", "Seed-OSS 36B", NEOX, DENSE)
LIKE_LLAMA(smollm3, "smollm3", "SmolLM3", NORM, .shape = shape_smollm3, DENSE)
LIKE_LLAMA(xverse, "xverse", "XVERSE", NORM, DENSE)
