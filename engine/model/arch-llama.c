/* arch-llama.c: Llama 1-3.x and what shares its form (Mistral, Mixtral, SmolLM2, Yi, DeepSeek-Coder
 * ...).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Touvron et al. 2023: RMS norm before each sublayer, rotary positions on adjacent pairs,
 * grouped-query attention, SwiGLU. Mixtral (Jiang et al. 2024) has a mixture of such feed-forwards
 * in its place, weighted by a softmax over the chosen ones.
 */
#include "model/arch.h"

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX, true);
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
        if (hr_has_experts(hp, il))
            x = hr_emit_mixture(e, hr_emit_rms_norm(e, x, &l->ffn_norm), &l->experts, &routing, x);
        else
            x = hr_emit_swiglu(e, x, l);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_llama = {
    .name = "llama",
    .models = "Llama 1 to 3.3, Mistral, Mixtral, SmolLM 1 and 2, Yi, TinyLlama, DeepSeek Coder",
    .rope = HR_ROPE_NORM,
    .bind = hr_bind_decoder,
    .emit = emit};
