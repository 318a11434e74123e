/* arch.c: the table of architectures, and the tensors that plain decoders share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/arch.h"

#define HR_ARCH(name) &hr_arch_##name,
static const HrArch *const architectures[] = {
#include "model/architectures.h"
};
#undef HR_ARCH

const HrArch *hr_arch_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(architectures); i++)
        if (g_str_equal(architectures[i]->name, name))
            return architectures[i];
    return NULL;
}

bool hr_architecture(size_t index, HrArchitecture *ret_architecture)
{
    if (index >= G_N_ELEMENTS(architectures))
        return false;
    const HrArch *arch = architectures[index];
    *ret_architecture = (HrArchitecture){arch->name, arch->models ? arch->models : ""};
    return true;
}

/* Queries, keys and values from a tensor each, or from one. */
static void bind_qkv(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *w)
{
    const HrLayerShape *s = &hp->layers[il];
    uint64_t n_q = (uint64_t)s->n_head * s->head_dim_k;
    uint64_t n_k = (uint64_t)s->n_head_kv * s->head_dim_k,
             n_v = (uint64_t)s->n_head_kv * s->head_dim_v;
    if (hr_bind_finds(b, il, "attn_qkv.weight")) {
        HrLinear all = {0};
        hr_bind_linear(b, &all, il, "attn_qkv", hp->n_embd, n_q + n_k + n_v);
        w->attn_q = hr_linear_rows(&all, 0, n_q);
        w->attn_k = hr_linear_rows(&all, n_q, n_k);
        w->attn_v = hr_linear_rows(&all, n_q + n_k, n_v);
    } else {
        hr_bind_linear(b, &w->attn_q, il, "attn_q", hp->n_embd, n_q);
        hr_bind_linear(b, &w->attn_k, il, "attn_k", hp->n_embd, n_k);
        hr_bind_linear(b, &w->attn_v, il, "attn_v", hp->n_embd, n_v);
    }
}

/* A norm for each head, or one for all of them at once. */
static void bind_head_norm(HrBinder *b, HrWeight *norm, int il, const char *name, uint64_t width,
                           uint32_t n_head)
{
    g_autofree char *full = g_strdup_printf("blk.%d.%s", il, name);
    const HrGgufTensor *t = hr_gguf_find_tensor(b->gguf, full);
    hr_bind_optional(b, norm, il, name, t && t->dims[0] == width * n_head ? t->dims[0] : width, 1);
}

void hr_bind_heads(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *w)
{
    const HrLayerShape *s = &hp->layers[il];

    bind_qkv(b, hp, il, w);
    hr_bind_linear(b, &w->attn_output, il, "attn_output", (uint64_t)s->n_head * s->head_dim_v,
                   hp->n_embd);
    w->attn_q.fine = w->attn_k.fine = w->attn_v.fine = w->attn_output.fine = true;
}

void hr_bind_attention(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *w)
{
    const HrLayerShape *s = &hp->layers[il];

    hr_bind_heads(b, hp, il, w);
    bind_head_norm(b, &w->attn_q_norm, il, "attn_q_norm.weight", s->head_dim_k, s->n_head);
    bind_head_norm(b, &w->attn_k_norm, il, "attn_k_norm.weight", s->head_dim_k, s->n_head_kv);
    w->attn_q.fine = w->attn_k.fine = w->attn_v.fine = w->attn_output.fine = true;
}

void hr_bind_swiglu(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *w)
{
    uint64_t n_ff = hp->layers[il].n_ff;

    hr_bind_linear(b, &w->ffn_gate, il, "ffn_gate", hp->n_embd, n_ff);
    hr_bind_linear(b, &w->ffn_up, il, "ffn_up", hp->n_embd, n_ff);
    hr_bind_linear(b, &w->ffn_down, il, "ffn_down", n_ff, hp->n_embd);
    w->ffn_gate.bias_is_scaled = w->ffn_up.bias_is_scaled = w->ffn_down.bias_is_scaled = true;
}

