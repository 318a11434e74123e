/* arch-qwen3.c: Qwen3, dense.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Yang et al. 2025: as Qwen2 without the biases, and each head's query and key is RMS-normalised
 * before it is turned.
 */
#include "model/arch.h"

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        hr_bind(b, &w->layers[il].attn_q_norm, (int)il, "attn_q_norm.weight", hp->head_dim_k, 1);
        hr_bind(b, &w->layers[il].attn_k_norm, (int)il, "attn_k_norm.weight", hp->head_dim_k, 1);
    }
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf h = hr_emit_rms_norm(e, x, &l->attn_norm);
        HrBuf q = hr_emit_linear(e, h, &l->attn_q);
        HrBuf k = hr_emit_linear(e, h, &l->attn_k);
        HrBuf v = hr_emit_linear(e, h, &l->attn_v);
        hr_emit_head_norms(e, q, &l->attn_q_norm, k, &l->attn_k_norm);
        hr_emit_rope_and_store(e, q, k, v);
        HrBuf a = hr_emit_attention(e, q);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_swiglu(e, x, l);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_qwen3 = {
    .name = "qwen3", .models = "Qwen3", .rope = HR_ROPE_NEOX, .bind = bind, .emit = emit};
