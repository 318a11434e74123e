/* arch-bailingmoe2.c: Ling and Ring, of the second generation.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ling team 2025: normalised queries and keys, computed by one matrix; experts chosen by sigmoids
 * with a bias, beside a shared one.
 */
#include "model/arch.h"

/* The width that files give is that of one shared expert. */
static bool shape(HrHparams *hp, const HrKeys *keys)
{
    HrExperts *x = &hp->experts;
    uint32_t width;
    if (!hr_keys_read_uint_or(keys, "expert_shared_feed_forward_length", 0,
                              HR_MAX_WIDTH / MAX(x->n_shared, 1), x->n_ff, &width))
        return false;
    x->n_ff_shared = x->n_shared * width;
    return true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, hr_scores(hp, HR_SCORES_SIGMOID), hp->experts.normalise);
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

const HrArch hr_arch_bailingmoe2 = {.name = "bailingmoe2",
                                    .models = "Ling 2.0, Ring 2.0",
                                    .rope = HR_ROPE_NEOX,
                                    .experts = true,
                                    .shape = shape,
                                    .bind = bind,
                                    .emit = emit};
