/* arch-hunyuan-moe.c: Hunyuan-A13B.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tencent 2025: queries and keys are normalised after they were turned; experts beside a shared
 * one, weighted by a softmax that is made to sum to 1 over the chosen ones.
 */
#include "model/arch.h"

/* A file that says nothing has a shared expert as wide as a dense layer. */
static bool shape(HrHparams *hp, const HrKeys *keys)
{
    if (hp->experts.n_ff_shared == 0)
        hp->experts.n_ff_shared = hp->layers[0].n_ff;
    return true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
}

static HrBuf emit_attention(HrEmit *e, HrBuf h, const HrLayerWeights *l)
{
    HrBuf q = hr_emit_linear(e, h, &l->attn_q);
    HrBuf k = hr_emit_linear(e, h, &l->attn_k);
    HrBuf v = hr_emit_linear(e, h, &l->attn_v);
    hr_emit_rope(e, q, k);
    hr_emit_head_norms(e, q, &l->attn_q_norm, k, &l->attn_k_norm);
    hr_emit_store(e, q, k, v);
    return hr_emit_attention(e, q);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX, true);
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = emit_attention(e, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_feed_forward(e, x, l, &routing);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_hunyuan_moe = {.name = "hunyuan-moe",
                                    .models = "Hunyuan-A13B",
                                    .rope = HR_ROPE_NEOX,
                                    .experts = true,
                                    .shape = shape,
                                    .bind = bind,
                                    .emit = emit};
