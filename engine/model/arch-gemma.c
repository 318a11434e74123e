/* arch-gemma.c: Gemma 1 to 3, and EmbeddingGemma.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gemma Team 2024 and 2025: embeddings grow with the square root of their width, and the
 * feed-forward is gated by GELU. Gemma 2 also normalises what each sublayer answers, bounds scores
 * and logits softly, and lets every other layer see a window. Gemma 3 normalises queries and keys
 * in place of bounding scores, and lets one layer of six see everything, turned by a base of its
 * own. EmbeddingGemma (2025) is Gemma 3 as an encoder: windows reach to both sides, and two linear
 * layers follow the mean.
 */
#include "model/arch.h"

#include <math.h>

/* ---- Keys ---- */

/* The largest of 2 and 3 scale scores by the width of the model rather than of a head; files do not
 * say so. */
static void scale_scores(HrHparams *hp, uint32_t n_layer_largest)
{
    uint32_t width =
        hp->n_layer == n_layer_largest ? hp->n_embd / hp->layers[0].n_head : hp->head_dim_k;
    hp->attention_scale = 1 / sqrtf((float)width);
}

static bool read_cap(const HrKeys *keys, const char *name, float *ret_cap)
{
    double cap;
    if (!hr_keys_read_float_or(keys, name, 0, 1e6, 0, &cap))
        return false;
    *ret_cap = (float)cap;
    return true;
}

static bool shape_1(HrHparams *hp, const HrKeys *keys)
{
    (void)keys;
    scale_scores(hp, 0);
    return true;
}

static bool shape_2(HrHparams *hp, const HrKeys *keys)
{
    scale_scores(hp, 46);
    return hr_hparams_read_windows(hp, keys, 4096, 2) &&
           hr_hparams_read_local_rope(hp, keys, hp->rope.base, true) &&
           read_cap(keys, "attn_logit_softcapping", &hp->score_cap) &&
           read_cap(keys, "final_logit_softcapping", &hp->logit_cap);
}

static bool shape_3(HrHparams *hp, const HrKeys *keys)
{
    scale_scores(hp, 62);
    return hr_hparams_read_windows(hp, keys, 0, 6) &&
           hr_hparams_read_local_rope(hp, keys, 10000, false) &&
           read_cap(keys, "final_logit_softcapping", &hp->logit_cap);
}

/* ---- Tensors ---- */

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
    w->rope_freqs = (HrWeight){0};
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hr_bind_post_norms(b, hp, (int)il, &w->layers[il]);
}

static void bind_with_post_norms(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    bind(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        hr_bind(b, &w->layers[il].ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        hr_bind(b, &w->layers[il].post_attn_norm, (int)il, "post_attention_norm.weight", hp->n_embd,
                1);
        hr_bind(b, &w->layers[il].post_ffn_norm, (int)il, "post_ffw_norm.weight", hp->n_embd, 1);
    }
}

static void bind_encoder(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    bind_with_post_norms(b, hp, w);
    hr_bind_classifier(b, hp, w);
}

/* ---- Steps ---- */

static void emit_1(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed_scaled(e, &w->token_embd, sqrtf((float)hp->n_embd));
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_emit_heads(e, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_ffn(e, hr_emit_rms_norm(e, x, &l->ffn_norm), l, HR_GELU_TANH, x);
    }
    hr_emit_head(e, x, w);
}

static void emit_2(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed_scaled(e, &w->token_embd, sqrtf((float)hp->n_embd));
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_emit_heads(e, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_add_normed(e, x, hr_emit_linear(e, a, &l->attn_output), &l->post_attn_norm);
        HrBuf f = hr_emit_ffn(e, hr_emit_rms_norm(e, x, &l->ffn_norm), l, HR_GELU_TANH, HR_NO_BUF);
        x = hr_emit_add_normed(e, x, f, &l->post_ffn_norm);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_gemma = {.name = "gemma",
                              .models = "Gemma, CodeGemma",
                              .rope = HR_ROPE_NEOX,
                              .shape = shape_1,
                              .bind = bind,
                              .emit = emit_1};
const HrArch hr_arch_gemma2 = {.name = "gemma2",
                               .models = "Gemma 2",
                               .rope = HR_ROPE_NEOX,
                               .shape = shape_2,
                               .bind = bind_with_post_norms,
                               .emit = emit_2};
const HrArch hr_arch_gemma3 = {.name = "gemma3",
                               .models = "Gemma 3, MedGemma",
                               .rope = HR_ROPE_NEOX,
                               .shape = shape_3,
                               .bind = bind_with_post_norms,
                               .emit = emit_2};
const HrArch hr_arch_gemma_embedding = {.name = "gemma-embedding",
                                        .models = "EmbeddingGemma",
                                        .encoder = true,
                                        .rope = HR_ROPE_NEOX,
                                        .shape = shape_3,
                                        .bind = bind_encoder,
                                        .emit = emit_2};
