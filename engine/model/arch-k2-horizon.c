/* arch-k2-horizon.c: K2 Horizon.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * IFM 2026: norms of so many equal parts of a row, a norm for each head's queries and keys, and
 * answers of heads gated by log2 (1 + 2^x). Layers with experts may have experts for values as
 * well: what those that a router of their own chooses make of the row, through SiLU.
 */
#include "model/arch.h"

#include <math.h>

static bool read_value_experts(HrExperts *x, const HrKeys *keys)
{
    if (!hr_keys_read_uint_or(keys, "attention.value_expert_count", 0, HR_MAX_EXPERTS, 0, &x->n) ||
        !hr_keys_read_uint_or(keys, "attention.value_expert_used_count", 0, HR_MAX_EXPERTS, 0,
                              &x->n_used))
        return false;
    if (x->n > 0 && (x->n_used == 0 || x->n_used > x->n))
        return hr_keys_bad(keys, "attention.value_expert_used_count",
                           "is 0 or more than value_expert_count");
    x->n_groups = x->n_groups_used = 1;
    return true;
}

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    uint32_t n_groups;
    if (!hr_keys_read_uint_or(keys, "attention.group_norm_groups", 0, HR_MAX_WIDTH, 1, &n_groups) ||
        !read_value_experts(&hp->value_experts, keys))
        return false;
    if (hp->n_embd % MAX(n_groups, 1) != 0)
        return hr_keys_bad(keys, "attention.group_norm_groups", "does not divide embedding_length");
    hp->norm_width = hp->n_embd / MAX(n_groups, 1);
    return true;
}

static bool has_value_experts(const HrHparams *hp, uint32_t il)
{
    return hp->value_experts.n > 0 && hr_has_experts(hp, il);
}

static void bind_head_norm(HrBinder *b, HrWeight *norm, int il, const char *name, uint64_t width,
                           uint64_t n_head)
{
    hr_bind_optional_floats(b, norm, il, name, width * n_head);
    norm->n_in = width;
    norm->n_out = n_head;
}

/* The bias beside the router's matrix is for choosing alone. */
static void bind_routed(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    const HrLayerShape *s = &hp->layers[il];
    uint32_t n = hp->value_experts.n;
    hr_bind_linear(b, &l->attn_q, il, "attn_q", hp->n_embd, (uint64_t)s->n_head * s->head_dim_k);
    hr_bind_linear(b, &l->attn_k, il, "attn_k", hp->n_embd, (uint64_t)s->n_head_kv * s->head_dim_k);
    hr_bind(b, &l->values.router.weight, il, "attn_v_gate.weight", hp->n_embd, n);
    hr_bind_optional(b, &l->values.bias, il, "attn_v_gate.bias", n, 1);
    hr_bind_stack(b, &l->values.up, il, "attn_v_exps", hp->n_embd,
                  (uint64_t)s->n_head_kv * s->head_dim_v, n);
    hr_bind_linear(b, &l->attn_output, il, "attn_output", (uint64_t)s->n_head * s->head_dim_v,
                   hp->n_embd);
    l->attn_q.fine = l->attn_k.fine = l->values.router.fine = l->attn_output.fine = true;
}

static void bind_attention(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    const HrLayerShape *s = &hp->layers[il];
    if (has_value_experts(hp, (uint32_t)il))
        bind_routed(b, hp, il, l);
    else
        hr_bind_heads(b, hp, il, l);
    bind_head_norm(b, &l->attn_q_norm, il, "attn_q_norm.weight", s->head_dim_k, s->n_head);
    bind_head_norm(b, &l->attn_k_norm, il, "attn_k_norm.weight", s->head_dim_k, s->n_head_kv);
    if (hr_bind_finds(b, il, "attn_gate.weight"))
        hr_bind_linear(b, &l->attn_gate, il, "attn_gate", hp->n_embd,
                       (uint64_t)s->n_head * s->head_dim_v);
    l->attn_gate.fine = true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    w->rope_freqs = (HrWeight){0};
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        bind_attention(b, hp, (int)il, l);
        hr_bind(b, &l->ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        hr_bind_feed_forward(b, hp, (int)il, l);
    }
    hr_take_unscaled(hp, w);
}

/* What the output matrix adds to x: log2 (1 + 2^g) is softplus (g ln 2) / ln 2. */
static HrBuf emit_output(HrEmit *e, HrBuf a, HrBuf gate, const HrLayerWeights *l, HrBuf x)
{
    if (gate == HR_NO_BUF)
        return hr_emit_linear_add(e, a, &l->attn_output, x);
    a = hr_emit_activate(e, HR_SOFTPLUS, gate, a);
    return hr_emit_linear_add_scaled(e, a, &l->attn_output, (float)(1 / G_LN2), x);
}

static HrBuf emit_heads(HrEmit *e, HrBuf h, const HrLayerWeights *l, const HrRouting *routing)
{
    if (!hr_weight_exists(&l->values.up.weight))
        return hr_emit_heads(e, h, l);
    HrBuf q = hr_emit_linear(e, h, &l->attn_q), k = hr_emit_linear(e, h, &l->attn_k);
    HrBuf v = hr_emit_value_experts(e, h, &l->values, routing);
    if (hr_weight_exists(&l->attn_q_norm))
        hr_emit_head_norms(e, q, &l->attn_q_norm, k, &l->attn_k_norm);
    hr_emit_rope_and_store(e, q, k, v);
    return hr_emit_attention(e, q);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, hr_scores(hp, HR_SCORES_SIGMOID), hp->experts.normalise);
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        bool gated = hr_weight_exists(&l->attn_gate.weight);
        hr_emit_layer(e, il);

        HrBuf h = hr_emit_group_norm(e, x, &l->attn_norm, hp->norm_width),
              a = emit_heads(e, h, l, &routing);
        HrBuf gate = gated ? hr_emit_linear_add_scaled(e, h, &l->attn_gate, (float)G_LN2, HR_NO_BUF)
                           : HR_NO_BUF;
        hr_emit_narrow_to_outputs(e, &a, &x);
        if (gated)
            hr_emit_narrow(e, &gate);
        x = emit_output(e, a, gate, l, x);
        h = hr_emit_group_norm(e, x, &l->ffn_norm, hp->norm_width);
        x = hr_has_experts(hp, il) ? hr_emit_mixture(e, h, &l->experts, &routing, x)
                                   : hr_emit_ffn(e, h, l, HR_SILU, x);
    }
    hr_emit_layer(e, HR_NO_LAYER);
    hr_emit_logits(e, hr_emit_group_norm(e, x, &w->output_norm, hp->norm_width), &w->output);
}

const HrArch hr_arch_k2_horizon = {.name = "k2-horizon",
                                   .models = "K2 Horizon",
                                   .rope = HR_ROPE_NEOX,
                                   .shape = shape,
                                   .bind = bind,
                                   .emit = emit};
