/* arch-mimo2.c: MiMo-V2-Flash.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Xiaomi 2025: most layers see a short window, with head counts and a rope base of their own, and
 * their heads may look at nothing (sinks); experts chosen by sigmoids with a bias in the layers
 * whose tensors say so; what attention answers is scaled.
 */
#include "model/arch.h"

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    double scale;
    if (!hr_keys_read_float_or(keys, "attention.value_scale", 0, 1e3, 0, &scale))
        return false;
    hp->value_scale = scale > 0 ? (float)scale : 1;
    return hr_hparams_read_windows(hp, keys, 0, 1) &&
           hr_hparams_read_local_rope(hp, keys, hp->rope.base, true);
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    w->rope_freqs = (HrWeight){0};
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        hr_bind_heads(b, hp, (int)il, l);
        l->attn_q.bias = l->attn_k.bias = l->attn_v.bias = (HrWeight){0};
        l->attn_q.scale = l->attn_k.scale = l->attn_v.scale = (HrWeight){0};
        hr_bind_optional(b, &l->attn_sinks, (int)il, "attn_sinks.weight", hp->layers[il].n_head, 1);
        hr_bind(b, &l->ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        if (hr_bind_finds(b, (int)il, "ffn_gate_inp.weight"))
            hr_bind_experts(b, hp, (int)il, &l->experts);
        else
            hr_bind_swiglu(b, hp, (int)il, l);
    }
    hr_take_unscaled(hp, w);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SIGMOID, true);
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_emit_heads(e, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add_scaled(e, a, &l->attn_output, hp->value_scale, x);
        x = hr_emit_feed_forward(e, x, l, &routing);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_mimo2 = {.name = "mimo2",
                              .models = "MiMo-V2-Flash",
                              .rope = HR_ROPE_NEOX,
                              .experts = true,
                              .shape = shape,
                              .bind = bind,
                              .emit = emit};
