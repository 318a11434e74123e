/* arch-kimi-linear.c: Kimi Linear and Ling 3.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Kimi Team 2025: three of four layers have a delta rule that forgets each row of its state at a
 * rate of its own ("Kimi Delta Attention"), behind short convolutions of queries, keys and values;
 * the fourth has latent attention that does not turn. DeepSeek-V3's experts. Ling 3 (Inclusion AI
 * 2026) bounds the decays, makes them and gates from one matrix each, turns its latent attention
 * and gates its heads, and limits what experts multiply.
 */
#include "model/latent.h"

#define MAX_HEAD 2048 /* rows and values of a head's state: what a thread's scratch holds */

static uint32_t width(const HrHparams *hp)
{
    return hp->recurrent.n_head * hp->recurrent.n_state;
}

/* Layers without key heads are recurrent and have as many heads as the others. */
static bool shape(HrHparams *hp, const HrKeys *keys)
{
    HrRecurrentShape *r = &hp->recurrent;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        r->n_head = MAX(r->n_head, hp->layers[il].n_head);
    if (r->n_head == 0)
        return hr_keys_bad(keys, "attention.head_count_kv", "leaves no layer that attends");
    if (!hr_keys_read_uint(keys, "ssm.conv_kernel", 2, HR_MAX_CONV, &r->n_conv) ||
        !hr_keys_read_uint(keys, "kda.head_dim", 1, MAX_HEAD, &r->n_state))
        return false;
    if ((uint64_t)r->n_head * r->n_state > HR_MAX_WIDTH / 4)
        return hr_keys_bad(keys, "kda.head_dim", "is out of range");
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerShape *s = &hp->layers[il];
        if (s->n_head > 0)
            continue;
        s->n_conv_state = 3 * (r->n_conv - 1) * width(hp);
        s->n_ssm_state = r->n_state * width(hp);
    }
    return hr_latent_shape(hp, keys);
}

static bool shape_kimi(HrHparams *hp, const HrKeys *keys)
{
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hp->layers[il].unturned = true;
    return shape(hp, keys);
}

static bool shape_ling(HrHparams *hp, const HrKeys *keys)
{
    double bound;
    if (!hr_keys_read_float_or(keys, "kda.gate_lower_bound", -1e3, 0, 0, &bound))
        return false;
    if (bound == 0)
        return hr_keys_bad(keys, "kda.gate_lower_bound", "is missing or 0");
    hp->recurrent.bound = (float)bound;
    return hr_hparams_read_limits(hp, keys) && shape(hp, keys);
}

/* ---- Tensors ---- */

/* In one matrix, or through a row as narrow as a head. */
static void bind_narrow(HrBinder *b, const HrHparams *hp, int il, HrLinear *first, HrLinear *second,
                        const char *first_name, const char *second_name)
{
    uint64_t n = width(hp), narrow = hp->recurrent.n_state;
    g_autofree char *full = g_strconcat(second_name, ".weight", NULL);
    bool two = hr_bind_finds(b, il, full);
    hr_bind_linear(b, first, il, first_name, hp->n_embd, two ? narrow : n);
    if (two)
        hr_bind_linear(b, second, il, second_name, narrow, n);
    first->fine = second->fine = true;
}

static void bind_delta(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    const HrRecurrentShape *r = &hp->recurrent;
    HrRecurrentWeights *w = &l->recurrent;
    uint64_t n = width(hp), n_conv = n * r->n_conv;
    hr_bind_linear(b, &l->attn_q, il, "attn_q", hp->n_embd, n);
    hr_bind_linear(b, &l->attn_k, il, "attn_k", hp->n_embd, n);
    hr_bind_linear(b, &l->attn_v, il, "attn_v", hp->n_embd, n);
    l->attn_q.bias = l->attn_k.bias = l->attn_v.bias =
        (HrWeight){0}; /* the model has none, whatever lies in the file */
    hr_bind_floats(b, &w->conv, il, "ssm_conv1d_q.weight", n_conv);
    hr_bind_floats(b, &w->conv_k, il, "ssm_conv1d_k.weight", n_conv);
    hr_bind_floats(b, &w->conv_v, il, "ssm_conv1d_v.weight", n_conv);
    bind_narrow(b, hp, il, &w->decay_a, &w->decay_b, "ssm_f_a", "ssm_f_b");
    bind_narrow(b, hp, il, &w->gate_a, &w->gate_b, "ssm_g_a", "ssm_g_b");
    hr_bind_linear(b, &w->in_b, il, "ssm_beta", hp->n_embd, r->n_head);
    hr_bind_floats(b, &w->a, il, "ssm_a", r->n_head);
    hr_bind_floats(b, &w->dt_bias, il, "ssm_dt.bias", n);
    hr_bind_floats(b, &w->norm, il, "ssm_norm.weight", r->n_state);
    hr_bind_linear(b, &l->attn_output, il, "attn_output", n, hp->n_embd);
    l->attn_q.fine = l->attn_k.fine = l->attn_v.fine = l->attn_output.fine = true;
    w->in_b.fine = true;
}

/* Matrices are taken as they are, whatever scales lie beside them. */
static void drop_scales(HrLayerWeights *l)
{
    HrLinear *linears[] = {&l->attn_q,     &l->attn_k,      &l->attn_v,        &l->latent.q_a,
                           &l->latent.q_b, &l->latent.kv_a, &l->recurrent.in_b};
    for (size_t i = 0; i < G_N_ELEMENTS(linears); i++)
        linears[i]->scale = (HrWeight){0};
    if (!hr_weight_exists(&l->latent.kv_a.weight))
        l->attn_output.scale = (HrWeight){0};
    l->latent.k_b.scale = l->latent.v_b.scale = (HrWeight){0};
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        if (hp->layers[il].latent)
            hr_latent_bind(b, hp, (int)il, l);
        else
            bind_delta(b, hp, (int)il, l);
        drop_scales(l);
        hr_bind(b, &l->ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        hr_bind_feed_forward(b, hp, (int)il, l);
    }
    hr_take_unscaled(hp, w);
}

