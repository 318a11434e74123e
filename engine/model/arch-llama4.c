/* arch-llama4.c: Llama 4.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Meta 2025: three of four layers attend to their chunk of the text, turned and then normalised
 * without weights; the fourth sees everything, unturned, with queries that grow with their
 * position. Every so manieth layer has experts beside a shared one; weights are sigmoids, on what
 * experts read.
 */
#include "model/arch.h"

#define CHUNK 8192
#define PERIOD 4
#define N_EXPERTS_UNNORMALISED 128 /* Maverick does without the norms */

/* Windows of this kind lie side by side. A window of 0 says that the model has none, and that all
 * layers turn; a text that fits one needs none. Files may flag the layers that have one. */
static bool shape(HrHparams *hp, const HrKeys *keys)
{
    uint32_t window;
    if (!hr_keys_read_uint_or(keys, "attention.sliding_window", 0, HR_MAX_CTX, CHUNK, &window))
        return false;
    hp->experts.n_ff_shared = hp->experts.n_ff;
    hp->temperature = (HrTemperature){.length = CHUNK, .scale = 0.1, .offset = 1};
    if (window > 0 && hp->n_ctx_train > CHUNK && !hr_hparams_read_windows(hp, keys, CHUNK, PERIOD))
        return false;
    for (uint32_t il = 0; window > 0 && il < hp->n_layer; il++) {
        HrLayerShape *s = &hp->layers[il];
        s->unturned = s->tempered = (il + 1) % PERIOD == 0;
        s->window = s->window > 0 ? CHUNK : 0;
        s->chunked = true;
    }
    return true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
}

static HrBuf emit_attention(HrEmit *e, const HrHparams *hp, HrBuf h, const HrLayerWeights *l)
{
    HrHeads heads = hr_emit_qkv(e, h, l);
    if (!hp->layers[e->layer].unturned) {
        hr_emit_rope(e, heads.q, heads.k);
        if (hp->experts.n != N_EXPERTS_UNNORMALISED) {
            heads.q = hr_emit_group_norm(e, heads.q, NULL, hp->head_dim_k);
            heads.k = hr_emit_group_norm(e, heads.k, NULL, hp->head_dim_k);
        }
    }
    hr_emit_store(e, heads.q, heads.k, heads.v);
    return hr_emit_attention(e, heads.q);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SIGMOID, false);
    routing.weigh_input = true;
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = emit_attention(e, hp, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_feed_forward(e, x, l, &routing);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_llama4 = {.name = "llama4",
                               .models = "Llama 4 Scout and Maverick",
                               .rope = HR_ROPE_NORM,
                               .experts = true,
                               .shape = shape,
                               .bind = bind,
                               .emit = emit};
