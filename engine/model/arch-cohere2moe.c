/* arch-cohere2moe.c: Command A of the generation with experts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cohere 2026: as Command R7B both sublayers read the same norm and are added side by side, and
 * layers that see a window turn while the others do not; those in front, which have no experts,
 * turn all. A shared expert counts as much as the chosen ones together.
 */
#include "model/arch.h"

#define PERIOD 4

/* Files with an epsilon of RMS norms mean these. */
static bool has_rms_norms(const HrGguf *gguf)
{
    double eps = 0;
    return hr_gguf_get_float(gguf, "cohere2moe.attention.layer_norm_rms_epsilon", &eps) && eps > 0;
}

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    double eps;
    if (!hr_hparams_read_windows_behind(hp, keys, 0, PERIOD) ||
        !hr_keys_read_float_or(keys, "attention.layer_norm_rms_epsilon", 0, 1, 0, &eps))
        return false;
    hp->norm_eps = eps > 0 ? (float)eps : hp->norm_eps;
    for (uint32_t il = hp->experts.n_dense_lead; il < hp->n_layer; il++)
        hp->layers[il].unturned = hp->layers[il].window == 0;
    return true;
}

static void bind_norm(HrBinder *b, const HrHparams *hp, HrWeight *rms, HrNorm *centred, int il,
                      const char *name)
{
    g_autofree char *weight = g_strconcat(name, ".weight", NULL);
    if (has_rms_norms(b->gguf))
        hr_bind(b, rms, il, weight, hp->n_embd, 1);
    else
        hr_bind_norm(b, centred, il, name, hp->n_embd);
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind(b, &w->token_embd, -1, "token_embd.weight", hp->n_embd, 0);
    bind_norm(b, hp, &w->output_norm, &w->output_layer_norm, -1, "output_norm");
    hr_bind_output(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        bind_norm(b, hp, &l->attn_norm, &l->attn_layer_norm, (int)il, "attn_norm");
        hr_bind_heads(b, hp, (int)il, l);
        hr_bind_feed_forward(b, hp, (int)il, l);
    }
}

static HrBuf emit_norm(HrEmit *e, HrBuf x, const HrWeight *rms, const HrNorm *centred)
{
    return hr_weight_exists(rms) ? hr_emit_rms_norm(e, x, rms) : hr_emit_layer_norm(e, x, centred);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, hr_scores(hp, HR_SCORES_SIGMOID), hp->experts.normalise);
    if (hp->experts.n_ff_shared > 0) {
        routing.factor *= 0.5f;
        routing.shared_factor = 0.5f;
    }
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf h = emit_norm(e, x, &l->attn_norm, &l->attn_layer_norm), a = hr_emit_heads(e, h, l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        hr_emit_narrow(e, &h);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_has_experts(hp, il) ? hr_emit_mixture(e, h, &l->experts, &routing, x)
                                   : hr_emit_ffn(e, h, l, HR_SILU, x);
    }
    hr_emit_layer(e, HR_NO_LAYER);
    HrBuf h = emit_norm(e, x, &w->output_norm, &w->output_layer_norm);
    hr_emit_logits_scaled(e, h, &w->output, hp->logit_scale > 0 ? hp->logit_scale : 1);
}

const HrArch hr_arch_cohere2moe = {.name = "cohere2moe",
                                   .models = "Command A with experts",
                                   .rope = HR_ROPE_NORM,
                                   .experts = true,
                                   .shape = shape,
                                   .bind = bind,
                                   .emit = emit};
