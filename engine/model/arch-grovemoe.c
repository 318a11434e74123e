/* arch-grovemoe.c: GroveMoE.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Wu et al. 2025: Qwen 3's layers with experts in groups; the experts of a group have a small one
 * in common, an adjugate, which reads what they read, with their weights, for a small part of the
 * answer. A row that goes to two experts of a group asks its adjugate twice.
 */
#include "model/arch.h"

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    HrExperts *x = &hp->experts;
    double scale;
    if (!hr_keys_read_uint(keys, "experts_per_group", 1, HR_MAX_EXPERTS, &x->n_sharers) ||
        !hr_keys_read_float_or(keys, "expert_group_scale", -1e3, 1e3, 0.05, &scale))
        return false;
    if (x->n % x->n_sharers != 0)
        return hr_keys_bad(keys, "experts_per_group", "does not divide expert_count");
    x->adjugate_scale = (float)scale;
    return true;
}

/* ---- Tensors ---- */

static void bind_adjugates(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    HrExpertWeights *w = &l->adjugates;
    g_autofree char *name = g_strdup_printf("blk.%d.ffn_up_chexps.weight", il);
    const HrGgufTensor *up = hr_gguf_find_tensor(b->gguf, name);
    uint64_t n_ff = up ? up->dims[1] : 1;
    uint32_t n = hp->experts.n / hp->experts.n_sharers;
    hr_bind_stack(b, &w->gate, il, "ffn_gate_chexps", hp->n_embd, n_ff, n);
    hr_bind_stack(b, &w->up, il, "ffn_up_chexps", hp->n_embd, n_ff, n);
    hr_bind_stack(b, &w->down, il, "ffn_down_chexps", n_ff, hp->n_embd, n);
    w->bias = l->experts.bias;
    if (n_ff * hp->experts.n_used > HR_MAX_WIDTH && !b->error)
        g_set_error(&b->error, HR_ERROR, HR_ERROR_FORMAT, "Tensor %s has too many rows.", name);
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++)
        if (hr_has_experts(hp, il))
            bind_adjugates(b, hp, (int)il, &w->layers[il]);
    hr_take_unscaled(hp, w);
}

/* ---- Steps ---- */

static HrBuf emit_mixture(HrEmit *e, const HrHparams *hp, HrBuf h, const HrLayerWeights *l, HrBuf x)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX, true), small = routing;
    HrBuf logits = hr_emit_linear(e, h, &l->experts.router);
    small.sharers = hp->experts.n_sharers;
    small.factor *= hp->experts.adjugate_scale;
    x = hr_emit_experts(e, h, logits, &l->experts, &routing, x);
    return hr_emit_experts(e, h, logits, &l->adjugates, &small, x);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_emit_heads(e, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        if (hr_has_experts(hp, il))
            x = emit_mixture(e, hp, hr_emit_rms_norm(e, x, &l->ffn_norm), l, x);
        else
            x = hr_emit_swiglu(e, x, l);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_grovemoe = {.name = "grovemoe",
                                 .models = "GroveMoE",
                                 .rope = HR_ROPE_NEOX,
                                 .experts = true,
                                 .shape = shape,
                                 .bind = bind,
                                 .emit = emit};
