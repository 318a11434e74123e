/* arch-maion-coder.c: Maion Coder.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Llama's layers with normalised queries and keys, and norms behind the sublayers as well. Layers
 * that see everything do not turn. Every second layer or so has experts, which work on narrower
 * rows; how wide an expert is differs from layer to layer.
 */
#include "model/arch.h"

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    HrExperts *x = &hp->experts;
    if (!hr_hparams_read_windows(hp, keys, 0, 1) ||
        !hr_keys_read_uint(keys, "moe_latent_size", 1, HR_MAX_WIDTH, &x->n_latent))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hp->layers[il].unturned = hp->layers[il].window == 0;
    return true;
}

/* ---- Tensors ---- */

static void bind_mixture(HrBinder *b, const HrHparams *hp, int il, HrExpertWeights *w)
{
    const HrExperts *x = &hp->experts;
    uint64_t n_ff = hp->layers[il].n_ff_experts;
    hr_bind_linear(b, &w->router, il, "ffn_gate_inp", hp->n_embd, x->n);
    w->router.fine = true;
    hr_bind_linear(b, &w->latent_down, il, "ffn_latent_down", hp->n_embd, x->n_latent);
    hr_bind_stack(b, &w->gate, il, "ffn_gate_exps", x->n_latent, n_ff, x->n);
    hr_bind_stack(b, &w->up, il, "ffn_up_exps", x->n_latent, n_ff, x->n);
    hr_bind_stack(b, &w->down, il, "ffn_down_exps", n_ff, x->n_latent, x->n);
    hr_bind_linear(b, &w->latent_up, il, "ffn_latent_up", x->n_latent, hp->n_embd);
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    w->rope_freqs = (HrWeight){0};
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        hr_bind_attention(b, hp, (int)il, l);
        hr_bind(b, &l->post_attn_norm, (int)il, "post_attention_norm.weight", hp->n_embd, 1);
        hr_bind(b, &l->ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        hr_bind(b, &l->post_ffn_norm, (int)il, "post_ffw_norm.weight", hp->n_embd, 1);
        if (hr_has_experts(hp, il))
            bind_mixture(b, hp, (int)il, &l->experts);
        else
            hr_bind_swiglu(b, hp, (int)il, l);
    }
    hr_take_unscaled(hp, w);
}

/* ---- Steps ---- */

static HrBuf emit_mixture(HrEmit *e, const HrHparams *hp, HrBuf h, const HrExpertWeights *w)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX, true);
    HrBuf logits = hr_emit_linear(e, h, &w->router), narrow = hr_emit_linear(e, h, &w->latent_down);
    return hr_emit_linear(e, hr_emit_experts(e, narrow, logits, w, &routing, HR_NO_BUF),
                          &w->latent_up);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_emit_heads(e, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_add_normed(e, x, hr_emit_linear(e, a, &l->attn_output), &l->post_attn_norm);
        HrBuf h = hr_emit_rms_norm(e, x, &l->ffn_norm);
        HrBuf f = hr_has_experts(hp, il) ? emit_mixture(e, hp, h, &l->experts)
                                         : hr_emit_ffn(e, h, l, HR_SILU, HR_NO_BUF);
        x = hr_emit_add_normed(e, x, f, &l->post_ffn_norm);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_maion_coder = {.name = "maion-coder",
                                    .models = "Maion Coder",
                                    .rope = HR_ROPE_NEOX,
                                    .experts = true,
                                    .shape = shape,
                                    .bind = bind,
                                    .emit = emit};
