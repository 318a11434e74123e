/* arch-plamo2.c: PLaMo 2.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Preferred Networks 2025, after Samba: Mamba layers whose heads each have one decay, between
 * layers of attention with normalised heads; norms before and behind every sublayer.
 */
#include "model/arch.h"

#define MAX_STATE \
    2048 /* rows of a head's state, and values of a head: what a thread's scratch holds */
#define MAX_HEAD 4096

/* Layers without key heads are recurrent. */
static bool shape(HrHparams *hp, const HrKeys *keys)
{
    HrRecurrentShape *r = &hp->recurrent;
    if (!hr_keys_read_uint(keys, "ssm.conv_kernel", 2, HR_MAX_CONV, &r->n_conv) ||
        !hr_keys_read_uint(keys, "ssm.inner_size", 1, HR_MAX_WIDTH / 4, &r->n_inner) ||
        !hr_keys_read_uint(keys, "ssm.state_size", 1, MAX_STATE, &r->n_state) ||
        !hr_keys_read_uint(keys, "ssm.time_step_rank", 1, HR_MAX_WIDTH / 4, &r->n_head))
        return false;
    if (r->n_inner % r->n_head != 0 || r->n_inner / r->n_head > MAX_HEAD)
        return hr_keys_bad(keys, "ssm.time_step_rank", "does not fit ssm.inner_size");
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerShape *l = &hp->layers[il];
        l->n_conv_state = l->n_head_kv > 0 ? 0 : (r->n_conv - 1) * r->n_inner;
        l->n_ssm_state = l->n_head_kv > 0 ? 0 : r->n_state * r->n_inner;
    }
    return true;
}

/* ---- Tensors; those that the file fuses and scales are taken unscaled ---- */

static void bind_attention(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    const HrLayerShape *s = &hp->layers[il];
    uint64_t n_q = (uint64_t)s->n_head * s->head_dim_k,
             n_k = (uint64_t)s->n_head_kv * s->head_dim_k;
    uint64_t n_v = (uint64_t)s->n_head_kv * s->head_dim_v;
    HrLinear qkv = {{0}};
    hr_bind_linear(b, &qkv, il, "attn_qkv", hp->n_embd, n_q + n_k + n_v);
    qkv.scale = (HrWeight){0};
    qkv.fine = true;
    l->attn_q = hr_linear_rows(&qkv, 0, n_q);
    l->attn_k = hr_linear_rows(&qkv, n_q, n_k);
    l->attn_v = hr_linear_rows(&qkv, n_q + n_k, n_v);
    hr_bind_floats(b, &l->attn_q_norm, il, "attn_q_norm.weight", n_q);
    hr_bind_floats(b, &l->attn_k_norm, il, "attn_k_norm.weight", n_k);
    hr_bind_linear(b, &l->attn_output, il, "attn_output", (uint64_t)s->n_head * s->head_dim_v,
                   hp->n_embd);
    l->attn_output.fine = true;
}

static void bind_mamba(HrBinder *b, const HrHparams *hp, int il, HrRecurrentWeights *w)
{
    const HrRecurrentShape *r = &hp->recurrent;
    uint64_t n_dt = MAX(64, hp->n_embd / 16);
    hr_bind_linear(b, &w->in, il, "ssm_in", hp->n_embd, 2 * (uint64_t)r->n_inner);
    hr_bind_floats(b, &w->conv, il, "ssm_conv1d.weight", (uint64_t)r->n_inner * r->n_conv);
    hr_bind_linear(b, &w->x, il, "ssm_x", r->n_inner, n_dt + 2 * (uint64_t)r->n_state);
    hr_bind_linear(b, &w->dt, il, "ssm_dt", n_dt, r->n_head);
    hr_bind_floats(b, &w->a, il, "ssm_a", r->n_head);
    hr_bind_floats(b, &w->d, il, "ssm_d", r->n_head);
    hr_bind_floats(b, &w->b_norm, il, "ssm_b_norm", r->n_state);
    hr_bind_floats(b, &w->c_norm, il, "ssm_c_norm", r->n_state);
    hr_bind_floats(b, &w->dt_norm, il, "ssm_dt_norm", n_dt);
    hr_bind_linear(b, &w->out, il, "ssm_out", r->n_inner, hp->n_embd);
    w->in.scale = w->out.scale = (HrWeight){0};
    w->x_b = hr_linear_rows(&w->x, 0, r->n_state);
    w->x_c = hr_linear_rows(&w->x, r->n_state, r->n_state);
    w->x_dt = hr_linear_rows(&w->x, 2 * (uint64_t)r->n_state, n_dt);
}

