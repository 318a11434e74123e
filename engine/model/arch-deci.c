/* arch-deci.c: DeciLM and the Llama-Nemotrons that were cut out of Llama.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bercovich et al. 2024 ("Puzzle"): Llama's layers, each with the number of heads and the width
 * that a search left it. Some have no attention, some only its output matrix, some no feed-forward.
 */
#include "model/arch.h"

/* A layer with heads for queries but none for keys keeps one matrix in attention's place. */
static bool replaced(const HrBinder *b, const HrHparams *hp, uint32_t il)
{
    return hp->layers[il].n_head == 0 && hr_bind_finds(b, (int)il, "attn_output.weight");
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        if (hp->layers[il].n_head > 0)
            hr_bind_attention(b, hp, (int)il, l);
        else if (replaced(b, hp, il))
            hr_bind_linear(b, &l->attn_output, (int)il, "attn_output", hp->n_embd, hp->n_embd);
        if (hr_weight_exists(&l->attn_output.weight))
            hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        if (hp->layers[il].n_ff == 0)
            continue;
        hr_bind(b, &l->ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        hr_bind_ffn(b, hp, (int)il, l);
    }
    hr_take_unscaled(hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++)
        if (hp->layers[il].n_head == 0)
            w->layers[il].attn_output.bias = (HrWeight){0};
}

static HrBuf emit_attention(HrEmit *e, HrBuf *x, const HrHparams *hp, uint32_t il,
                            const HrLayerWeights *l)
{
    HrBuf h = hr_emit_rms_norm(e, *x, &l->attn_norm);
    HrBuf a = hp->layers[il].n_head > 0 ? hr_emit_heads(e, h, l) : h;
    hr_emit_narrow_to_outputs(e, &a, x);
    return hr_emit_linear_add(e, a, &l->attn_output, *x);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        if (hr_weight_exists(&l->attn_output.weight))
            x = emit_attention(e, &x, hp, il, l);
        else
            hr_emit_narrow(e, &x);
        if (hr_weight_exists(&l->ffn_up.weight))
            x = hr_emit_ffn(e, hr_emit_rms_norm(e, x, &l->ffn_norm), l, HR_SILU, x);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_deci = {.name = "deci",
                             .models = "DeciLM, Llama-Nemotron Super and Ultra",
                             .rope = HR_ROPE_NORM,
                             .mixed_layers = true,
                             .bind = bind,
                             .emit = emit};
