/* delta.c: see delta.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/delta.h"

#define MAX_STATE \
    2048 /* rows of a head's state, and values of a head: what a thread's scratch holds */
#define FULL_ATTENTION_INTERVAL 4

/* ---- Shape ---- */

static bool read_widths(HrRecurrentShape *r, const HrKeys *keys)
{
    if (!hr_keys_read_uint(keys, "ssm.conv_kernel", 2, HR_MAX_CONV, &r->n_conv) ||
        !hr_keys_read_uint(keys, "ssm.inner_size", 1, HR_MAX_WIDTH / 4, &r->n_inner) ||
        !hr_keys_read_uint(keys, "ssm.state_size", 1, MAX_STATE, &r->n_state) ||
        !hr_keys_read_uint(keys, "ssm.time_step_rank", 1, HR_MAX_WIDTH / 4, &r->n_head) ||
        !hr_keys_read_uint(keys, "ssm.group_count", 1, HR_MAX_WIDTH / 4 / MAX_STATE, &r->n_group))
        return false;
    if (r->n_inner % r->n_head != 0 || r->n_inner / r->n_head > MAX_STATE)
        return hr_keys_bad(keys, "ssm.time_step_rank", "does not fit ssm.inner_size");
    if (r->n_head % r->n_group != 0)
        return hr_keys_bad(keys, "ssm.group_count", "does not divide ssm.time_step_rank");
    return true;
}

static uint32_t n_convolved(const HrRecurrentShape *r)
{
    return r->n_inner + 2 * r->n_group * r->n_state;
}

static void shape_layer(HrHparams *hp, uint32_t il)
{
    const HrRecurrentShape *r = &hp->recurrent;
    HrLayerShape *l = &hp->layers[il];
    l->n_head = l->n_head_kv = 0;
    l->n_conv_state = (r->n_conv - 1) * n_convolved(r);
    l->n_ssm_state = r->n_state * r->n_inner;
}

/* Files flag the recurrent layers, or say every how manieth attends. */
static bool read_kinds(HrHparams *hp, const HrKeys *keys)
{
    g_autofree char *key = hr_keys_name(keys, "attention.recurrent_layers");
    const HrGgufEntry *flags = hr_gguf_find(keys->gguf, key);
    uint32_t interval;
    if (!hr_keys_read_uint_or(keys, "full_attention_interval", 1, HR_MAX_LAYERS,
                              FULL_ATTENTION_INTERVAL, &interval))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        int64_t recurrent = (il + 1) % interval != 0;
        if (flags && !hr_gguf_element_int(flags, flags->kind == HR_GGUF_ARRAY ? il : 0, &recurrent))
            return hr_keys_bad(keys, "attention.recurrent_layers", "has not a flag for each layer");
        if (recurrent)
            shape_layer(hp, il);
    }
    return true;
}

bool hr_delta_shape(HrHparams *hp, const HrKeys *keys)
{
    uint32_t n_further;
    if (!read_widths(&hp->recurrent, keys) ||
        !hr_keys_read_uint_or(keys, "nextn_predict_layers", 0, hp->n_layer - 1, 0, &n_further))
        return false;
    hp->n_layer -= n_further;
    return read_kinds(hp, keys);
}

/* ---- The gated delta rule (Yang et al. 2024) ---- */

void hr_delta_bind(HrBinder *b, const HrHparams *hp, int il, HrRecurrentWeights *w)
{
    const HrRecurrentShape *r = &hp->recurrent;
    hr_bind_floats(b, &w->conv, il, "ssm_conv1d.weight", (uint64_t)n_convolved(r) * r->n_conv);
    hr_bind_floats(b, &w->a, il, "ssm_a", r->n_head);
    hr_bind_floats(b, &w->dt_bias, il, "ssm_dt.bias", r->n_head);
    hr_bind_floats(b, &w->norm, il, "ssm_norm.weight", r->n_inner / r->n_head);
    hr_bind_linear(b, &w->out, il, "ssm_out", r->n_inner, hp->n_embd);
}

HrBuf hr_delta_emit(HrEmit *e, const HrHparams *hp, HrBuf qkv, HrBuf gate, HrBuf decay, HrBuf rate,
                    bool tiled, const HrRecurrentWeights *w)
{
    const HrRecurrentShape *r = &hp->recurrent;
    HrRecurrence conv = {.width = r->n_conv, .silu = true};
    HrRecurrence rule = {.n_head = r->n_head,
                         .head_dim = r->n_inner / r->n_head,
                         .n_group = r->n_group,
                         .n_state = r->n_state,
                         .tiled = tiled,
                         .a = &w->a,
                         .dt_bias = &w->dt_bias};

    qkv = hr_emit_short_conv(e, qkv, HR_NO_BUF, HR_NO_BUF, &w->conv, &w->conv_bias, &conv);
    HrBuf y = hr_emit_delta_rule(e, qkv, decay, rate, &rule);
    y = hr_emit_group_norm(e, y, &w->norm, r->n_inner / r->n_head);
    return hr_emit_activate(e, HR_SILU, gate, y);
}

/* ---- Gated attention ---- */

void hr_gated_attention_bind(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *w)
{
    const HrLayerShape *s = &hp->layers[il];
    hr_bind_linear(b, &w->attn_q, il, "attn_q", hp->n_embd,
                   2 * (uint64_t)s->n_head * s->head_dim_k);
    hr_bind_linear(b, &w->attn_k, il, "attn_k", hp->n_embd, (uint64_t)s->n_head_kv * s->head_dim_k);
    hr_bind_linear(b, &w->attn_v, il, "attn_v", hp->n_embd, (uint64_t)s->n_head_kv * s->head_dim_v);
    hr_bind_linear(b, &w->attn_output, il, "attn_output", (uint64_t)s->n_head * s->head_dim_v,
                   hp->n_embd);
    hr_bind(b, &w->attn_q_norm, il, "attn_q_norm.weight", s->head_dim_k, 1);
    hr_bind(b, &w->attn_k_norm, il, "attn_k_norm.weight", s->head_dim_k, 1);
    w->attn_q.fine = w->attn_k.fine = w->attn_v.fine = w->attn_output.fine = true;
}

HrBuf hr_gated_attention_emit(HrEmit *e, const HrHparams *hp, HrBuf h, const HrLayerWeights *w)
{
    uint32_t width = hp->head_dim_k;
    HrBuf both = hr_emit_linear(e, h, &w->attn_q);
    HrBuf k = hr_emit_linear(e, h, &w->attn_k);
    HrBuf v = hr_emit_linear(e, h, &w->attn_v);
    HrBuf q = hr_emit_pick(e, both, 2 * width, 0, width);
    HrBuf gate = hr_emit_pick(e, both, 2 * width, width, width);
    hr_emit_head_norms(e, q, &w->attn_q_norm, k, &w->attn_k_norm);
    hr_emit_rope_and_store(e, q, k, v);
    return hr_emit_activate(e, HR_SIGMOID, gate, hr_emit_attention(e, q));
}
