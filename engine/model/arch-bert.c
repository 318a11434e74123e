/* arch-bert.c: BERT and the encoders that kept its order: norms behind each sublayer, every token
 * seeing the whole text.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Devlin et al. 2019: learned positions, GELU. Nomic Embed (Nussbaum et al. 2024) rotates instead
 * and gates with SiLU; Jina Embeddings 2 (Guenther et al. 2023) has ALiBi towards both sides and
 * gates with GELU, and in its code model norms queries and keys and adds a sublayer's input a
 * second time. The second Nomic Embed has a mixture of experts in every other layer. GELU is by the
 * error function, as the models were trained.
 */
#include "model/arch.h"

/* ---- Tensors ---- */

static void bind_embeddings(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind(b, &w->token_embd, -1, "token_embd.weight", hp->n_embd, 0);
    hr_bind_optional(b, &w->token_types, -1, "token_types.weight", hp->n_embd, 0);
    hr_bind_norm(b, &w->token_embd_norm, -1, "token_embd_norm", hp->n_embd);
}

static void bind_feed_forward(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    uint32_t n_ff = hp->layers[il].n_ff;
    g_autofree char *up = g_strdup_printf("blk.%d.ffn_up.weight", il);
    const HrGgufTensor *tensor = hr_gguf_find_tensor(b->gguf, up);
    if (tensor && tensor->dims[1] == 2 * (uint64_t)n_ff) {
        HrLinear both = {0};
        hr_bind_linear(b, &both, il, "ffn_up", hp->n_embd, 2 * (uint64_t)n_ff);
        l->ffn_gate = hr_linear_rows(&both, 0, n_ff);
        l->ffn_up = hr_linear_rows(&both, n_ff, n_ff);
    } else {
        hr_bind_linear_optional(b, &l->ffn_gate, il, "ffn_gate", hp->n_embd, n_ff);
        hr_bind_linear(b, &l->ffn_up, il, "ffn_up", hp->n_embd, n_ff);
    }
    hr_bind_linear(b, &l->ffn_down, il, "ffn_down", n_ff, hp->n_embd);
}

/* In every so manieth layer, the second of each run. */
static bool has_experts(const HrHparams *hp, uint32_t il)
{
    return hp->experts.n > 0 && il % hp->experts.every == 1;
}

static void bind_layer(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    const HrLayerShape *s = &hp->layers[il];
    uint64_t n_q = (uint64_t)s->n_head * s->head_dim_k,
             n_k = (uint64_t)s->n_head_kv * s->head_dim_k;
    hr_bind_qkv(b, l, il, hp->n_embd, n_q, n_k, (uint64_t)s->n_head_kv * s->head_dim_v);
    hr_bind_norm_optional(b, &l->q_norm, il, "attn_q_norm", n_q);
    hr_bind_norm_optional(b, &l->k_norm, il, "attn_k_norm", n_k);
    hr_bind_linear(b, &l->attn_output, il, "attn_output", (uint64_t)s->n_head * s->head_dim_v,
                   hp->n_embd);
    hr_bind_norm(b, &l->attn_output_norm, il, "attn_output_norm", hp->n_embd);
    hr_bind_norm_optional(b, &l->attn_norm_2, il, "attn_norm_2", hp->n_embd);
    if (has_experts(hp, (uint32_t)il))
        hr_bind_experts(b, hp, il, &l->experts);
    else
        bind_feed_forward(b, hp, il, l);
    hr_bind_norm(b, &l->layer_output_norm, il, "layer_output_norm", hp->n_embd);
    l->attn_output.fine = true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    bind_embeddings(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++)
        bind_layer(b, hp, (int)il, &w->layers[il]);
    hr_bind_classifier(b, hp, w);
}

static void bind_with_positions(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind(b, &w->position_embd, -1, "position_embd.weight", hp->n_embd, hp->n_ctx_train);
    bind(b, hp, w);
}

/* ---- The program ---- */

static HrBuf embed(HrEmit *e, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    if (hr_weight_exists(&w->token_types))
        x = hr_emit_add_first_row(e, x, &w->token_types); /* one text, so of the first type */
    if (hr_weight_exists(&w->position_embd))
        x = hr_emit_add_positions(e, x, &w->position_embd);
    return hr_emit_layer_norm(e, x, &w->token_embd_norm);
}

