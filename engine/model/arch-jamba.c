/* arch-jamba.c: Jamba.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lieber et al. 2024: Mamba layers, whose time steps, keys and queries are RMS-normalised, and now
 * and then attention without positions; feed-forwards, of which some are experts.
 */
#include "model/mamba.h"

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    if (!hr_mamba_read(hp, keys))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        if (hp->layers[il].n_head_kv == 0)
            hr_mamba_shape_layer(hp, il);
    return true;
}

static void bind_mamba(HrBinder *b, const HrHparams *hp, int il, HrRecurrentWeights *w)
{
    hr_mamba_bind(b, hp, il, w);
    hr_bind(b, &w->dt_norm, il, "ssm_dt_norm.weight", hp->recurrent.n_head, 1);
    hr_bind(b, &w->b_norm, il, "ssm_b_norm.weight", hp->recurrent.n_state, 1);
    hr_bind(b, &w->c_norm, il, "ssm_c_norm.weight", hp->recurrent.n_state, 1);
}

/* Where a layer has a router it has experts; the metadata does not say. */
static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        if (hp->layers[il].n_head_kv > 0)
            hr_bind_attention(b, hp, (int)il, l);
        else
            bind_mamba(b, hp, (int)il, &l->recurrent);
        hr_bind(b, &l->ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        if (hr_bind_finds(b, (int)il, "ffn_gate_inp.weight"))
            hr_bind_experts(b, hp, (int)il, &l->experts);
        else
            hr_bind_swiglu(b, hp, (int)il, l);
    }
    hr_take_unscaled(hp, w);
}

static HrBuf emit_attention(HrEmit *e, HrBuf h, const HrLayerWeights *l)
{
    HrBuf q = hr_emit_linear(e, h, &l->attn_q);
    HrBuf k = hr_emit_linear(e, h, &l->attn_k);
    HrBuf v = hr_emit_linear(e, h, &l->attn_v);
    hr_emit_store(e, q, k, v);
    return hr_emit_attention(e, q);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX, false);
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        bool attends = hp->layers[il].n_head_kv > 0;
        hr_emit_layer(e, il);

        HrBuf h = hr_emit_rms_norm(e, x, &l->attn_norm);
        HrBuf a = attends ? emit_attention(e, h, l) : hr_mamba_emit(e, hp, h, &l->recurrent);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, attends ? &l->attn_output : &l->recurrent.out, x);
        if (hr_weight_exists(&l->experts.router.weight))
            x = hr_emit_mixture(e, hr_emit_rms_norm(e, x, &l->ffn_norm), &l->experts, &routing, x);
        else
            x = hr_emit_swiglu(e, x, l);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_jamba = {.name = "jamba",
                              .models = "Jamba",
                              .mixed_layers = true,
                              .shape = shape,
                              .bind = bind,
                              .emit = emit};
