/* arch-dots1.c: dots.llm1 and Hunyuan 3.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Huo et al. 2025: attention with normalised queries and keys, and DeepSeek-V3's way of choosing
 * experts. Tencent 2026 has the same, with a shared expert as wide as the others where the file
 * gives no width.
 */
#include "model/arch.h"

static bool shape_hunyuan(HrHparams *hp, const HrKeys *keys)
{
    (void)keys;
    hp->experts.n_ff_shared =
        hp->experts.n_ff_shared > 0 ? hp->experts.n_ff_shared : hp->experts.n_ff;
    return true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
}

static void emit_with(HrEmit *e, const HrHparams *hp, const HrWeights *w, HrScores scores)
{
    HrRouting routing = hr_routing(hp, hr_scores(hp, scores), hp->experts.normalise);
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

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    emit_with(e, hp, w, HR_SCORES_SOFTMAX);
}

static void emit_hunyuan(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    emit_with(e, hp, w, HR_SCORES_SIGMOID);
}

const HrArch hr_arch_dots1 = {.name = "dots1",
                              .models = "dots.llm1",
                              .rope = HR_ROPE_NEOX,
                              .experts = true,
                              .bind = bind,
                              .emit = emit};
const HrArch hr_arch_hy_v3 = {.name = "hy_v3",
                              .models = "Hunyuan 3",
                              .rope = HR_ROPE_NEOX,
                              .experts = true,
                              .shape = shape_hunyuan,
                              .bind = hr_bind_decoder,
                              .emit = emit_hunyuan};
