/* arch-llama.c: Llama 1-3.x and what shares its form (Mistral, SmolLM2, Yi, DeepSeek-Coder ...).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Touvron et al. 2023: RMS norm before each sublayer, rotary positions on adjacent pairs, grouped-query attention, SwiGLU.
 */
#include "model/arch.h"

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

/* Mixtral's files carry the same architecture name. */
static bool check(const HrGguf *gguf, GError **error)
{
    uint64_t n_expert = 0;
    if (hr_gguf_get_uint(gguf, "llama.expert_count", &n_expert) && n_expert > 0) {
        g_set_error(error, HR_ERROR, HR_ERROR_UNSUPPORTED,
                    "This llama model has %" G_GUINT64_FORMAT " experts (llama.expert_count); experts are not supported yet.", n_expert);
        return false;
    }
    return true;
}

const HrArch hr_arch_llama = {.name = "llama", .rope = HR_ROPE_NORM, .bind = hr_bind_decoder, .emit = emit, .check = check};
