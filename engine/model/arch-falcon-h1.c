/* arch-falcon-h1.c: Falcon-H1.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Zuo et al. 2025: attention and Mamba 2 side by side in every layer, on the same input, both added
 * to the residual. The many multipliers of the paper are already in the files' weights.
 */
#include "model/mamba.h"

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    if (!hr_mamba2_read(hp, keys))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hr_mamba2_shape_layer(hp, il);
    return true;
}

/* Only queries, keys, values and the feed-forward have biases; the second norm's name lacks its
 * suffix in most files. */
static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    w->rope_freqs = (HrWeight){0};
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        hr_bind_attention(b, hp, (int)il, l);
        hr_mamba2_bind(b, hp, (int)il, &l->recurrent);
        hr_bind(b, &l->ffn_norm, (int)il,
                hr_bind_finds(b, (int)il, "ffn_norm") ? "ffn_norm" : "ffn_norm.weight", hp->n_embd,
                1);
        hr_bind_feed_forward(b, hp, (int)il, l);
        l->attn_output.bias = (HrWeight){0};
    }
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
        HrBuf y = hr_mamba2_emit(e, hp, h, &l->recurrent);
        x = hr_emit_linear_add(e, y, &l->recurrent.out, x);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_swiglu(e, x, l);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_falcon_h1 = {.name = "falcon-h1",
                                  .models = "Falcon-H1",
                                  .rope = HR_ROPE_NEOX,
                                  .shape = shape,
                                  .bind = bind,
                                  .emit = emit};