static void bind_feed_forward(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    uint64_t n_ff = hp->layers[il].n_ff;
    HrLinear both = {{0}};
    hr_bind_linear(b, &both, il, "ffn_up", hp->n_embd, 2 * n_ff);
    hr_bind_linear(b, &l->ffn_down, il, "ffn_down", n_ff, hp->n_embd);
    both.scale = l->ffn_down.scale = (HrWeight){0};
    l->ffn_gate = hr_linear_rows(&both, 0, n_ff);
    l->ffn_up = hr_linear_rows(&both, n_ff, n_ff);
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        if (hp->layers[il].n_head_kv > 0)
            bind_attention(b, hp, (int)il, l);
        else
            bind_mamba(b, hp, (int)il, &l->recurrent);
        hr_bind_floats(b, &l->post_attn_norm, (int)il, "post_attention_norm", hp->n_embd);
        hr_bind(b, &l->ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        bind_feed_forward(b, hp, (int)il, l);
        hr_bind_floats(b, &l->post_ffn_norm, (int)il, "post_ffw_norm", hp->n_embd);
    }
}

/* ---- Steps ---- */

static HrBuf emit_attention(HrEmit *e, const HrHparams *hp, HrBuf h, const HrLayerWeights *l)
{
    HrBuf q = hr_emit_linear(e, h, &l->attn_q);
    HrBuf k = hr_emit_linear(e, h, &l->attn_k);
    HrBuf v = hr_emit_linear(e, h, &l->attn_v);
    q = hr_emit_group_norm(e, q, &l->attn_q_norm, hp->head_dim_k);
    k = hr_emit_group_norm(e, k, &l->attn_k_norm, hp->head_dim_k);
    hr_emit_rope_and_store(e, q, k, v);
    return hr_emit_attention(e, q);
}

/* Gate and input of a head lie side by side. */
static HrBuf emit_mamba(HrEmit *e, const HrHparams *hp, HrBuf h, const HrRecurrentWeights *w)
{
    const HrRecurrentShape *r = &hp->recurrent;
    uint32_t width = r->n_inner / r->n_head;
    HrRecurrence conv = {.width = r->n_conv, .silu = true};
    HrRecurrence scan = {.n_head = r->n_head,
                         .head_dim = width,
                         .n_group = 1,
                         .n_state = r->n_state,
                         .a = &w->a,
                         .d = &w->d};

    HrBuf both = hr_emit_linear(e, h, &w->in);
    HrBuf gate = hr_emit_pick(e, both, 2 * width, 0, width);
    HrBuf x = hr_emit_pick(e, both, 2 * width, width, width);
    x = hr_emit_short_conv(e, x, HR_NO_BUF, HR_NO_BUF, &w->conv, &w->conv_bias, &conv);
    HrBuf b = hr_emit_linear(e, x, &w->x_b);
    HrBuf c = hr_emit_linear(e, x, &w->x_c);
    HrBuf dt = hr_emit_linear(e, x, &w->x_dt);
    b = hr_emit_rms_norm(e, b, &w->b_norm);
    c = hr_emit_rms_norm(e, c, &w->c_norm);
    dt = hr_emit_linear(e, hr_emit_rms_norm(e, dt, &w->dt_norm), &w->dt);
    HrBuf y = hr_emit_ssm_apart(e, x, dt, b, c, &scan);
    return hr_emit_activate(e, HR_SILU, gate, y);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        bool attends = hp->layers[il].n_head_kv > 0;
        hr_emit_layer(e, il);

        HrBuf h = hr_emit_rms_norm(e, x, &l->attn_norm);
        HrBuf a = attends ? emit_attention(e, hp, h, l) : emit_mamba(e, hp, h, &l->recurrent);
        hr_emit_narrow_to_outputs(e, &a, &x);
        a = hr_emit_linear(e, a, attends ? &l->attn_output : &l->recurrent.out);
        x = hr_emit_add(e, hr_emit_rms_norm(e, a, &l->post_attn_norm), x);
        h = hr_emit_rms_norm(e, x, &l->ffn_norm);
        HrBuf gate = hr_emit_linear(e, h, &l->ffn_gate);
        HrBuf up = hr_emit_linear(e, h, &l->ffn_up);
        HrBuf y = hr_emit_linear(e, hr_emit_activate(e, HR_SILU, gate, up), &l->ffn_down);
        x = hr_emit_add(e, hr_emit_rms_norm(e, y, &l->post_ffn_norm), x);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_plamo2 = {.name = "plamo2",
                               .models = "PLaMo 2",
                               .rope = HR_ROPE_NEOX,
                               .mixed_layers = true,
                               .shape = shape,
                               .bind = bind,
                               .emit = emit};
