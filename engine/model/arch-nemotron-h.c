/* arch-nemotron-h.c: Nemotron-H and Nemotron 3, dense and with experts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * NVIDIA 2025: a layer is one thing only: Mamba 2, attention without positions, or a feed-forward
 * with squared ReLU; experts of it, chosen by sigmoids, may work on a narrower copy of the input.
 */
#include "model/mamba.h"

typedef enum { RECURRENT, ATTENTION, FEED_FORWARD } Kind;

static Kind kind_of(const HrLayerShape *l)
{
    return l->n_ff > 0 ? FEED_FORWARD : l->n_head_kv > 0 ? ATTENTION : RECURRENT;
}

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    if (!hr_mamba2_read(hp, keys) ||
        !hr_keys_read_uint_or(keys, "moe_latent_size", 0, HR_MAX_WIDTH, 0, &hp->experts.n_latent))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerShape *l = &hp->layers[il];
        if (kind_of(l) == FEED_FORWARD)
            l->n_head = l->n_head_kv = 0;
        else if (kind_of(l) == RECURRENT)
            hr_mamba2_shape_layer(hp, il);
    }
    return true;
}

static void bind_experts(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    const HrExperts *x = &hp->experts;
    uint64_t n_in = x->n_latent > 0 ? x->n_latent : hp->n_embd;
    HrExpertWeights *w = &l->experts;
    hr_bind_linear(b, &w->router, il, "ffn_gate_inp", hp->n_embd, x->n);
    w->router.fine = true;
    hr_bind(b, &w->bias, il, "exp_probs_b.bias", x->n, 1);
    hr_bind_stack(b, &w->up, il, "ffn_up_exps", n_in, x->n_ff, x->n);
    hr_bind_stack(b, &w->down, il, "ffn_down_exps", x->n_ff, n_in, x->n);
    hr_bind_linear(b, &w->shared_up, il, "ffn_up_shexp", hp->n_embd, x->n_ff_shared);
    hr_bind_linear(b, &w->shared_down, il, "ffn_down_shexp", x->n_ff_shared, hp->n_embd);
    if (x->n_latent > 0) {
        hr_bind_linear(b, &w->latent_down, il, "ffn_latent_down", hp->n_embd, n_in);
        hr_bind_linear(b, &w->latent_up, il, "ffn_latent_up", n_in, hp->n_embd);
    }
}

static void bind_feed_forward(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    if (hp->experts.n > 0) {
        bind_experts(b, hp, il, l);
        return;
    }
    hr_bind_linear(b, &l->ffn_up, il, "ffn_up", hp->n_embd, hp->layers[il].n_ff);
    hr_bind_linear(b, &l->ffn_down, il, "ffn_down", hp->layers[il].n_ff, hp->n_embd);
    l->ffn_up.bias_is_scaled = l->ffn_down.bias_is_scaled = true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        switch (kind_of(&hp->layers[il])) {
        case RECURRENT: hr_mamba2_bind(b, hp, (int)il, &l->recurrent); break;
        case ATTENTION: hr_bind_attention(b, hp, (int)il, l); break;
        case FEED_FORWARD: bind_feed_forward(b, hp, (int)il, l); break;
        }
    }
}

static HrBuf emit_attention(HrEmit *e, HrBuf h, const HrLayerWeights *l)
{
    HrBuf q = hr_emit_linear(e, h, &l->attn_q);
    HrBuf k = hr_emit_linear(e, h, &l->attn_k);
    HrBuf v = hr_emit_linear(e, h, &l->attn_v);
    hr_emit_store(e, q, k, v);
    return hr_emit_attention(e, q);
}

/* Experts on the narrow copy, the shared one on the input itself. */
static HrBuf emit_experts(HrEmit *e, const HrHparams *hp, HrBuf h, const HrExpertWeights *w,
                          HrBuf x)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SIGMOID, hp->experts.normalise);
    bool latent = hp->experts.n_latent > 0;
    routing.activation = HR_RELU_SQUARED;
    HrBuf logits = hr_emit_linear(e, h, &w->router);
    HrBuf up = hr_emit_linear(e, h, &w->shared_up);
    HrBuf narrow = latent ? hr_emit_linear(e, h, &w->latent_down) : h;
    x = hr_emit_linear_add(e, hr_emit_activate(e, HR_RELU_SQUARED, up, HR_NO_BUF), &w->shared_down,
                           x);
    HrBuf y = hr_emit_experts(e, narrow, logits, w, &routing, latent ? HR_NO_BUF : x);
    return latent ? hr_emit_linear_add(e, y, &w->latent_up, x) : y;
}

static HrBuf emit_feed_forward(HrEmit *e, const HrHparams *hp, HrBuf h, const HrLayerWeights *l,
                               HrBuf x)
{
    if (hp->experts.n > 0)
        return emit_experts(e, hp, h, &l->experts, x);
    HrBuf up = hr_emit_linear(e, h, &l->ffn_up);
    return hr_emit_linear_add(e, hr_emit_activate(e, HR_RELU_SQUARED, up, HR_NO_BUF), &l->ffn_down,
                              x);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        Kind kind = kind_of(&hp->layers[il]);
        hr_emit_layer(e, il);

        HrBuf h = hr_emit_rms_norm(e, x, &l->attn_norm);
        HrBuf a = kind == RECURRENT   ? hr_mamba2_emit(e, hp, h, &l->recurrent)
                  : kind == ATTENTION ? emit_attention(e, h, l)
                                      : h;
        hr_emit_narrow_to_outputs(e, &a, &x);
        if (kind == FEED_FORWARD)
            x = emit_feed_forward(e, hp, a, l, x);
        else
            x = hr_emit_linear_add(e, a, kind == RECURRENT ? &l->recurrent.out : &l->attn_output,
                                   x);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_nemotron_h = {.name = "nemotron_h",
                                   .models = "Nemotron-H, Nemotron Nano 2",
                                   .mixed_layers = true,
                                   .shape = shape,
                                   .bind = bind,
                                   .emit = emit};
const HrArch hr_arch_nemotron_h_moe = {.name = "nemotron_h_moe",
                                       .models = "Nemotron 3 Nano",
                                       .mixed_layers = true,
                                       .shape = shape,
                                       .bind = bind,
                                       .emit = emit};
