/* arch-gated-heads.c: Laguna, Spark 2.5 and Step 3.5: what each head answers is gated by what the
 * layer reads.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Laguna (Poolside): a softplus for each head, in the largest model for each number of it;
 * normalised queries and keys; layers that see a window turn by a rope of their own; experts chosen
 * by sigmoids with a bias, beside a shared one. Spark 2.5 (iFlytek): a sigmoid for each head,
 * a feed-forward gated by GELU. Step 3.5 (StepFun 2026): a sigmoid for each head, half of whose
 * dimensions turn where the layer sees everything; experts by sigmoids with a bias beside a shared
 * one, and limits to what they multiply.
 */
#include "model/arch.h"

#define PERIOD 4

static bool shape_laguna(HrHparams *hp, const HrKeys *keys)
{
    HrExperts *x = &hp->experts;
    x->n_ff_shared = x->n_ff_shared > 0 ? x->n_ff_shared : x->n_ff;
    return hr_hparams_read_windows_behind(hp, keys, 0, PERIOD) &&
           hr_hparams_read_local_rope(hp, keys, hp->rope.base, false);
}

static bool shape_spark(HrHparams *hp, const HrKeys *keys)
{
    return hr_hparams_read_windows(hp, keys, 0, 1) &&
           hr_hparams_read_local_rope(hp, keys, hp->rope.base, true);
}

/* The count of dimensions that turn is that of layers with windows. */
static bool shape_step(HrHparams *hp, const HrKeys *keys)
{
    if (!hr_hparams_read_windows(hp, keys, 0, 1) ||
        !hr_hparams_read_local_rope(hp, keys, hp->rope.base, true) ||
        !hr_hparams_read_limits(hp, keys))
        return false;
    hp->rope.n_rot = hp->rope.n_rot / 4 * 2;
    return true;
}

/* A gate for each head, or for each number that it answers. */
static void bind_gate(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    const HrLayerShape *s = &hp->layers[il];
    g_autofree char *name = g_strdup_printf("blk.%d.attn_gate.weight", il);
    const HrGgufTensor *t = hr_gguf_find_tensor(b->gguf, name);
    uint64_t n_all = (uint64_t)s->n_head * s->head_dim_v;
    hr_bind_linear(b, &l->attn_gate, il, "attn_gate", hp->n_embd,
                   t && t->dims[1] == n_all ? n_all : s->n_head);
    l->attn_gate.scale = (HrWeight){0};
    l->attn_gate.fine = true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++)
        bind_gate(b, hp, (int)il, &w->layers[il]);
}

/* Divisors of frequencies are there for as many pairs as turn at most; layers may have experts or
 * not, as their tensors say, and heads may have norms and gates or not. */
static void bind_step(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    uint32_t n_rot = MAX(hp->rope.n_rot, hp->local_rope.n_rot);
    hr_bind(b, &w->token_embd, -1, "token_embd.weight", hp->n_embd, 0);
    hr_bind(b, &w->output_norm, -1, "output_norm.weight", hp->n_embd, 1);
    hr_bind_output(b, hp, w);
    hr_bind_optional(b, &w->rope_freqs, -1, "rope_freqs.weight", n_rot / 2, 1);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        hr_bind_attention(b, hp, (int)il, l);
        bind_gate(b, hp, (int)il, l);
        hr_bind(b, &l->ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        if (hr_bind_finds(b, (int)il, "ffn_gate_inp.weight"))
            hr_bind_experts(b, hp, (int)il, &l->experts);
        else
            hr_bind_swiglu(b, hp, (int)il, l);
    }
    hr_take_unscaled(hp, w);
}

static HrBuf emit_gated(HrEmit *e, HrBuf h, const HrLayerWeights *l, HrActivation gate)
{
    HrBuf gates = hr_emit_linear(e, h, &l->attn_gate);
    return hr_emit_activate(e, gate, gates, hr_emit_heads(e, h, l));
}

static void emit_laguna(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, hr_scores(hp, HR_SCORES_SIGMOID), hp->experts.normalise);
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = emit_gated(e, hr_emit_rms_norm(e, x, &l->attn_norm), l, HR_SOFTPLUS);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_feed_forward(e, x, l, &routing);
    }
    hr_emit_head(e, x, w);
}

static void emit_spark(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = emit_gated(e, hr_emit_rms_norm(e, x, &l->attn_norm), l, HR_SIGMOID);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_ffn(e, hr_emit_rms_norm(e, x, &l->ffn_norm), l, HR_GELU_TANH, x);
    }
    hr_emit_head(e, x, w);
}

static void emit_step(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        HrRouting routing = hr_routing(hp, hr_scores(hp, HR_SCORES_SIGMOID), hp->experts.normalise);
        hr_routing_limit(&routing, &hp->layers[il]);
        hr_emit_layer(e, il);

        HrBuf a = emit_gated(e, hr_emit_rms_norm(e, x, &l->attn_norm), l, HR_SIGMOID);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_feed_forward(e, x, l, &routing);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_laguna = {.name = "laguna",
                               .models = "Laguna XS.2, S.2 and M.1",
                               .rope = HR_ROPE_NEOX,
                               .experts = true,
                               .shape = shape_laguna,
                               .bind = bind,
                               .emit = emit_laguna};
const HrArch hr_arch_spark2_5 = {.name = "spark2_5",
                                 .models = "Spark 2.5",
                                 .rope = HR_ROPE_NEOX,
                                 .shape = shape_spark,
                                 .bind = bind,
                                 .emit = emit_spark};
const HrArch hr_arch_step35 = {.name = "step35",
                               .models = "Step 3.5 Flash",
                               .rope = HR_ROPE_NEOX,
                               .experts = true,
                               .shape = shape_step,
                               .bind = bind_step,
                               .emit = emit_step};
