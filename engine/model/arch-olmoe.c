/* arch-olmoe.c: OLMoE.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Muennighoff et al. 2024: queries and keys are RMS-normalised over all heads at once; a mixture
 * whose weights are a softmax over all experts, left as they are.
 */
#include "model/arch.h"

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX, false);
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_emit_heads(e, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_feed_forward(e, x, l, &routing);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_olmoe = {.name = "olmoe",
                              .models = "OLMoE",
                              .rope = HR_ROPE_NEOX,
                              .experts = true,
                              .bind = bind,
                              .emit = emit};
