/* bind-experts.c: the tensors of a mixture of experts, in the forms that files have them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/arch.h"

/* Gate and up: from one tensor, from a tensor each, from a tensor for each expert (early Mixtral
 * files), or up alone. */
static void bind_hidden(HrBinder *b, const HrHparams *hp, int il, HrExpertWeights *w)
{
    uint64_t n_embd = hp->n_embd, n_ff = hp->layers[il].n_ff_experts;
    uint32_t n = hp->experts.n;
    if (hr_bind_finds(b, il, "ffn_gate_up_exps.weight")) {
        HrLinearStack both;
        hr_bind_stack(b, &both, il, "ffn_gate_up_exps", n_embd, 2 * n_ff, n);
        w->gate = hr_stack_slice(&both, 0, n_ff);
        w->up = hr_stack_slice(&both, n_ff, n_ff);
        return;
    }
    if (hr_bind_finds(b, il, "ffn_gate.0.weight")) {
        hr_bind_apart(b, &w->gate, il, "ffn_gate", n_embd, n_ff, n);
        hr_bind_apart(b, &w->up, il, "ffn_up", n_embd, n_ff, n);
        return;
    }
    if (hr_bind_finds(b, il, "ffn_gate_exps.weight"))
        hr_bind_stack(b, &w->gate, il, "ffn_gate_exps", n_embd, n_ff, n);
    hr_bind_stack(b, &w->up, il, "ffn_up_exps", n_embd, n_ff, n);
}

static void bind_shared(HrBinder *b, const HrHparams *hp, int il, HrExpertWeights *w)
{
    uint64_t n_embd = hp->n_embd, n_ff = hp->experts.n_ff_shared;
    hr_bind_linear(b, &w->shared_gate, il, "ffn_gate_shexp", n_embd, n_ff);
    hr_bind_linear(b, &w->shared_up, il, "ffn_up_shexp", n_embd, n_ff);
    hr_bind_linear(b, &w->shared_down, il, "ffn_down_shexp", n_ff, n_embd);
    w->shared_gate.bias_is_scaled = w->shared_up.bias_is_scaled = w->shared_down.bias_is_scaled =
        true;
    if (hr_bind_finds(b, il, "ffn_gate_inp_shexp.weight"))
        hr_bind_linear(b, &w->shared_router, il, "ffn_gate_inp_shexp", n_embd, 1);
}

void hr_bind_expert_stacks(HrBinder *b, const HrHparams *hp, int il, HrExpertWeights *w)
{
    uint32_t n = hp->experts.n, n_ff = hp->layers[il].n_ff_experts;
    bind_hidden(b, hp, il, w);
    if (hr_bind_finds(b, il, "ffn_down.0.weight"))
        hr_bind_apart(b, &w->down, il, "ffn_down", n_ff, hp->n_embd, n);
    else
        hr_bind_stack(b, &w->down, il, "ffn_down_exps", n_ff, hp->n_embd, n);
}

void hr_bind_experts(HrBinder *b, const HrHparams *hp, int il, HrExpertWeights *w)
{
    uint32_t n = hp->experts.n;
    hr_bind_linear(b, &w->router, il, "ffn_gate_inp", hp->n_embd, n);
    w->router.fine = true;
    hr_bind_optional(b, &w->bias, il,
                     hr_bind_finds(b, il, "exp_probs_b.bias") ? "exp_probs_b.bias" : "exp_probs_b",
                     n, 1);
    hr_bind_expert_stacks(b, hp, il, w);
    if (hp->experts.n_ff_shared > 0)
        bind_shared(b, hp, il, w);
}

static void drop_scales(HrExpertWeights *w)
{
    w->gate.scale = w->up.scale = w->down.scale = (HrWeight){0};
    w->shared_gate.scale = w->shared_up.scale = w->shared_down.scale = (HrWeight){0};
}

void hr_take_unscaled(const HrHparams *hp, HrWeights *w)
{
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        l->ffn_gate.scale = l->ffn_up.scale = l->ffn_down.scale = (HrWeight){0};
        drop_scales(&l->experts);
    }
}