void hr_bind_ffn(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *w)
{
    g_autofree char *up_name = g_strdup_printf("blk.%d.ffn_up.weight", il);
    const HrGgufTensor *up = hr_gguf_find_tensor(b->gguf, up_name);
    uint64_t n_ff = hp->layers[il].n_ff;

    if (up && up->dims[1] == 2 * n_ff) {
        HrLinear both = {0};
        hr_bind_linear(b, &both, il, "ffn_up", hp->n_embd, 2 * n_ff);
        w->ffn_gate = hr_linear_rows(&both, 0, n_ff);
        w->ffn_up = hr_linear_rows(&both, n_ff, n_ff);
    } else {
        if (hr_bind_finds(b, il, "ffn_gate.weight"))
            hr_bind_linear(b, &w->ffn_gate, il, "ffn_gate", hp->n_embd, n_ff);
        hr_bind_linear(b, &w->ffn_up, il, "ffn_up", hp->n_embd, n_ff);
    }
    hr_bind_linear(b, &w->ffn_down, il, "ffn_down", n_ff, hp->n_embd);
    w->ffn_gate.bias_is_scaled = w->ffn_up.bias_is_scaled = w->ffn_down.bias_is_scaled = true;
}

void hr_bind_post_norms(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *w)
{
    hr_bind_optional(b, &w->post_attn_norm, il, "post_attention_norm.weight", hp->n_embd, 1);
    hr_bind_optional(b, &w->post_ffn_norm, il, "post_ffw_norm.weight", hp->n_embd, 1);
}

void hr_bind_feed_forward(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *w)
{
    if (hr_has_experts(hp, (uint32_t)il))
        hr_bind_experts(b, hp, il, &w->experts);
    else
        hr_bind_swiglu(b, hp, il, w);
}

/* A model without an output matrix multiplies with its embeddings. */
void hr_bind_output(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    w->tied = !hr_gguf_find_tensor(b->gguf, "output.weight");
    if (!w->tied)
        hr_bind_linear(b, &w->output, -1, "output", hp->n_embd, w->token_embd.n_out);
    else
        w->output = (HrLinear){.weight = w->token_embd};
    w->output.fine = true;
}

void hr_bind_ends(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind(b, &w->token_embd, -1, "token_embd.weight", hp->n_embd, 0);
    hr_bind(b, &w->output_norm, -1, "output_norm.weight", hp->n_embd, 1);
    if (hp->rope.n_rot > 0)
        hr_bind_optional(b, &w->rope_freqs, -1, "rope_freqs.weight", hp->rope.n_rot / 2, 1);
    hr_bind_output(b, hp, w);
}

/* Some files name it after where it is rather than after what it is for. */
static void bind_ffn_norm(HrBinder *b, const HrHparams *hp, int il, HrWeight *norm)
{
    const char *name =
        hr_bind_finds(b, il, "ffn_norm.weight") ? "ffn_norm.weight" : "post_attention_norm.weight";
    hr_bind(b, norm, il, name, hp->n_embd, 1);
}

void hr_bind_decoder(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        hr_bind(b, &w->layers[il].attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        hr_bind_attention(b, hp, (int)il, &w->layers[il]);
        bind_ffn_norm(b, hp, (int)il, &w->layers[il].ffn_norm);
        hr_bind_feed_forward(b, hp, (int)il, &w->layers[il]);
    }
}

void hr_bind_dense_decoder(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        hr_bind(b, &w->layers[il].attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        hr_bind_attention(b, hp, (int)il, &w->layers[il]);
        bind_ffn_norm(b, hp, (int)il, &w->layers[il].ffn_norm);
        hr_bind_ffn(b, hp, (int)il, &w->layers[il]);
    }
    hr_take_unscaled(hp, w);
}

void hr_bind_layer_norm_decoder(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind(b, &w->token_embd, -1, "token_embd.weight", hp->n_embd, 0);
    hr_bind_norm(b, &w->output_layer_norm, -1, "output_norm", hp->n_embd);
    hr_bind_output(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind_norm(b, &l->attn_layer_norm, (int)il, "attn_norm", hp->n_embd);
        hr_bind_attention(b, hp, (int)il, l);
        hr_bind_norm_optional(b, &l->ffn_layer_norm, (int)il, "ffn_norm", hp->n_embd);
        hr_bind_ffn(b, hp, (int)il, l);
    }
}
