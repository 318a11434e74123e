/* per-layer.c: see per-layer.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/per-layer.h"

#include <math.h>

bool hr_per_layer_read(HrHparams *hp, const HrKeys *keys, uint32_t n)
{
    if (!hr_keys_read_uint_or(keys, "embedding_length_per_layer_input", 0, HR_MAX_WIDTH, n,
                              &hp->n_per_layer))
        return false;
    return (uint64_t)hp->n_per_layer * hp->n_layer <= HR_MAX_WIDTH ||
           hr_keys_bad(keys, "embedding_length_per_layer_input", "is out of range");
}

void hr_per_layer_bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    uint64_t n = hp->n_per_layer, n_all = n * hp->n_layer;
    hr_bind(b, &w->per_layer_embd, -1, "per_layer_token_embd.weight", n_all, w->token_embd.n_out);
    hr_bind_linear(b, &w->per_layer_proj, -1, "per_layer_model_proj", hp->n_embd, n_all);
    hr_bind(b, &w->per_layer_norm, -1, "per_layer_proj_norm.weight", n, 1);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrPerLayerWeights *l = &w->layers[il].per_layer;
        hr_bind_linear(b, &l->gate, (int)il, "inp_gate", hp->n_embd, n);
        hr_bind_linear(b, &l->proj, (int)il, "proj", n, hp->n_embd);
        hr_bind(b, &l->norm, (int)il, "post_norm.weight", hp->n_embd, 1);
    }
}

HrBuf hr_per_layer_emit_inputs(HrEmit *e, const HrHparams *hp, const HrWeights *w, HrBuf x)
{
    HrBuf own = hr_emit_embed_beside(e, &w->per_layer_embd, sqrtf((float)hp->n_per_layer));
    HrBuf said = hr_emit_linear_add_scaled(e, x, &w->per_layer_proj, 1 / sqrtf((float)hp->n_embd),
                                           HR_NO_BUF);
    said = hr_emit_group_norm(e, said, &w->per_layer_norm, hp->n_per_layer);
    return hr_emit_scale(e, hr_emit_add(e, said, own), (float)M_SQRT1_2);
}

HrBuf hr_per_layer_pick(HrEmit *e, const HrHparams *hp, HrBuf inputs)
{
    uint32_t n = hp->n_per_layer;
    return hr_emit_pick(e, inputs, n * hp->n_layer, n * e->layer, n);
}

HrBuf hr_per_layer_emit(HrEmit *e, HrBuf x, HrBuf numbers, const HrPerLayerWeights *w)
{
    HrBuf g = hr_emit_activate(e, HR_GELU_TANH, hr_emit_linear(e, x, &w->gate), numbers);
    return hr_emit_rms_norm(e, hr_emit_linear(e, g, &w->proj), &w->norm);
}
