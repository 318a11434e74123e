/* arch-afmoe.c: Trinity.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Arcee 2025: three of four layers see a window and turn, the fourth sees everything and does not;
 * what heads answer is gated; norms behind the sublayers too; experts beside shared ones, chosen by
 * sigmoids with a bias.
 */
#include "model/arch.h"
#include "model/hparams-windows.h"

#include <math.h>

#define PERIOD 4

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    for (uint32_t il = PERIOD - 1; il < hp->n_layer; il += PERIOD)
        hp->layers[il].unturned = true;
    return hr_hparams_read_windows(hp, keys, 0, PERIOD);
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind_linear(b, &l->attn_gate, (int)il, "attn_gate", hp->n_embd,
                       (uint64_t)hp->layers[il].n_head * hp->head_dim_v);
        l->attn_gate.scale = (HrWeight){0};
        l->attn_gate.fine = true;
        hr_bind_post_norms(b, hp, (int)il, l);
    }
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, hr_scores(hp, HR_SCORES_SIGMOID), hp->experts.normalise);
    HrBuf x = hr_emit_embed_scaled(e, &w->token_embd, sqrtf((float)hp->n_embd));
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf h = hr_emit_rms_norm(e, x, &l->attn_norm);
        HrBuf gate = hr_emit_linear(e, h, &l->attn_gate);
        HrBuf a = hr_emit_activate(e, HR_SIGMOID, gate, hr_emit_heads(e, h, l));
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_add_normed(e, x, hr_emit_linear(e, a, &l->attn_output), &l->post_attn_norm);
        h = hr_emit_rms_norm(e, x, &l->ffn_norm);
        HrBuf y = hr_has_experts(hp, il) ? hr_emit_mixture(e, h, &l->experts, &routing, HR_NO_BUF)
                                         : hr_emit_ffn(e, h, l, HR_SILU, HR_NO_BUF);
        x = hr_emit_add_normed(e, x, y, &l->post_ffn_norm);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_afmoe = {.name = "afmoe",
                              .models = "Trinity",
                              .rope = HR_ROPE_NEOX,
                              .experts = true,
                              .shape = shape,
                              .bind = bind,
                              .emit = emit};
