/* arch-bailingmoe.c: Ling, of the first generation (Bailing).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ling team 2025: as DeepSeekMoE with experts in every layer; the file says whether weights are
 * made to sum to 1.
 */
#include "model/arch.h"

/* Files carry a count of leading dense layers that the model does not have. */
static bool shape(HrHparams *hp, const HrKeys *keys)
{
    hp->experts.n_dense_lead = 0;
    return true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX, hp->experts.normalise);
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

const HrArch hr_arch_bailingmoe = {.name = "bailingmoe",
                                   .models = "Ling Lite and Plus",
                                   .rope = HR_ROPE_NORM,
                                   .experts = true,
                                   .shape = shape,
                                   .bind = bind,
                                   .emit = emit};
