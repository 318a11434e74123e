/* arch-phi3.c: Phi-3, 3.5 and 4.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Abdin et al. 2024: Llama's layers; files fuse queries, keys and values, and gate and up. Models for long contexts divide the frequencies
 * of rotation by factors of their own (LongRoPE, Ding et al. 2024).
 */
#include "model/arch.h"

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    w->rope_freqs = (HrWeight){0};
    hr_bind_optional(b, &w->rope_long, -1, "rope_factors_long.weight", hp->rope.n_rot / 2, 1);
    hr_bind_optional(b, &w->rope_short, -1, "rope_factors_short.weight", hp->rope.n_rot / 2, 1);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        hr_bind(b, &w->layers[il].attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        hr_bind_attention(b, hp, (int)il, &w->layers[il]);
        hr_bind(b, &w->layers[il].ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        hr_bind_ffn(b, hp, (int)il, &w->layers[il]);
    }
    hr_take_unscaled(hp, w);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_emit_heads(e, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_swiglu(e, x, l);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_phi3 = {.name = "phi3", .models = "Phi-3, Phi-3.5, Phi-4", .rope = HR_ROPE_NEOX, .bind = bind, .emit = emit};
