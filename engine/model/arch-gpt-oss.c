/* arch-gpt-oss.c: gpt-oss.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * OpenAI 2025: every other layer's attention sees a window, heads may look at nothing (sinks);
 * biases everywhere; a mixture weighted by a softmax over the chosen experts, whose gates and ups
 * are clamped.
 */
#include "model/arch.h"

#define CLAMP_LIMIT 7

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    hp->rope.unrounded_ramp = true; /* files do not say it */
    return hr_hparams_read_windows(hp, keys, 0, 2);
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hr_bind(b, &w->layers[il].attn_sinks, (int)il, "attn_sinks.weight", hp->layers[il].n_head,
                1);
}

/* g sigmoid (1.702 g) (u + 1) of the clamped gate g and up u. */
static HrRouting clamped(const HrHparams *hp)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX_OF_CHOSEN, false);
    routing.activation = HR_GELU_QUICK;
    routing.clamp = HR_CLAMP_BEFORE;
    routing.limit = CLAMP_LIMIT;
    return routing;
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = clamped(hp);
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

const HrArch hr_arch_gpt_oss = {.name = "gpt-oss",
                                .models = "gpt-oss 20b and 120b",
                                .rope = HR_ROPE_NEOX,
                                .experts = true,
                                .shape = shape,
                                .bind = bind,
                                .emit = emit};