static HrBuf attend(HrEmit *e, const HrHparams *hp, const HrLayerWeights *l, HrBuf x)
{
    HrBuf q = hr_emit_linear(e, x, &l->attn_q);
    HrBuf k = hr_emit_linear(e, x, &l->attn_k);
    HrBuf v = hr_emit_linear(e, x, &l->attn_v);
    if (hr_weight_exists(&l->q_norm.weight))
        q = hr_emit_layer_norm(e, q, &l->q_norm);
    if (hr_weight_exists(&l->k_norm.weight))
        k = hr_emit_layer_norm(e, k, &l->k_norm);
    if (hp->rope.n_rot > 0)
        hr_emit_rope(e, q, k);
    return hr_emit_attend_text(e, q, k, v, 0);
}

static HrBuf mix(HrEmit *e, const HrHparams *hp, const HrLayerWeights *l, HrBuf x,
                 HrActivation activation)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX, false);
    routing.activation = activation;
    return hr_emit_mixture(e, x, &l->experts, &routing, x);
}

static HrBuf feed_forward(HrEmit *e, const HrLayerWeights *l, HrBuf x, HrActivation activation)
{
    bool gated = hr_weight_exists(&l->ffn_gate.weight);
    HrBuf gate = gated ? hr_emit_linear(e, x, &l->ffn_gate) : HR_NO_BUF;
    HrBuf up = hr_emit_linear(e, x, &l->ffn_up);
    HrBuf h = gated ? hr_emit_activate(e, activation, gate, up)
                    : hr_emit_activate(e, activation, up, HR_NO_BUF);
    return hr_emit_linear_add(e, h, &l->ffn_down, x);
}

static void emit_encoder(HrEmit *e, const HrHparams *hp, const HrWeights *w,
                         HrActivation activation)
{
    HrBuf x = embed(e, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = attend(e, hp, l, x);
        hr_emit_narrow_to_outputs(e, &a, &x);
        HrBuf h = hr_emit_linear_add(e, a, &l->attn_output, x);
        h = hr_emit_layer_norm(e, h, &l->attn_output_norm);
        if (hr_weight_exists(&l->attn_norm_2.weight))
            h = hr_emit_layer_norm(e, hr_emit_add(e, h, x), &l->attn_norm_2);
        x = has_experts(hp, il) ? mix(e, hp, l, h, activation) : feed_forward(e, l, h, activation);
        x = hr_emit_layer_norm(e, x, &l->layer_output_norm);
    }
    hr_emit_layer(e, HR_NO_LAYER);
    hr_emit_vector(e, x, w);
}

static void emit_gelu(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    emit_encoder(e, hp, w, HR_GELU_ERF);
}

static void emit_silu(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    emit_encoder(e, hp, w, HR_SILU);
}

static bool shape_alibi(HrHparams *hp, const HrKeys *keys)
{
    double bias;
    if (!hr_keys_read_float_or(keys, "attention.max_alibi_bias", 0, 1e3, 8, &bias))
        return false;
    hp->max_alibi_bias = (float)bias;
    return true;
}

static bool shape_experts(HrHparams *hp, const HrKeys *keys)
{
    return hr_keys_read_uint(keys, "moe_every_n_layers", 2, HR_MAX_LAYERS, &hp->experts.every);
}

const HrArch hr_arch_bert = {
    .name = "bert",
    .models = "BERT, MiniLM, BGE, E5, GTE, mxbai-embed, Snowflake Arctic Embed",
    .encoder = true,
    .rope = HR_ROPE_NONE,
    .bind = bind_with_positions,
    .emit = emit_gelu,
};
const HrArch hr_arch_nomic_bert = {
    .name = "nomic-bert",
    .models = "Nomic Embed 1 and 1.5, CodeRankEmbed",
    .encoder = true,
    .rope = HR_ROPE_NEOX,
    .bind = bind,
    .emit = emit_silu,
};
const HrArch hr_arch_nomic_bert_moe = {
    .name = "nomic-bert-moe",
    .models = "Nomic Embed 2",
    .encoder = true,
    .experts = true,
    .rope = HR_ROPE_NEOX,
    .shape = shape_experts,
    .bind = bind,
    .emit = emit_gelu,
};
const HrArch hr_arch_jina_bert_v2 = {
    .name = "jina-bert-v2",
    .models = "Jina Embeddings 2",
    .encoder = true,
    .rope = HR_ROPE_NONE,
    .shape = shape_alibi,
    .bind = bind,
    .emit = emit_gelu,
};
