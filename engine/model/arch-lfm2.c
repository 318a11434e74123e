/* arch-lfm2.c: LFM2, dense and with experts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Liquid AI 2025: most layers mix positions by a gated short convolution alone, the others by
 * grouped-query attention with normalised heads; each is followed by SwiGLU, or by experts chosen
 * by sigmoids.
 */
#include "model/arch.h"

/* Layers without key heads are convolutions. */
static bool shape(HrHparams *hp, const HrKeys *keys)
{
    uint32_t window;
    if (!hr_keys_read_uint(keys, "shortconv.l_cache", 2, HR_MAX_CONV, &hp->recurrent.n_conv) ||
        !hr_keys_read_uint_or(keys, "attention.sliding_window", 0, HR_MAX_CTX, 0, &window))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerShape *l = &hp->layers[il];
        l->window = l->n_head_kv > 0 ? window : 0;
        l->n_conv_state = l->n_head_kv > 0 ? 0 : (hp->recurrent.n_conv - 1) * hp->n_embd;
    }
    return true;
}

static void bind_conv(HrBinder *b, const HrHparams *hp, int il, HrRecurrentWeights *w)
{
    hr_bind_linear(b, &w->in, il, "shortconv.in_proj", hp->n_embd, 3 * (uint64_t)hp->n_embd);
    hr_bind_floats(b, &w->conv, il, "shortconv.conv.weight",
                   (uint64_t)hp->n_embd * hp->recurrent.n_conv);
    hr_bind_linear(b, &w->out, il, "shortconv.out_proj", hp->n_embd, hp->n_embd);
    w->in_b = hr_linear_rows(&w->in, 0, hp->n_embd);
    w->in_c = hr_linear_rows(&w->in, hp->n_embd, hp->n_embd);
    w->in_x = hr_linear_rows(&w->in, 2 * (uint64_t)hp->n_embd, hp->n_embd);
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind(b, &w->token_embd, -1, "token_embd.weight", hp->n_embd, 0);
    hr_bind(b, &w->output_norm, -1, "token_embd_norm.weight", hp->n_embd,
            1); /* its name in files, and yet the last norm */
    hr_bind_output(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        if (hp->layers[il].n_head_kv > 0)
            hr_bind_attention(b, hp, (int)il, l);
        else
            bind_conv(b, hp, (int)il, &l->recurrent);
        hr_bind(b, &l->ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        hr_bind_feed_forward(b, hp, (int)il, l);
    }
    hr_take_unscaled(hp, w);
}

static HrBuf emit_attention(HrEmit *e, HrBuf h, const HrLayerWeights *l)
{
    HrBuf q = hr_emit_linear(e, h, &l->attn_q);
    HrBuf k = hr_emit_linear(e, h, &l->attn_k);
    HrBuf v = hr_emit_linear(e, h, &l->attn_v);
    hr_emit_head_norms(e, q, &l->attn_q_norm, k, &l->attn_k_norm);
    hr_emit_rope_and_store(e, q, k, v);
    return hr_emit_attention(e, q);
}

static HrBuf emit_conv(HrEmit *e, const HrHparams *hp, HrBuf h, const HrRecurrentWeights *w)
{
    HrBuf b = hr_emit_linear(e, h, &w->in_b);
    HrBuf c = hr_emit_linear(e, h, &w->in_c);
    HrBuf x = hr_emit_linear(e, h, &w->in_x);
    return hr_emit_short_conv(e, x, b, c, &w->conv, &w->conv_bias,
                              &(HrRecurrence){.width = hp->recurrent.n_conv});
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, hp->experts.scores, true);
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        bool attends = hp->layers[il].n_head_kv > 0;
        hr_emit_layer(e, il);

        HrBuf h = hr_emit_rms_norm(e, x, &l->attn_norm);
        HrBuf a = attends ? emit_attention(e, h, l) : emit_conv(e, hp, h, &l->recurrent);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, attends ? &l->attn_output : &l->recurrent.out, x);
        if (hr_has_experts(hp, il))
            x = hr_emit_mixture(e, hr_emit_rms_norm(e, x, &l->ffn_norm), &l->experts, &routing, x);
        else
            x = hr_emit_swiglu(e, x, l);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_lfm2 = {.name = "lfm2",
                             .models = "LFM2",
                             .rope = HR_ROPE_NEOX,
                             .mixed_layers = true,
                             .shape = shape,
                             .bind = bind,
                             .emit = emit};
const HrArch hr_arch_lfm2moe = {.name = "lfm2moe",
                                .models = "LFM2-8B-A1B",
                                .rope = HR_ROPE_NEOX,
                                .mixed_layers = true,
                                .shape = shape,
                                .bind = bind,
                                .emit = emit};
