/* arch-muse-glimmer.c: Muse Glimmer.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Meta 2026: embeddings are normalised; layers that see a window turn and those that see everything
 * do not; what heads answer is gated by a sigmoid; norms behind the sublayers, with an epsilon of
 * their own; logits are scaled and bounded softly.
 */
#include "model/arch.h"

#define PERIOD 4
#define POST_NORM_EPS 1e-8f

static const HrWeight no_factors = {0};

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    double cap;
    if (!hr_hparams_read_windows(hp, keys, 0, PERIOD) ||
        !hr_hparams_read_local_rope(hp, keys, hp->rope.base, true) ||
        !hr_keys_read_float_or(keys, "final_logit_softcapping", 0, 1e6, 0, &cap))
        return false;
    hp->logit_cap = (float)cap;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hp->layers[il].unturned = hp->layers[il].window == 0;
    return true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        hr_bind(b, &l->post_attn_norm, (int)il, "post_attention_norm.weight", hp->n_embd, 1);
        hr_bind(b, &l->post_ffn_norm, (int)il, "post_ffw_norm.weight", hp->n_embd, 1);
        hr_bind_linear(b, &l->attn_gate, (int)il, "attn_gate", hp->n_embd,
                       (uint64_t)hp->layers[il].n_head * hp->head_dim_v);
        l->attn_gate.scale = (HrWeight){0};
        l->attn_gate.fine = true;
    }
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_rms_norm(e, hr_emit_embed(e, &w->token_embd), &no_factors);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf h = hr_emit_rms_norm(e, x, &l->attn_norm), gate = hr_emit_linear(e, h, &l->attn_gate);
        HrBuf a = hr_emit_activate(e, HR_SIGMOID, gate, hr_emit_heads(e, h, l));
        hr_emit_narrow_to_outputs(e, &a, &x);
        a = hr_emit_linear(e, a, &l->attn_output);
        x = hr_emit_add(e, hr_emit_rms_norm_by(e, a, &l->post_attn_norm, POST_NORM_EPS), x);
        HrBuf f = hr_emit_ffn(e, hr_emit_rms_norm(e, x, &l->ffn_norm), l, HR_SILU, HR_NO_BUF);
        x = hr_emit_add(e, hr_emit_rms_norm_by(e, f, &l->post_ffn_norm, POST_NORM_EPS), x);
    }
    hr_emit_layer(e, HR_NO_LAYER);
    HrBuf h = hr_emit_rms_norm(e, x, &w->output_norm);
    hr_emit_logits_scaled(e, h, &w->output, hp->logit_scale > 0 ? hp->logit_scale : 1);
}

const HrArch hr_arch_muse_glimmer = {.name = "muse-glimmer",
                                     .models = "Muse Glimmer",
                                     .rope = HR_ROPE_NORM,
                                     .shape = shape,
                                     .bind = bind,
                                     .emit = emit};
