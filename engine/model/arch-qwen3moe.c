/* arch-qwen3moe.c: Qwen3 with experts, and the text part of Qwen3-VL with experts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Yang et al. 2025: Qwen3's attention; a mixture whose weights are a softmax over all experts, made
 * to sum to 1 over the chosen ones.
 */
#include "model/arch.h"

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

static void bind_unscaled(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
}

const HrArch hr_arch_qwen3moe = {.name = "qwen3moe",
                                 .models = "Qwen3-30B-A3B, Qwen3-235B-A22B, Qwen3-Coder",
                                 .rope = HR_ROPE_NEOX,
                                 .experts = true,
                                 .bind = hr_bind_decoder,
                                 .emit = emit};
const HrArch hr_arch_qwen3vlmoe = {.name = "qwen3vlmoe",
                                   .models = "Qwen3-VL 30B-A3B, 235B-A22B (text)",
                                   .rope = HR_ROPE_NEOX,
                                   .experts = true,
                                   .bind = bind_unscaled,
                                   .emit = emit};
