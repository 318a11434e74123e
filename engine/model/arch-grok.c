/* arch-grok.c: Grok 1 and 2.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * xAI 2024: norms before and behind the sublayers, scores bounded softly, GELU-gated experts
 * weighted by a softmax; Grok 2 has a dense feed-forward beside them, which counts as much.
 * Embeddings and logits are scaled.
 */
#include "model/arch.h"

#include <math.h>

/* Of Grok 1, whose files do not say them. */
#define EMBEDDING_SCALE 78.38367176906169
#define LOGIT_SCALE 0.5773502691896257
#define SCORE_SCALE 0.08838834764831845
#define SCORE_CAP 30

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    double score_scale, score_cap, logit_cap;
    if (!hr_keys_read_float_or(keys, "attention.output_scale", 0, 1e6, SCORE_SCALE, &score_scale) ||
        !hr_keys_read_float_or(keys, "attn_logit_softcapping", 0, 1e6, SCORE_CAP, &score_cap) ||
        !hr_keys_read_float_or(keys, "final_logit_softcapping", 0, 1e6, 0, &logit_cap))
        return false;
    hp->attention_scale = (float)score_scale;
    hp->score_cap = (float)score_cap;
    hp->logit_cap = (float)logit_cap;
    hp->embedding_scale = hp->embedding_scale > 0 ? hp->embedding_scale : (float)EMBEDDING_SCALE;
    hp->logit_scale = hp->logit_scale > 0 ? hp->logit_scale : (float)LOGIT_SCALE;
    return true;
}

static void bind_layer(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    bool named = hr_bind_finds(b, il, "layer_output_norm.weight");
    hr_bind(b, &l->attn_norm, il, "attn_norm.weight", hp->n_embd, 1);
    hr_bind_heads(b, hp, il, l);
    hr_bind(b, &l->post_attn_norm, il, "attn_output_norm.weight", hp->n_embd, 1);
    hr_bind(b, &l->ffn_norm, il, "ffn_norm.weight", hp->n_embd, 1);
    if (hr_bind_finds(b, il, "ffn_up.weight"))
        hr_bind_swiglu(b, hp, il, l);
    hr_bind_experts(b, hp, il, &l->experts);
    hr_bind(b, &l->post_ffn_norm, il, named ? "layer_output_norm.weight" : "post_ffw_norm.weight",
            hp->n_embd, 1);
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    w->rope_freqs = (HrWeight){0};
    for (uint32_t il = 0; il < hp->n_layer; il++)
        bind_layer(b, hp, (int)il, &w->layers[il]);
    hr_take_unscaled(hp, w);
}

static HrBuf emit_feed_forward(HrEmit *e, const HrHparams *hp, HrBuf h, const HrLayerWeights *l)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX, true);
    routing.activation = HR_GELU_TANH;
    HrBuf y = hr_emit_mixture(e, h, &l->experts, &routing, HR_NO_BUF);
    if (!hr_weight_exists(&l->ffn_up.weight))
        return y;
    return hr_emit_scale(e, hr_emit_ffn(e, h, l, HR_GELU_TANH, y), (float)G_SQRT2 / 2);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed_scaled(e, &w->token_embd, hp->embedding_scale);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_emit_heads(e, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        a = hr_emit_linear(e, a, &l->attn_output);
        x = hr_emit_add_normed(e, x, a, &l->post_attn_norm);
        HrBuf f = emit_feed_forward(e, hp, hr_emit_rms_norm(e, x, &l->ffn_norm), l);
        x = hr_emit_add_normed(e, x, f, &l->post_ffn_norm);
    }
    hr_emit_layer(e, HR_NO_LAYER);
    HrBuf h = hr_emit_rms_norm(e, x, &w->output_norm);
    hr_emit_logits_scaled(e, h, &w->output, hp->logit_scale);
}

const HrArch hr_arch_grok = {.name = "grok",
                             .models = "Grok 1 and 2",
                             .rope = HR_ROPE_NEOX,
                             .experts = true,
                             .shape = shape,
                             .bind = bind,
                             .emit = emit};
