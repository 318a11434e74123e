/* arch-mamba.c: Mamba.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gu and Dao 2023: no attention at all; every layer is a selective state space between two
 * projections.
 */
#include "model/mamba.h"

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    if (!hr_mamba_read(hp, keys))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hr_mamba_shape_layer(hp, il);
    return true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        hr_bind(b, &w->layers[il].attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        hr_mamba_bind(b, hp, (int)il, &w->layers[il].recurrent);
    }
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf h = hr_emit_rms_norm(e, x, &l->attn_norm);
        HrBuf y = hr_mamba_emit(e, hp, h, &l->recurrent);
        hr_emit_narrow_to_outputs(e, &y, &x);
        x = hr_emit_linear_add(e, y, &l->recurrent.out, x);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_mamba = {.name = "mamba",
                              .models = "Mamba",
                              .mixed_layers = true,
                              .shape = shape,
                              .bind = bind,
                              .emit = emit};
