/* arch-apertus.c: Apertus.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Swiss AI Initiative 2025: Llama's layers with normalised queries and keys, and a feed-forward
 * without a gate, through xIELU (Huang and Schlag 2025), whose constants every layer has learned.
 */
#include "model/arch.h"

#include <math.h>

/* The keys have no architecture before them. */
static bool read_constant(HrHparams *hp, const HrKeys *keys, const char *name, size_t field)
{
    HrKeys curve = {keys->gguf, "xielu", keys->error};
    return hr_keys_read_floats_per_layer(&curve, name, hp->n_layer, 1e6, NULL,
                                         offsetof(HrLayerShape, xielu) + field, hp->layers);
}

static float softplus(float x)
{
    return x > 20 ? x : log1pf(expf(x));
}

/* Files have the constants as they were learned: what keeps them above their bounds comes here. */
static bool shape(HrHparams *hp, const HrKeys *keys)
{
    if (!read_constant(hp, keys, "alpha_p", offsetof(HrXielu, alpha_p)) ||
        !read_constant(hp, keys, "alpha_n", offsetof(HrXielu, alpha_n)) ||
        !read_constant(hp, keys, "beta", offsetof(HrXielu, beta)) ||
        !read_constant(hp, keys, "eps", offsetof(HrXielu, eps)))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrXielu *curve = &hp->layers[il].xielu;
        curve->alpha_p = softplus(curve->alpha_p);
        curve->alpha_n = curve->beta + softplus(curve->alpha_n);
    }
    return true;
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_emit_heads(e, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        HrBuf up = hr_emit_linear(e, hr_emit_rms_norm(e, x, &l->ffn_norm), &l->ffn_up);
        x = hr_emit_linear_add(e, hr_emit_xielu(e, up, &hp->layers[il].xielu), &l->ffn_down, x);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_apertus = {.name = "apertus",
                                .models = "Apertus 8B and 70B",
                                .rope = HR_ROPE_NEOX,
                                .shape = shape,
                                .bind = hr_bind_dense_decoder,
                                .emit = emit};
