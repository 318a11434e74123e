/* arch.c: the table of architectures, and the tensors that plain decoders share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/arch.h"

static const HrArch *const architectures[] = {&hr_arch_llama, &hr_arch_qwen2, &hr_arch_qwen3};

const HrArch *hr_arch_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(architectures); i++)
        if (g_str_equal(architectures[i]->name, name))
            return architectures[i];
    return NULL;
}

const char *hr_architectures(void)
{
    return "llama, qwen2, qwen3";
}

static void bind_layer(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *w)
{
    const HrLayerShape *s = &hp->layers[il];
    uint64_t n_q = (uint64_t)s->n_head * hp->head_dim_k, n_out = (uint64_t)s->n_head * hp->head_dim_v;
    uint64_t n_k = (uint64_t)s->n_head_kv * hp->head_dim_k, n_v = (uint64_t)s->n_head_kv * hp->head_dim_v;

    hr_bind(b, &w->attn_norm, il, "attn_norm.weight", hp->n_embd, 1);
    hr_bind(b, &w->attn_q, il, "attn_q.weight", hp->n_embd, n_q);
    hr_bind(b, &w->attn_k, il, "attn_k.weight", hp->n_embd, n_k);
    hr_bind(b, &w->attn_v, il, "attn_v.weight", hp->n_embd, n_v);
    hr_bind(b, &w->attn_output, il, "attn_output.weight", n_out, hp->n_embd);
    hr_bind_optional(b, &w->attn_q_bias, il, "attn_q.bias", n_q, 1);
    hr_bind_optional(b, &w->attn_k_bias, il, "attn_k.bias", n_k, 1);
    hr_bind_optional(b, &w->attn_v_bias, il, "attn_v.bias", n_v, 1);
    hr_bind_optional(b, &w->attn_output_bias, il, "attn_output.bias", hp->n_embd, 1);
    hr_bind_optional(b, &w->attn_q_norm, il, "attn_q_norm.weight", hp->head_dim_k, 1);
    hr_bind_optional(b, &w->attn_k_norm, il, "attn_k_norm.weight", hp->head_dim_k, 1);
    hr_bind(b, &w->ffn_norm, il, "ffn_norm.weight", hp->n_embd, 1);
    hr_bind(b, &w->ffn_gate, il, "ffn_gate.weight", hp->n_embd, s->n_ff);
    hr_bind(b, &w->ffn_up, il, "ffn_up.weight", hp->n_embd, s->n_ff);
    hr_bind(b, &w->ffn_down, il, "ffn_down.weight", s->n_ff, hp->n_embd);
    hr_bind_optional(b, &w->ffn_gate_bias, il, "ffn_gate.bias", s->n_ff, 1);
    hr_bind_optional(b, &w->ffn_up_bias, il, "ffn_up.bias", s->n_ff, 1);
    hr_bind_optional(b, &w->ffn_down_bias, il, "ffn_down.bias", hp->n_embd, 1);
}

void hr_bind_decoder(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind(b, &w->token_embd, -1, "token_embd.weight", hp->n_embd, 0);
    hr_bind(b, &w->output_norm, -1, "output_norm.weight", hp->n_embd, 1);
    hr_bind_optional(b, &w->output, -1, "output.weight", hp->n_embd, w->token_embd.n_out);
    hr_bind_optional(b, &w->rope_freqs, -1, "rope_freqs.weight", hp->rope.n_rot / 2, 1);
    w->tied = !hr_weight_exists(&w->output);
    if (w->tied)
        w->output = w->token_embd;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        bind_layer(b, hp, (int)il, &w->layers[il]);
}
