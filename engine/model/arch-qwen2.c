/* arch-qwen2.c: Qwen2 and Qwen2.5.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Yang et al. 2024: as Llama, with biases on queries, keys and values, and rotary positions on the two halves of a head.
 */
#include "model/arch.h"

/* The feed-forward's matrices are taken as they are, whatever scales lie beside them. */
static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
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
        hr_emit_rope_and_store(e, q, k, v);
        HrBuf a = hr_emit_attention(e, q);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_swiglu(e, x, l);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_qwen2 = {
    .name = "qwen2", .models = "Qwen2, Qwen2.5, DeepSeek R1 Distill Qwen", .rope = HR_ROPE_NEOX, .bind = bind, .emit = emit};
