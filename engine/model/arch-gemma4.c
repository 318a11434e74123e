/* arch-gemma4.c: Gemma 4.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Google 2026: Gemma 3's layers with values normalised as well and scores that are not scaled;
 * wider heads in the layers that see everything, whose values may be their keys and of whose
 * dimensions a part turns (rope_freqs). The small ones have numbers of each token for each layer
 * (per-layer.h), and their last layers see earlier ones' keys and values. The one with experts adds
 * a mixture to its feed-forward, each behind norms of its own; the router reads the stream.
 */
#include "model/gemma-heads.h"
#include "model/per-layer.h"

#include <math.h>

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    double cap;
    hp->attention_scale = 1;
    if (!hr_hparams_read_windows(hp, keys, 0, 6) || !hr_hparams_read_local_heads(hp, keys) ||
        !hr_hparams_read_local_rope(hp, keys, 10000, false) ||
        !hr_hparams_read_shared_kv(hp, keys, 0) || !hr_per_layer_read(hp, keys, 0) ||
        !hr_keys_read_float_or(keys, "final_logit_softcapping", 0, 1e6, 0, &cap))
        return false;
    hp->logit_cap = (float)cap;
    return true;
}

/* ---- Tensors ---- */

/* The scale beside the router's matrix is the weight of a norm. */
static void bind_mixture(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    hr_bind(b, &l->experts.router.weight, il, "ffn_gate_inp.weight", hp->n_embd, hp->experts.n);
    l->experts.router.fine = true;
    hr_bind(b, &l->router_norm, il, "ffn_gate_inp.scale", hp->n_embd, 1);
    hr_bind_expert_stacks(b, hp, il, &l->experts);
    hr_bind(b, &l->experts_norm, il, "pre_ffw_norm_2.weight", hp->n_embd, 1);
    hr_bind(b, &l->post_dense_norm, il, "post_ffw_norm_1.weight", hp->n_embd, 1);
    hr_bind(b, &l->post_experts_norm, il, "post_ffw_norm_2.weight", hp->n_embd, 1);
}

static void bind_layer(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    hr_bind(b, &l->attn_norm, il, "attn_norm.weight", hp->n_embd, 1);
    hr_gemma_bind_heads(b, hp, il, l);
    hr_bind(b, &l->post_attn_norm, il, "post_attention_norm.weight", hp->n_embd, 1);
    hr_bind(b, &l->ffn_norm, il, "ffn_norm.weight", hp->n_embd, 1);
    hr_bind_swiglu(b, hp, il, l);
    hr_bind(b, &l->post_ffn_norm, il, "post_ffw_norm.weight", hp->n_embd, 1);
    hr_bind_optional(b, &l->output_scale, il, "layer_output_scale.weight", 1, 1);
    if (hp->experts.n > 0 && hr_bind_finds(b, il, "ffn_gate_inp.weight"))
        bind_mixture(b, hp, il, l);
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++)
        bind_layer(b, hp, (int)il, &w->layers[il]);
    if (hp->n_per_layer > 0)
        hr_per_layer_bind(b, hp, w);
}

/* ---- Steps ---- */

/* The feed-forward and the mixture side by side. */
static HrBuf emit_both(HrEmit *e, const HrHparams *hp, HrBuf x, HrBuf dense,
                       const HrLayerWeights *l)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX, true);
    routing.activation = HR_GELU_TANH;
    dense = hr_emit_rms_norm(e, dense, &l->post_dense_norm);
    HrBuf h = hr_emit_rms_norm(e, x, &l->experts_norm);
    HrBuf logits =
        hr_emit_linear_add_scaled(e, hr_emit_rms_norm(e, x, &l->router_norm), &l->experts.router,
                                  1 / sqrtf((float)hp->n_embd), HR_NO_BUF);
    HrBuf y = hr_emit_experts(e, h, logits, &l->experts, &routing, HR_NO_BUF);
    return hr_emit_add(e, hr_emit_rms_norm(e, y, &l->post_experts_norm), dense);
}

static HrBuf emit_numbers(HrEmit *e, const HrHparams *hp, HrBuf x, HrBuf inputs,
                          const HrLayerWeights *l)
{
    HrBuf numbers = hr_per_layer_pick(e, hp, inputs);
    hr_emit_narrow(e, &numbers);
    return hr_emit_add(e, hr_per_layer_emit(e, x, numbers, &l->per_layer), x);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed_scaled(e, &w->token_embd, sqrtf((float)hp->n_embd));
    HrBuf inputs = hp->n_per_layer > 0 ? hr_per_layer_emit_inputs(e, hp, w, x) : HR_NO_BUF;
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_gemma_emit_heads(e, hp, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_add_normed(e, x, hr_emit_linear(e, a, &l->attn_output), &l->post_attn_norm);
        HrBuf f = hr_emit_ffn(e, hr_emit_rms_norm(e, x, &l->ffn_norm), l, HR_GELU_TANH, HR_NO_BUF);
        if (hr_weight_exists(&l->router_norm))
            f = emit_both(e, hp, x, f, l);
        x = hr_emit_add_normed(e, x, f, &l->post_ffn_norm);
        if (inputs != HR_NO_BUF)
            x = emit_numbers(e, hp, x, inputs, l);
        if (hr_weight_exists(&l->output_scale))
            x = hr_emit_factors(e, x, &l->output_scale, HR_NO_BUF);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_gemma4 = {.name = "gemma4",
                               .models = "Gemma 4 E2B, E4B, 26B-A4B, 31B",
                               .rope = HR_ROPE_NEOX,
                               .shape = shape,
                               .bind = bind,
                               .emit = emit};
