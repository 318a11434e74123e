/* arch-layer-norm.c: decoders with layer norms, from GPT-2 on.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Radford et al. 2019: layer norm before each sublayer, learned positions, a feed-forward without a
 * gate. Later ones have rotary positions or ALiBi in place of learned ones (Su et al. 2021, Press
 * et al. 2021), gates, or let both sublayers read the same and add both (Wang and Komatsuzaki
 * 2021). Tensors that a file has or lacks say which biases there are.
 */
#include "model/arch.h"

#include <string.h>

/* ---- Keys ---- */

static bool read_alibi(HrHparams *hp, const HrKeys *keys)
{
    double bias;
    if (!hr_keys_read_float_or(keys, "attention.max_alibi_bias", 0, 1e3, 0, &bias))
        return false;
    hp->max_alibi_bias = (float)bias;
    return true;
}

/* Its files do not say how steep ALiBi is. */
static bool shape_bloom(HrHparams *hp, const HrKeys *keys)
{
    (void)keys;
    hp->max_alibi_bias = 8;
    return true;
}

/* Sengupta et al. 2023: scores are divided by the width of a head. */
static bool shape_jais(HrHparams *hp, const HrKeys *keys)
{
    hp->attention_scale = 1 / (float)hp->head_dim_k;
    return read_alibi(hp, keys);
}

static bool shape_clamped(HrHparams *hp, const HrKeys *keys)
{
    double cap;
    if (!hr_keys_read_float_or(keys, "attention.clamp_kqv", 0, 1e6, 0, &cap))
        return false;
    hp->qkv_cap = (float)cap;
    return read_alibi(hp, keys);
}

static bool shape_command_r(HrHparams *hp, const HrKeys *keys)
{
    (void)keys;
    hp->logit_scale = hp->logit_scale > 0 ? hp->logit_scale : 1;
    return true;
}

/* Cohere 2024: three layers of four see a window, and only those turn. */
static bool shape_cohere2(HrHparams *hp, const HrKeys *keys)
{
    if (!hr_hparams_read_windows(hp, keys, 4096, 4))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hp->layers[il].unturned = hp->layers[il].window == 0;
    return shape_command_r(hp, keys);
}

/* ---- Tensors ---- */

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_layer_norm_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
}

static void bind_with_positions(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    bind(b, hp, w);
    hr_bind(b, &w->position_embd, -1, "position_embd.weight", hp->n_embd, hp->n_ctx_train);
}

static void bind_bloom(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    bind(b, hp, w);
    hr_bind_norm(b, &w->token_embd_norm, -1, "token_embd_norm", hp->n_embd);
}

