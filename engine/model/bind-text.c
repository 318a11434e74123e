/* bind-text.c: the tensors of models that turn texts into vectors. See weights.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/weights.h"

void hr_bind_linear_optional(HrBinder *binder, HrLinear *linear, int il, const char *name,
                             uint64_t n_in, uint64_t n_out)
{
    g_autofree char *weight = g_strconcat(name, ".weight", NULL);
    g_autofree char *bias = g_strconcat(name, ".bias", NULL);
    hr_bind_optional(binder, &linear->weight, il, weight, n_in, n_out);
    if (hr_weight_exists(&linear->weight))
        hr_bind_optional(binder, &linear->bias, il, bias, linear->weight.n_out, 1);
}

typedef void (*BindFunc)(HrBinder *binder, HrWeight *weight, int il, const char *name,
                         uint64_t n_in, uint64_t n_out);

static void bind_norm(BindFunc bind, HrBinder *binder, HrNorm *norm, int il, const char *name,
                      uint64_t n)
{
    g_autofree char *weight = g_strconcat(name, ".weight", NULL);
    g_autofree char *bias = g_strconcat(name, ".bias", NULL);
    bind(binder, &norm->weight, il, weight, n, 1);
    hr_bind_optional(binder, &norm->bias, il, bias, n, 1);
}

void hr_bind_norm(HrBinder *binder, HrNorm *norm, int il, const char *name, uint64_t n)
{
    bind_norm(hr_bind, binder, norm, il, name, n);
}

void hr_bind_norm_optional(HrBinder *binder, HrNorm *norm, int il, const char *name, uint64_t n)
{
    bind_norm(hr_bind_optional, binder, norm, il, name, n);
}

void hr_bind_qkv(HrBinder *b, HrLayerWeights *layer, int il, uint64_t n_in, uint64_t n_q,
                 uint64_t n_k, uint64_t n_v)
{
    g_autofree char *fused = g_strdup_printf("blk.%d.attn_qkv.weight", il);
    HrLinear whole = {.fine = true};
    if (hr_gguf_find_tensor(b->gguf, fused)) {
        hr_bind_linear(b, &whole, il, "attn_qkv", n_in, n_q + n_k + n_v);
        layer->attn_q = hr_linear_rows(&whole, 0, n_q);
        layer->attn_k = hr_linear_rows(&whole, n_q, n_k);
        layer->attn_v = hr_linear_rows(&whole, n_q + n_k, n_v);
    } else {
        hr_bind_linear(b, &layer->attn_q, il, "attn_q", n_in, n_q);
        hr_bind_linear(b, &layer->attn_k, il, "attn_k", n_in, n_k);
        hr_bind_linear(b, &layer->attn_v, il, "attn_v", n_in, n_v);
    }
    layer->attn_q.fine = layer->attn_k.fine = layer->attn_v.fine = true;
}

void hr_bind_classifier(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_linear_optional(b, &w->dense_2, -1, "dense_2", hp->n_embd, 0);
    hr_bind_linear_optional(b, &w->dense_3, -1, "dense_3",
                            hr_weight_exists(&w->dense_2.weight) ? w->dense_2.weight.n_out
                                                                 : hp->n_embd,
                            0);
    hr_bind_linear_optional(b, &w->cls, -1, "cls", hp->n_embd, 0);
    hr_bind_norm_optional(b, &w->cls_norm, -1, "cls.norm", hp->n_embd);
    hr_bind_linear_optional(b, &w->cls_output, -1, "cls.output",
                            hr_weight_exists(&w->cls.weight) ? w->cls.weight.n_out : hp->n_embd, 0);
}

uint32_t hr_weights_embedding_width(const HrWeights *w, const HrHparams *hp)
{
    if (!hp->embeds)
        return 0;
    if (hp->pooling == HR_POOLING_RANK && hr_weight_exists(&w->cls_output.weight))
        return (uint32_t)w->cls_output.weight.n_out;
    if (hp->pooling == HR_POOLING_RANK && hr_weight_exists(&w->cls.weight))
        return (uint32_t)w->cls.weight.n_out;
    return hr_weight_exists(&w->dense_3.weight) ? (uint32_t)w->dense_3.weight.n_out : hp->n_embd;
}
