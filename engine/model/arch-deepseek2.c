/* arch-deepseek2.c: DeepSeek-V2 to V3.1 and R1, and what shares their form (Kimi K2, GLM-4.7-Flash,
 * Mistral Large 3, Mistral 4).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * DeepSeek-AI 2024, V2 section 2.2 and V3 section 2.1.2: latent attention (latent.h), and many
 * narrow experts beside shared ones, chosen from the best groups.
 */
#include "model/latent.h"

#include <math.h>

/* YaRN's factor on cosines and sines goes into the scores' scale, squared (V2's yarn_get_mscale);
 * files hold a tenth of its weight. */
static bool read_scale(HrHparams *hp, const HrKeys *keys)
{
    double weight,
        log_factor = hp->rope.scaling == HR_ROPE_SCALING_YARN ? log(MAX(hp->rope.factor, 1)) : 0;
    if (!hr_keys_read_float_or(keys, "rope.scaling.yarn_log_multiplier", 0, 1e3, 0, &weight))
        return false;
    double magnitude = 1 + weight * log_factor;
    hp->attention_scale = (float)(magnitude * magnitude / sqrt(hp->latent.key));
    if (weight > 0)
        hp->rope.attn_factor /= 1 + 0.1 * log_factor;
    return true;
}

/* Mistral's. */
static bool read_temperature(HrHparams *hp, const HrKeys *keys)
{
    HrTemperature *t = &hp->temperature;
    if (!hr_keys_read_float_or(keys, "attention.temperature_scale", 0, 1e3, 0, &t->scale) ||
        !hr_keys_read_uint_or(keys, "attention.temperature_length", 0, HR_MAX_CTX, 0, &t->length))
        return false;
    if (t->scale > 0 && t->length == 0)
        return hr_keys_bad(keys, "attention.temperature_length", "is missing");
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hp->layers[il].tempered = t->scale > 0;
    return true;
}

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    return read_temperature(hp, keys) && hr_latent_shape(hp, keys) && read_scale(hp, keys);
}

/* ---- Tensors ---- */

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        hr_latent_bind(b, hp, (int)il, l);
        hr_bind(b, &l->ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        hr_bind_feed_forward(b, hp, (int)il, l);
    }
    hr_take_unscaled(hp, w);
}

/* ---- Steps ---- */

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, hr_scores(hp, HR_SCORES_SOFTMAX), hp->experts.normalise);
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_latent_emit(e, hp, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, hr_latent_emit_answers(e, hp, a, l), &l->attn_output, x);
        x = hr_emit_feed_forward(e, x, l, &routing);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_deepseek2 = {.name = "deepseek2",
                                  .models = "DeepSeek V2, V2 Lite, V3, R1, Kimi K2, GLM-4.7 Flash",
                                  .rope = HR_ROPE_NORM,
                                  .shape = shape,
                                  .bind = bind,
                                  .emit = emit};
const HrArch hr_arch_mistral4 = {.name = "mistral4",
                                 .models = "Mistral 4",
                                 .rope = HR_ROPE_NORM,
                                 .shape = shape,
                                 .bind = bind,
                                 .emit = emit};
