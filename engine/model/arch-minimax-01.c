/* arch-minimax-01.c: MiniMax-Text-01 and M1.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * MiniMax 2025: one layer of eight attends; the others keep a state for each head that fades at a
 * rate of its own, slower in later layers (lightning attention, Qin et al. 2024), and gate what
 * they read from it. What sublayers add is added to what they read, normalised and scaled, not to
 * the stream before the norm. A mixture in every layer.
 */
#include "model/arch.h"

#define INTERVAL 8
#define MAX_HEAD 1024 /* rows of a head's state: several times what models have */

/* ---- Keys ---- */

/* Which layers keep states: a flag for each, or all but the last of each interval. */
static bool read_recurrent(const HrHparams *hp, const HrKeys *keys, bool *recurrent)
{
    static const char name[] = "attention.recurrent_layers";
    g_autofree char *full = hr_keys_name(keys, name);
    const HrGgufEntry *entry = hr_gguf_find(keys->gguf, full);
    uint32_t interval;
    if (!hr_keys_read_uint_or(keys, "full_attention_interval", 1, HR_MAX_LAYERS, INTERVAL,
                              &interval))
        return false;
    if (entry && (entry->kind != HR_GGUF_ARRAY || entry->n != hp->n_layer))
        return hr_keys_bad(keys, name, "has not as many entries as there are layers");
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        int64_t flag = (il + 1) % interval != 0;
        if (entry && !hr_gguf_element_int(entry, il, &flag))
            return hr_keys_bad(keys, name, "is not a list of flags");
        recurrent[il] = flag != 0;
    }
    return true;
}

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    g_autofree bool *recurrent = g_new0(bool, hp->n_layer);
    HrRecurrentShape *r = &hp->recurrent;
    if (hp->head_dim_k != hp->head_dim_v || hp->head_dim_k > MAX_HEAD)
        return hr_keys_bad(keys, "attention.key_length", "is not value_length, or out of range");
    if (!read_recurrent(hp, keys, recurrent))
        return false;
    r->n_head = r->n_group = hp->layers[0].n_head;
    r->n_state = hp->head_dim_k;
    r->n_inner = r->n_head * r->n_state;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        if (recurrent[il]) {
            hp->layers[il].n_head = hp->layers[il].n_head_kv = 0;
            hp->layers[il].n_ssm_state = r->n_inner * r->n_state;
        }
    return true;
}

/* ---- Tensors ---- */

static void bind_recurrent(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    uint64_t n = hp->recurrent.n_inner;
    hr_bind_linear(b, &l->recurrent.in, il, "attn_qkv", hp->n_embd, 3 * n);
    hr_bind(b, &l->recurrent.norm, il, "attn_norm_2.weight", n, 1);
    hr_bind_linear(b, &l->attn_gate, il, "attn_gate", hp->n_embd, n);
    hr_bind_linear(b, &l->attn_output, il, "attn_output", n, hp->n_embd);
    l->recurrent.in.scale = l->attn_gate.scale = l->attn_output.scale = (HrWeight){0};
    l->recurrent.in.fine = l->attn_gate.fine = l->attn_output.fine = true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    w->rope_freqs = (HrWeight){0};
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        if (hp->layers[il].n_head > 0)
            hr_bind_heads(b, hp, (int)il, l);
        else
            bind_recurrent(b, hp, (int)il, l);
        hr_bind(b, &l->ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        hr_bind_experts(b, hp, (int)il, &l->experts);
    }
    hr_take_unscaled(hp, w);
}

/* ---- Steps ---- */

static HrBuf emit_recurrent(HrEmit *e, const HrHparams *hp, HrBuf h, const HrLayerWeights *l)
{
    const HrRecurrentShape *r = &hp->recurrent;
    float depth = (float)e->layer / (float)MAX(hp->n_layer - 1, 1);
    HrRecurrence fading = {.n_head = r->n_head,
                           .head_dim = r->n_state,
                           .n_state = r->n_state,
                           .fading = 1 - depth + 1e-5f};
    HrBuf qkv = hr_emit_linear(e, h, &l->recurrent.in), gate = hr_emit_linear(e, h, &l->attn_gate);
    HrBuf y = hr_emit_retain(e, hr_emit_activate(e, HR_SILU, qkv, HR_NO_BUF), &fading);
    return hr_emit_activate(e, HR_SIGMOID, gate, hr_emit_rms_norm(e, y, &l->recurrent.norm));
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX, true);
    float scale = hp->residual_scale > 0 ? hp->residual_scale : 1;
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf h = hr_emit_rms_norm(e, x, &l->attn_norm);
        HrBuf a = hp->layers[il].n_head > 0 ? hr_emit_heads(e, h, l) : emit_recurrent(e, hp, h, l);
        hr_emit_narrow_to_outputs(e, &a, &h);
        x = hr_emit_scale_add(e, h, scale, hr_emit_linear(e, a, &l->attn_output));
        h = hr_emit_rms_norm(e, x, &l->ffn_norm);
        x = hr_emit_scale_add(e, h, scale,
                              hr_emit_mixture(e, h, &l->experts, &routing, HR_NO_BUF));
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_minimax_01 = {.name = "minimax-01",
                                   .models = "MiniMax-Text-01, MiniMax-M1",
                                   .rope = HR_ROPE_NEOX,
                                   .experts = true,
                                   .shape = shape,
                                   .bind = bind,
                                   .emit = emit};
