/* arch-dots1.c: dots.llm1.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Huo et al. 2025: attention with normalised queries and keys, and DeepSeek-V3's way of choosing
 * experts.
 */
#include "model/arch.h"

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, hr_scores(hp, HR_SCORES_SOFTMAX), hp->experts.normalise);
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

const HrArch hr_arch_dots1 = {.name = "dots1",
                              .models = "dots.llm1",
                              .rope = HR_ROPE_NEOX,
                              .experts = true,
                              .bind = bind,
                              .emit = emit};