/* A gate for each head of latent attention. */
static void bind_ling(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    bind(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        l->attn_output.scale = (HrWeight){0};
        if (!hp->layers[il].latent)
            continue;
        hr_bind_linear(b, &l->attn_gate, (int)il, "attn_gate", hp->n_embd, hp->layers[il].n_head);
        l->attn_gate.scale = (HrWeight){0};
        l->attn_gate.fine = true;
    }
}

/* ---- Steps ---- */

/* Queries, keys and values side by side, each behind its convolution. */
static HrBuf emit_qkv(HrEmit *e, const HrHparams *hp, HrBuf h, const HrLayerWeights *l)
{
    const HrRecurrentWeights *w = &l->recurrent;
    uint32_t n = width(hp), n_state = (hp->recurrent.n_conv - 1) * n;
    HrRecurrence conv[3];
    for (uint32_t i = 0; i < 3; i++)
        conv[i] = (HrRecurrence){.width = hp->recurrent.n_conv, .silu = true, .state = i * n_state};
    HrBuf q = hr_emit_linear(e, h, &l->attn_q), k = hr_emit_linear(e, h, &l->attn_k),
          v = hr_emit_linear(e, h, &l->attn_v);
    q = hr_emit_short_conv(e, q, HR_NO_BUF, HR_NO_BUF, &w->conv, &w->conv_bias, &conv[0]);
    k = hr_emit_short_conv(e, k, HR_NO_BUF, HR_NO_BUF, &w->conv_k, &w->conv_bias, &conv[1]);
    v = hr_emit_short_conv(e, v, HR_NO_BUF, HR_NO_BUF, &w->conv_v, &w->conv_bias, &conv[2]);
    return hr_emit_join_heads(e, hr_emit_join_heads(e, q, n, n, k, 0), 2 * n, 2 * n, v, 0);
}

static HrBuf emit_second(HrEmit *e, HrBuf x, const HrLinear *linear)
{
    return hr_weight_exists(&linear->weight) ? hr_emit_linear(e, x, linear) : x;
}

static HrBuf emit_delta(HrEmit *e, const HrHparams *hp, HrBuf h, const HrLayerWeights *l)
{
    const HrRecurrentShape *r = &hp->recurrent;
    const HrRecurrentWeights *w = &l->recurrent;
    HrRecurrence rule = {.n_head = r->n_head,
                         .head_dim = r->n_state,
                         .n_group = r->n_head,
                         .n_state = r->n_state,
                         .bound = r->bound,
                         .a = &w->a,
                         .dt_bias = &w->dt_bias};
    HrBuf qkv = emit_qkv(e, hp, h, l);
    HrBuf decay = hr_emit_linear(e, h, &w->decay_a), gate = hr_emit_linear(e, h, &w->gate_a),
          rate = hr_emit_linear(e, h, &w->in_b);
    HrBuf y = hr_emit_delta_rule(e, qkv, emit_second(e, decay, &w->decay_b), rate, &rule);
    y = hr_emit_group_norm(e, y, &w->norm, r->n_state);
    y = hr_emit_activate(e, HR_SIGMOID, emit_second(e, gate, &w->gate_b), y);
    hr_emit_narrow(e, &y);
    return y;
}

/* What the heads answer, before the output matrix. */
static HrBuf emit_attention(HrEmit *e, const HrHparams *hp, HrBuf h, const HrLayerWeights *l)
{
    bool gated = hr_weight_exists(&l->attn_gate.weight);
    HrBuf gate = gated ? hr_emit_linear(e, h, &l->attn_gate) : HR_NO_BUF,
          a = hr_latent_emit(e, hp, h, l);
    hr_emit_narrow(e, &a);
    if (gated)
        hr_emit_narrow(e, &gate);
    a = hr_latent_emit_answers(e, hp, a, l);
    return gated ? hr_emit_activate(e, HR_SIGMOID, gate, a) : a;
}

static void emit_with(HrEmit *e, const HrHparams *hp, const HrWeights *w, bool normalise)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        HrRouting routing = hr_routing(hp, hr_scores(hp, HR_SCORES_SIGMOID), normalise);
        hr_routing_limit(&routing, &hp->layers[il]);
        hr_emit_layer(e, il);

        HrBuf h = hr_emit_rms_norm(e, x, &l->attn_norm);
        HrBuf a =
            hp->layers[il].latent ? emit_attention(e, hp, h, l) : emit_delta(e, hp, h, l);
        hr_emit_narrow(e, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_feed_forward(e, x, l, &routing);
    }
    hr_emit_head(e, x, w);
}

static void emit_kimi(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    emit_with(e, hp, w, true);
}

static void emit_ling(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    emit_with(e, hp, w, hp->experts.normalise);
}

const HrArch hr_arch_kimi_linear = {.name = "kimi-linear",
                                    .models = "Kimi Linear 48B-A3B",
                                    .rope = HR_ROPE_NORM,
                                    .experts = true,
                                    .mixed_layers = true,
                                    .shape = shape_kimi,
                                    .bind = bind,
                                    .emit = emit_kimi};
const HrArch hr_arch_bailingmoe3 = {.name = "bailingmoe3",
                                    .models = "Ling 3.0",
                                    .rope = HR_ROPE_NEOX,
                                    .experts = true,
                                    .mixed_layers = true,
                                    .shape = shape_ling,
                                    .bind = bind_ling,
                                    .emit = emit_ling};
