/* arch-talkie.c: Talkie 13B.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Norms without factors, also of the embeddings, of which every layer adds some again; queries and
 * keys are normalised after they were turned, and each head's queries have a gain.
 */
#include "model/arch.h"

static const HrWeight no_factors = {0};

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind(b, &w->token_embd, -1, "token_embd.weight", hp->n_embd, 0);
    hr_bind_output(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind_heads(b, hp, (int)il, l);
        hr_bind(b, &l->attn_q_norm, (int)il, "attn_q_norm.weight", 1, hp->layers[il].n_head);
        hr_bind_swiglu(b, hp, (int)il, l);
        l->ffn_gate.scale = l->ffn_up.scale = (HrWeight){0};
        hr_bind_floats(b, &l->skip_scale, (int)il, "layer_output_scale.weight", 1);
    }
}

static HrBuf emit_heads(HrEmit *e, const HrHparams *hp, HrBuf h, const HrLayerWeights *l)
{
    HrHeads heads = hr_emit_qkv(e, h, l);
    hr_emit_rope(e, heads.q, heads.k);
    HrBuf q = hr_emit_factors(e, hr_emit_group_norm(e, heads.q, NULL, hp->head_dim_k),
                              &l->attn_q_norm, HR_NO_BUF);
    HrBuf k = hr_emit_group_norm(e, heads.k, NULL, hp->head_dim_k);
    hr_emit_store(e, q, k, heads.v);
    return hr_emit_attention(e, q);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf first = hr_emit_rms_norm(e, hr_emit_embed(e, &w->token_embd), &no_factors), x = first;
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = emit_heads(e, hp, hr_emit_rms_norm(e, x, &no_factors), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        hr_emit_narrow(e, &first);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_ffn(e, hr_emit_rms_norm(e, x, &no_factors), l, HR_SILU, x);
        x = hr_emit_factors(e, first, &l->skip_scale, x);
    }
    hr_emit_layer(e, HR_NO_LAYER);
    HrBuf h = hr_emit_rms_norm(e, x, &no_factors);
    hr_emit_logits_scaled(e, h, &w->output, hp->logit_scale > 0 ? hp->logit_scale : 1);
}

const HrArch hr_arch_talkie = {
    .name = "talkie", .models = "Talkie 13B", .rope = HR_ROPE_NEOX, .bind = bind, .emit = emit};
