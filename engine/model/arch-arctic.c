/* arch-arctic.c: Snowflake Arctic.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Snowflake AI Research 2024: Llama with a narrow feed-forward, and beside attention and that a
 * mixture, which reads what the layer began with through a norm of its own.
 */
#include "model/arch.h"

/* feed_forward_length is an expert's; the dense one is as wide as the model. */
static bool shape(HrHparams *hp, const HrKeys *keys)
{
    (void)keys;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hp->layers[il].n_ff = hp->n_embd;
    return true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        hr_bind_attention(b, hp, (int)il, l);
        hr_bind(b, &l->ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        hr_bind_swiglu(b, hp, (int)il, l);
        hr_bind(b, &l->experts_norm, (int)il, "ffn_norm_exps.weight", hp->n_embd, 1);
        hr_bind_experts(b, hp, (int)il, &l->experts);
    }
    hr_take_unscaled(hp, w);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX, true);
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_emit_heads(e, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        HrBuf y = hr_emit_swiglu(e, hr_emit_linear_add(e, a, &l->attn_output, x), l);
        x = hr_emit_mixture(e, hr_emit_rms_norm(e, x, &l->experts_norm), &l->experts, &routing, y);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_arctic = {.name = "arctic",
                               .models = "Snowflake Arctic",
                               .rope = HR_ROPE_NORM,
                               .experts = true,
                               .shape = shape,
                               .bind = bind,
                               .emit = emit};
