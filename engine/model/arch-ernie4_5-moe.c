/* arch-ernie4_5-moe.c: ERNIE 4.5 with experts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Baidu 2025: Llama's attention; every so manieth layer has experts, weighted by a softmax made to
 * sum to 1 and chosen with a bias.
 */
#include "model/arch.h"

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++)
        w->layers[il].attn_output.bias =
            (HrWeight){0}; /* the model has none, whatever lies in the file */
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
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_feed_forward(e, x, l, &routing);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_ernie4_5_moe = {.name = "ernie4_5-moe",
                                     .models = "ERNIE 4.5 21B-A3B, 300B-A47B",
                                     .rope = HR_ROPE_NORM,
                                     .experts = true,
                                     .bind = bind,
                                     .emit = emit};
