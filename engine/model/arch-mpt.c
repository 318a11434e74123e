/* arch-mpt.c: MPT.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * MosaicML 2023: layer norms without offsets, ALiBi or learned positions, queries, keys and values
 * from one matrix and cut at a limit. Some files also normalise rows of queries and keys, or divide
 * what the feed-forward activated by scales that made its weights easier to round (Lin et al.
 * 2024).
 */
#include "model/arch.h"

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    double cap, bias;
    if (!hr_keys_read_float_or(keys, "attention.clamp_kqv", 0, 1e6, 0, &cap) ||
        !hr_keys_read_float_or(keys, "attention.max_alibi_bias", 0, 1e3, 0, &bias))
        return false;
    hp->qkv_cap = (float)cap;
    hp->max_alibi_bias = (float)bias;
    return true;
}

/* ---- Tensors ---- */

static void bind_row_norms(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    const HrLayerShape *s = &hp->layers[il];
    l->attn_q_norm = l->attn_k_norm = (HrWeight){0};
    if (!hr_bind_finds(b, il, "attn_q_norm.weight"))
        return;
    hr_bind_norm(b, &l->q_norm, il, "attn_q_norm", (uint64_t)s->n_head * s->head_dim_k);
    hr_bind_norm(b, &l->k_norm, il, "attn_k_norm", (uint64_t)s->n_head_kv * s->head_dim_k);
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_layer_norm_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
    hr_bind_optional(b, &w->position_embd, -1, "position_embd.weight", hp->n_embd, hp->n_ctx_train);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        bind_row_norms(b, hp, (int)il, l);
        hr_bind_optional_floats(b, &l->ffn_act_scales, (int)il, "ffn.act.scales",
                                hp->layers[il].n_ff);
    }
}

/* ---- Steps ---- */

static HrBuf emit_heads(HrEmit *e, HrBuf h, const HrLayerWeights *l)
{
    HrHeads heads = hr_emit_qkv(e, h, l);
    if (hr_weight_exists(&l->q_norm.weight)) {
        heads.q = hr_emit_layer_norm(e, heads.q, &l->q_norm);
        heads.k = hr_emit_layer_norm(e, heads.k, &l->k_norm);
    }
    hr_emit_rope_and_store(e, heads.q, heads.k, heads.v);
    return hr_emit_attention(e, heads.q);
}

static HrBuf emit_ffn(HrEmit *e, HrBuf x, const HrLayerWeights *l)
{
    HrBuf up = hr_emit_linear(e, hr_emit_layer_norm(e, x, &l->ffn_layer_norm), &l->ffn_up);
    HrBuf g = hr_emit_activate(e, HR_GELU_TANH, up, HR_NO_BUF);
    if (hr_weight_exists(&l->ffn_act_scales))
        g = hr_emit_divided(e, g, &l->ffn_act_scales);
    return hr_emit_linear_add(e, g, &l->ffn_down, x);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    if (hr_weight_exists(&w->position_embd))
        x = hr_emit_add_positions(e, x, &w->position_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = emit_heads(e, hr_emit_layer_norm(e, x, &l->attn_layer_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = emit_ffn(e, hr_emit_linear_add(e, a, &l->attn_output, x), l);
    }
    hr_emit_layer_norm_head(e, x, w);
}

const HrArch hr_arch_mpt = {.name = "mpt",
                            .models = "MPT 7B and 30B",
                            .rope = HR_ROPE_NONE,
                            .shape = shape,
                            .bind = bind,
                            .emit = emit};
