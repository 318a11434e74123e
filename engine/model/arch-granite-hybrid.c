/* arch-granite-hybrid.c: Granite, of all generations.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * IBM 2024: Llama's layers, with factors on embeddings, residual branches, scores and logits; some
 * have experts, and shared ones beside them. IBM 2025, Granite 4: Mamba 2 in the place of most
 * attention; the attention that is left usually does without positions.
 */
#include "model/mamba.h"

/* Whether attention turns with positions: the switch that files use for it; granitemoe always does.
 */
static bool shape(HrHparams *hp, const HrKeys *keys)
{
    g_autofree char *key = hr_keys_name(keys, "rope.scaling.finetuned");
    bool turned = true;
    hr_gguf_get_bool(keys->gguf, key, &turned);
    hp->rope.n_rot = turned ? hp->rope.n_rot : 0;
    return true;
}

/* Layers without key heads are recurrent. */
static bool shape_hybrid(HrHparams *hp, const HrKeys *keys)
{
    if (!hr_mamba2_read(hp, keys))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        if (hp->layers[il].n_head_kv == 0)
            hr_mamba2_shape_layer(hp, il);
    return shape(hp, keys);
}

/* IBM 2026: some layers see a window, heads may look at nothing (sinks), and the file may flag the
 * layers that turn. */
static bool shape_windowed(HrHparams *hp, const HrKeys *keys)
{
    g_autofree char *key = hr_keys_name(keys, "attention.rope_pattern");
    const HrGgufEntry *flags = hr_gguf_find(keys->gguf, key);
    for (uint32_t il = 0; flags && flags->kind == HR_GGUF_ARRAY && il < hp->n_layer; il++) {
        int64_t turned;
        if (!hr_gguf_element_int(flags, il, &turned))
            return hr_keys_bad(keys, "attention.rope_pattern", "has not a flag for each layer");
        hp->layers[il].unturned = turned == 0;
    }
    return hr_hparams_read_windows(hp, keys, 0, 1);
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        if (hp->layers[il].n_head_kv > 0)
            hr_bind_attention(b, hp, (int)il, l);
        else
            hr_mamba2_bind(b, hp, (int)il, &l->recurrent);
        hr_bind(b, &l->ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        hr_bind_feed_forward(b, hp, (int)il, l);
    }
    hr_take_unscaled(hp, w);
}

static void bind_with_sinks(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    bind(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hr_bind(b, &w->layers[il].attn_sinks, (int)il, "attn_sinks.weight", hp->layers[il].n_head,
                1);
}

static HrBuf emit_attention(HrEmit *e, const HrHparams *hp, HrBuf h, const HrLayerWeights *l)
{
    HrBuf q = hr_emit_linear(e, h, &l->attn_q);
    HrBuf k = hr_emit_linear(e, h, &l->attn_k);
    HrBuf v = hr_emit_linear(e, h, &l->attn_v);
    if (hp->rope.n_rot > 0)
        hr_emit_rope_and_store(e, q, k, v);
    else
        hr_emit_store(e, q, k, v);
    return hr_emit_attention_with_sinks(e, q,
                                        hr_weight_exists(&l->attn_sinks) ? &l->attn_sinks : NULL);
}

static HrBuf emit_feed_forward(HrEmit *e, HrBuf h, const HrLayerWeights *l)
{
    HrBuf gate = hr_emit_linear(e, h, &l->ffn_gate);
    HrBuf up = hr_emit_linear(e, h, &l->ffn_up);
    HrBuf g = hr_emit_activate(e, HR_SILU, gate, up);
    return hr_emit_linear(e, g, &l->ffn_down);
}

static float factor(float scale)
{
    return scale != 0 ? scale : 1;
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX, true);
    float residual = factor(hp->residual_scale);
    HrBuf x = hr_emit_scale(e, hr_emit_embed(e, &w->token_embd), factor(hp->embedding_scale));
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        bool attends = hp->layers[il].n_head_kv > 0;
        hr_emit_layer(e, il);

        HrBuf h = hr_emit_rms_norm(e, x, &l->attn_norm);
        HrBuf a = attends ? emit_attention(e, hp, h, l) : hr_mamba2_emit(e, hp, h, &l->recurrent);
        hr_emit_narrow_to_outputs(e, &a, &x);
        a = hr_emit_linear(e, a, attends ? &l->attn_output : &l->recurrent.out);
        x = hr_emit_scale_add(e, a, residual, x);
        h = hr_emit_rms_norm(e, x, &l->ffn_norm);
        HrBuf y = hr_has_experts(hp, il) ? hr_emit_mixture(e, h, &l->experts, &routing, HR_NO_BUF)
                                         : emit_feed_forward(e, h, l);
        x = hr_emit_scale_add(e, y, residual, x);
    }
    hr_emit_layer(e, HR_NO_LAYER);
    HrBuf h = hr_emit_rms_norm(e, x, &w->output_norm);
    hr_emit_logits(e, hr_emit_scale(e, h, 1 / factor(hp->logit_scale)), &w->output);
}

const HrArch hr_arch_granite = {.name = "granite",
                                .models = "Granite 3.0 to 3.3 2B and 8B",
                                .rope = HR_ROPE_NORM,
                                .shape = shape,
                                .bind = bind,
                                .emit = emit};
const HrArch hr_arch_granitemoe = {.name = "granitemoe",
                                   .models = "Granite 3.0 and 3.1 1B-A400M, 3B-A800M",
                                   .rope = HR_ROPE_NORM,
                                   .bind = bind,
                                   .emit = emit};
const HrArch hr_arch_granite_swa = {.name = "granite_swa",
                                    .models = "Granite with windows",
                                    .rope = HR_ROPE_NORM,
                                    .shape = shape_windowed,
                                    .bind = bind_with_sinks,
                                    .emit = emit};
const HrArch hr_arch_granite_hybrid = {.name = "granitehybrid",
                                       .models = "Granite 4",
                                       .rope = HR_ROPE_NORM,
                                       .mixed_layers = true,
                                       .shape = shape_hybrid,
                                       .bind = bind,
                                       .emit = emit};
