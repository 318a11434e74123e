/* arch-layer-norm-experts.c: DBRX and Phi-3.5-MoE.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Layer norms before sublayers, and a mixture in every layer. DBRX (Mosaic Research 2024): norms
 * without offsets, queries, keys and values cut at a limit, experts weighted by a softmax made to
 * sum to 1. Phi-3.5-MoE (Abdin et al. 2024): Phi-3's attention with biases, and two of sixteen
 * experts, each weighted among those that come close to it.
 */
#include "model/arch.h"

static bool shape_dbrx(HrHparams *hp, const HrKeys *keys)
{
    double cap;
    if (!hr_keys_read_float_or(keys, "attention.clamp_kqv", 0, 1e6, 0, &cap))
        return false;
    hp->qkv_cap = (float)cap;
    return true;
}

/* ---- Tensors ---- */

/* ffn_norm: what the file calls the second norm. */
static void bind(HrBinder *b, const HrHparams *hp, const char *ffn_norm, HrWeights *w)
{
    hr_bind(b, &w->token_embd, -1, "token_embd.weight", hp->n_embd, 0);
    hr_bind_norm(b, &w->output_layer_norm, -1, "output_norm", hp->n_embd);
    hr_bind_output(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind_norm(b, &l->attn_layer_norm, (int)il, "attn_norm", hp->n_embd);
        hr_bind_heads(b, hp, (int)il, l);
        hr_bind_norm(b, &l->ffn_layer_norm, (int)il, ffn_norm, hp->n_embd);
        hr_bind_experts(b, hp, (int)il, &l->experts);
    }
    hr_take_unscaled(hp, w);
}

static void bind_dbrx(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    bind(b, hp, "attn_output_norm", w);
}

static void bind_phimoe(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_optional(b, &w->rope_long, -1, "rope_factors_long.weight", hp->rope.n_rot / 2, 1);
    hr_bind_optional(b, &w->rope_short, -1, "rope_factors_short.weight", hp->rope.n_rot / 2, 1);
    bind(b, hp, "ffn_norm", w);
}

/* ---- Steps ---- */

static void emit(HrEmit *e, const HrHparams *hp, const HrRouting *routing, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_emit_heads(e, hr_emit_layer_norm(e, x, &l->attn_layer_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        HrBuf h = hr_emit_layer_norm(e, x, &l->ffn_layer_norm);
        x = hr_emit_mixture(e, h, &l->experts, routing, x);
    }
    hr_emit_layer_norm_head(e, x, w);
}

static void emit_dbrx(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX, true);
    emit(e, hp, &routing, w);
}

static void emit_phimoe(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX_OF_CLOSE, false);
    emit(e, hp, &routing, w);
}

const HrArch hr_arch_dbrx = {.name = "dbrx",
                             .models = "DBRX",
                             .rope = HR_ROPE_NEOX,
                             .experts = true,
                             .shape = shape_dbrx,
                             .bind = bind_dbrx,
                             .emit = emit_dbrx};
const HrArch hr_arch_phimoe = {.name = "phimoe",
                               .models = "Phi-3.5-MoE",
                               .rope = HR_ROPE_NEOX,
                               .experts = true,
                               .bind = bind_phimoe,
                               .emit = emit_phimoe};
