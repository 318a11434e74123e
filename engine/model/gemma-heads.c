/* gemma-heads.c: see gemma-heads.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/gemma-heads.h"

void hr_gemma_bind_heads(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    const HrLayerShape *s = &hp->layers[il];
    uint64_t n_k = (uint64_t)s->n_head_kv * s->head_dim_k,
             n_v = (uint64_t)s->n_head_kv * s->head_dim_v;
    hr_bind_linear(b, &l->attn_q, il, "attn_q", hp->n_embd, (uint64_t)s->n_head * s->head_dim_k);
    hr_bind(b, &l->attn_q_norm, il, "attn_q_norm.weight", s->head_dim_k, 1);
    if (s->kv_back == 0) {
        hr_bind_linear(b, &l->attn_k, il, "attn_k", hp->n_embd, n_k);
        hr_bind(b, &l->attn_k_norm, il, "attn_k_norm.weight", s->head_dim_k, 1);
        if (n_k != n_v || hr_bind_finds(b, il, "attn_v.weight"))
            hr_bind_linear(b, &l->attn_v, il, "attn_v", hp->n_embd, n_v);
    }
    hr_bind_linear(b, &l->attn_output, il, "attn_output", (uint64_t)s->n_head * s->head_dim_v,
                   hp->n_embd);
    l->attn_q.fine = l->attn_k.fine = l->attn_v.fine = l->attn_output.fine = true;
}

HrBuf hr_gemma_emit_heads(HrEmit *e, const HrHparams *hp, HrBuf h, const HrLayerWeights *l)
{
    const HrLayerShape *s = &hp->layers[e->layer];
    HrBuf q = hr_emit_linear(e, h, &l->attn_q), k = HR_NO_BUF, v = HR_NO_BUF;
    if (s->kv_back == 0) {
        k = hr_emit_linear(e, h, &l->attn_k);
        v = hr_weight_exists(&l->attn_v.weight) ? hr_emit_linear(e, h, &l->attn_v) : k;
        v = hr_emit_group_norm(e, v, NULL, s->head_dim_v);
        hr_emit_head_norms(e, q, &l->attn_q_norm, k, &l->attn_k_norm);
    } else {
        q = hr_emit_group_norm(e, q, &l->attn_q_norm, s->head_dim_k);
    }
    hr_emit_rope_and_store(e, q, k, v);
    return hr_emit_attention(e, q);
}