/* Larger ones normalise twice what the two sublayers read. */
static void bind_falcon(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    bind(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hr_bind_norm_optional(b, &w->layers[il].attn_norm_2, (int)il, "attn_norm_2", hp->n_embd);
}

/* Every head has a norm of its own. */
static void bind_head_norm(HrBinder *b, HrWeight *norm, int il, const char *name, uint64_t width,
                           uint64_t n_head)
{
    hr_bind_optional_floats(b, norm, il, name, width * n_head);
    norm->n_in = width;
    norm->n_out = n_head;
}

static void bind_with_head_norms(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind(b, &w->token_embd, -1, "token_embd.weight", hp->n_embd, 0);
    hr_bind_norm(b, &w->output_layer_norm, -1, "output_norm", hp->n_embd);
    hr_bind_output(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        const HrLayerShape *s = &hp->layers[il];
        hr_bind_norm(b, &l->attn_layer_norm, (int)il, "attn_norm", hp->n_embd);
        hr_bind_heads(b, hp, (int)il, l);
        bind_head_norm(b, &l->attn_q_norm, (int)il, "attn_q_norm.weight", s->head_dim_k, s->n_head);
        bind_head_norm(b, &l->attn_k_norm, (int)il, "attn_k_norm.weight", s->head_dim_k,
                       s->n_head_kv);
        hr_bind_norm_optional(b, &l->ffn_layer_norm, (int)il, "ffn_norm", hp->n_embd);
        hr_bind_ffn(b, hp, (int)il, l);
    }
    hr_take_unscaled(hp, w);
}

/* The feed-forward's scales count. */
static void bind_cohere2(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_layer_norm_decoder(b, hp, w);
}

/* Groeneveld et al. 2024: norms without factors. */
static void bind_olmo(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind(b, &w->token_embd, -1, "token_embd.weight", hp->n_embd, 0);
    hr_bind_output(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        hr_bind_heads(b, hp, (int)il, &w->layers[il]);
        hr_bind_ffn(b, hp, (int)il, &w->layers[il]);
    }
    hr_take_unscaled(hp, w);
}

/* ---- Steps ---- */

static HrBuf emit_inputs(HrEmit *e, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    if (hr_weight_exists(&w->position_embd))
        x = hr_emit_add_positions(e, x, &w->position_embd);
    return hr_weight_exists(&w->token_embd_norm.weight)
               ? hr_emit_layer_norm(e, x, &w->token_embd_norm)
               : x;
}

static HrBuf emit_heads(HrEmit *e, HrBuf h, const HrLayerWeights *l)
{
    HrHeads heads = hr_emit_qkv(e, h, l);
    if (hr_weight_exists(&l->attn_q_norm))
        hr_emit_head_layer_norms(e, heads.q, &l->attn_q_norm, heads.k, &l->attn_k_norm);
    hr_emit_rope_and_store(e, heads.q, heads.k, heads.v);
    return hr_emit_attention(e, heads.q);
}

/* One sublayer behind the other. */
static void emit_in_turn(HrEmit *e, const HrHparams *hp, const HrWeights *w,
                         HrActivation activation)
{
    HrBuf x = emit_inputs(e, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = emit_heads(e, hr_emit_layer_norm(e, x, &l->attn_layer_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_ffn(e, hr_emit_layer_norm(e, x, &l->ffn_layer_norm), l, activation, x);
    }
    hr_emit_layer_norm_head(e, x, w);
}

/* What the feed-forward reads where both sublayers read x: x normalised for it, or what attention
 * reads. */
static HrBuf emit_side(HrEmit *e, HrBuf x, HrBuf h, const HrLayerWeights *l)
{
    return hr_weight_exists(&l->ffn_layer_norm.weight)
               ? hr_emit_layer_norm(e, x, &l->ffn_layer_norm)
               : h;
}

/* Both sublayers side by side. */
static void emit_layers_parallel(HrEmit *e, const HrHparams *hp, const HrWeights *w,
                                 HrActivation activation, HrBuf *x)
{
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf h = hr_emit_layer_norm(e, *x, &l->attn_layer_norm);
        HrBuf side = emit_side(e, *x, h, l);
        HrBuf a = emit_heads(e,
                             hr_weight_exists(&l->attn_norm_2.weight)
                                 ? hr_emit_layer_norm(e, *x, &l->attn_norm_2)
                                 : h,
                             l);
        hr_emit_narrow_to_outputs(e, &a, x);
        hr_emit_narrow(e, &side);
        *x = hr_emit_linear_add(e, a, &l->attn_output, *x);
        *x = hr_emit_ffn(e, side, l, activation, *x);
    }
}

static void emit_gelu(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    emit_in_turn(e, hp, w, HR_GELU_TANH);
}

static void emit_silu(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    emit_in_turn(e, hp, w, HR_SILU);
}

static void emit_squared_relu(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    emit_in_turn(e, hp, w, HR_RELU_SQUARED);
}

static void emit_parallel_gelu(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    emit_layers_parallel(e, hp, w, HR_GELU_TANH, &x);
    hr_emit_layer_norm_head(e, x, w);
}

static void emit_cohere(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    emit_layers_parallel(e, hp, w, HR_SILU, &x);
    hr_emit_layer(e, HR_NO_LAYER);
    hr_emit_logits_scaled(e, hr_emit_layer_norm(e, x, &w->output_layer_norm), &w->output,
                          hp->logit_scale);
}

/* Smaller StableLMs work in turn; without a second norm they do so side by side. */
static void emit_stablelm(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    if (hr_weight_exists(&w->layers[0].ffn_layer_norm.weight)) {
        emit_silu(e, hp, w);
        return;
    }
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    emit_layers_parallel(e, hp, w, HR_SILU, &x);
    hr_emit_layer_norm_head(e, x, w);
}

static void emit_gptneox(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    if (hp->parallel_residual)
        emit_parallel_gelu(e, hp, w);
    else
        emit_gelu(e, hp, w);
}

static bool shape_gptneox(HrHparams *hp, const HrKeys *keys)
{
    g_autofree char *name = hr_keys_name(keys, "use_parallel_residual");
    hp->parallel_residual = true;
    hr_gguf_get_bool(keys->gguf, name, &hp->parallel_residual);
    return true;
}

/* ---- The table ---- */

#define LAYER_NORMED(id, arch, people, kind, ...)        \
    const HrArch hr_arch_##id = {.name = arch,           \
                                 .models = people,       \
                                 .rope = HR_ROPE_##kind, \
                                 __VA_ARGS__};

LAYER_NORMED(bloom, "bloom", "BLOOM, BLOOMZ", NONE, .shape = shape_bloom, .bind = bind_bloom,
             .emit = emit_gelu)
LAYER_NORMED(codeshell, "codeshell", "CodeShell 7B", NEOX, .bind = bind, .emit = emit_gelu)
LAYER_NORMED(cohere2, "cohere2", "Command R7B, Command A", NORM, .shape = shape_cohere2,
             .bind = bind_cohere2, .emit = emit_cohere)
LAYER_NORMED(command_r, "command-r", "Command R, Command R+, Aya", NORM, .shape = shape_command_r,
             .bind = bind_with_head_norms, .emit = emit_cohere)
LAYER_NORMED(falcon, "falcon", "Falcon 7B and 40B", NEOX, .bind = bind_falcon,
             .emit = emit_parallel_gelu)
LAYER_NORMED(gpt2, "gpt2", "GPT-2", NONE, .bind = bind_with_positions, .emit = emit_gelu)
LAYER_NORMED(gptneox, "gptneox", "GPT-NeoX, Pythia, Dolly", NEOX, .shape = shape_gptneox,
             .bind = bind, .emit = emit_gptneox)
LAYER_NORMED(jais, "jais", "Jais", NONE, .shape = shape_jais, .bind = bind, .emit = emit_silu)
LAYER_NORMED(jais2, "jais2", "Jais 2", NEOX, .bind = bind, .emit = emit_squared_relu)
LAYER_NORMED(nemotron, "nemotron", "Nemotron 3 and 4, Minitron", NEOX, .bind = bind,
             .emit = emit_squared_relu)
LAYER_NORMED(olmo, "olmo", "OLMo 1", NORM, .shape = shape_clamped, .bind = bind_olmo,
             .emit = emit_silu)
LAYER_NORMED(orion, "orion", "Orion 14B", NEOX, .bind = bind, .emit = emit_silu)
LAYER_NORMED(phi2, "phi2", "Phi-1, Phi-1.5, Phi-2", NEOX, .bind = bind, .emit = emit_parallel_gelu)
LAYER_NORMED(stablelm, "stablelm", "StableLM, StableLM 2", NEOX, .bind = bind_with_head_norms,
             .emit = emit_stablelm)
LAYER_NORMED(starcoder, "starcoder", "StarCoder, SantaCoder", NONE, .bind = bind_with_positions,
             .emit = emit_gelu)
LAYER_NORMED(starcoder2, "starcoder2", "StarCoder 2", NEOX, .bind = bind, .emit = emit_gelu)
