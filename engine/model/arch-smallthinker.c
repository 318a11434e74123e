/* arch-smallthinker.c: SmallThinker.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Song et al. 2025: one of four layers sees everything and does not turn, the others see a window;
 * experts are chosen before attention, by what the layer begins with, and are ReLU-gated.
 */
#include "model/arch.h"

#define PERIOD 4

/* Its first layer of four is the one that sees everything. */
static bool shape(HrHparams *hp, const HrKeys *keys)
{
    uint32_t window;
    if (!hr_keys_read_uint_or(keys, "attention.sliding_window", 0, HR_MAX_CTX, 0, &window))
        return false;
    for (uint32_t il = 0; window > 0 && il < hp->n_layer; il++) {
        hp->layers[il].unturned = il % PERIOD == 0;
        hp->layers[il].window = il % PERIOD == 0 ? 0 : window;
    }
    return true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, hr_scores(hp, HR_SCORES_SOFTMAX), true);
    routing.activation = HR_RELU;
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf logits = hr_emit_linear(e, x, &l->experts.router);
        HrBuf a = hr_emit_heads(e, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        hr_emit_narrow(e, &logits);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_experts(e, hr_emit_rms_norm(e, x, &l->ffn_norm), logits, &l->experts, &routing,
                            x);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_smallthinker = {.name = "smallthinker",
                                     .models = "SmallThinker",
                                     .rope = HR_ROPE_NEOX,
                                     .experts = true,
                                     .shape = shape,
                                     .bind = bind,
                                     .emit = emit};
