/* arch-dbrx.c: DBRX.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Mosaic Research 2024: layer norms without offsets, queries, keys and values from one matrix and
 * cut at a limit, and a mixture in every layer, weighted by a softmax made to sum to 1.
 */
#include "model/arch.h"

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    double cap;
    if (!hr_keys_read_float_or(keys, "attention.clamp_kqv", 0, 1e6, 0, &cap))
        return false;
    hp->qkv_cap = (float)cap;
    return true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind(b, &w->token_embd, -1, "token_embd.weight", hp->n_embd, 0);
    hr_bind_norm(b, &w->output_layer_norm, -1, "output_norm", hp->n_embd);
    hr_bind_output(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind_norm(b, &l->attn_layer_norm, (int)il, "attn_norm", hp->n_embd);
        hr_bind_heads(b, hp, (int)il, l);
        hr_bind_norm(b, &l->ffn_layer_norm, (int)il, "attn_output_norm", hp->n_embd);
        hr_bind_experts(b, hp, (int)il, &l->experts);
    }
    hr_take_unscaled(hp, w);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX, true);
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_emit_heads(e, hr_emit_layer_norm(e, x, &l->attn_layer_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_mixture(e, hr_emit_layer_norm(e, x, &l->ffn_layer_norm), &l->experts, &routing,
                            x);
    }
    hr_emit_layer_norm_head(e, x, w);
}

const HrArch hr_arch_dbrx = {.name = "dbrx",
                             .models = "DBRX",
                             .rope = HR_ROPE_NEOX,
                             .experts = true,
                             .shape = shape,
                             .bind = bind,
                             .emit = emit};
