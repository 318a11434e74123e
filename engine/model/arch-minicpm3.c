/* arch-minicpm3.c: MiniCPM 3.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * OpenBMB 2024: latent attention whose keys and values are made for every head, and MiniCPM's
 * scales, which are not in files: of embeddings, of what sublayers add, of logits.
 */
#include "model/latent.h"

#include <math.h>

#define EMBEDDING_SCALE 12
#define DEPTH_SCALE 1.4f
#define BASE_WIDTH 256 /* of the model that logits are scaled as those of */

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    w->rope_freqs = (HrWeight){0};
    hr_bind_optional(b, &w->rope_long, -1, "rope_factors_long.weight", hp->rope.n_rot / 2, 1);
    hr_bind_optional(b, &w->rope_short, -1, "rope_factors_short.weight", hp->rope.n_rot / 2, 1);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        hr_latent_bind(b, hp, (int)il, l);
        hr_bind(b, &l->ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        hr_bind_swiglu(b, hp, (int)il, l);
    }
    hr_take_unscaled(hp, w);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    float depth = DEPTH_SCALE / sqrtf((float)hp->n_layer);
    HrBuf x = hr_emit_embed_scaled(e, &w->token_embd, EMBEDDING_SCALE);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_latent_emit(e, hp, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add_scaled(e, hr_latent_emit_answers(e, hp, a, l), &l->attn_output,
                                      depth, x);
        HrBuf f = hr_emit_ffn(e, hr_emit_rms_norm(e, x, &l->ffn_norm), l, HR_SILU, HR_NO_BUF);
        x = hr_emit_scale_add(e, f, depth, x);
    }
    hr_emit_layer(e, HR_NO_LAYER);
    hr_emit_logits_scaled(e, hr_emit_rms_norm(e, x, &w->output_norm), &w->output,
                          (float)BASE_WIDTH / (float)hp->n_embd);
}

const HrArch hr_arch_minicpm3 = {.name = "minicpm3",
                                 .models = "MiniCPM 3 4B",
                                 .rope = HR_ROPE_NEOX,
                                 .shape = hr_latent_shape,
                                 .bind = bind,
                                 .emit = emit};
