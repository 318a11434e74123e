/* arch-post-norm.c: decoders that normalise what sublayers answer: OLMo 2 and 3, EXAONE 4, GLM-4
 * 0414, PLaMo 3.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * OLMo Team 2024: the norm stands behind each sublayer instead of before it, and queries and keys
 * are normalised as whole rows; EXAONE 4 (LG AI Research 2025) does so by head. GLM-4 and PLaMo 3
 * have norms before and behind. OLMo 3 and larger EXAONE 4 let most layers see a window.
 */
#include "model/arch.h"

#define EXAONE4_32B_LAYERS 64 /* only this size has windows; its files do not say so */

/* ---- Keys ---- */

/* Layers with windows turn as if there were no scaling. */
static bool shape_olmo2(HrHparams *hp, const HrKeys *keys)
{
    return hr_hparams_read_windows(hp, keys, 0, 4) &&
           hr_hparams_read_local_rope(hp, keys, hp->rope.base, false);
}

/* Only layers with windows turn. */
static bool shape_exaone4(HrHparams *hp, const HrKeys *keys)
{
    if (hp->n_layer != EXAONE4_32B_LAYERS)
        return true;
    if (!hr_hparams_read_windows(hp, keys, 4096, 4))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hp->layers[il].unturned = hp->layers[il].window == 0;
    return true;
}

/* Models that see pictures turn halves, others adjacent pairs. */
static bool shape_glm4(HrHparams *hp, const HrKeys *keys)
{
    g_autofree char *name = hr_keys_name(keys, "rope.dimension_sections");
    const HrGgufEntry *sections = hr_gguf_find(keys->gguf, name);
    int64_t section;
    if (sections && sections->kind == HR_GGUF_ARRAY && sections->n > 0 &&
        hr_gguf_element_int(sections, 0, &section) && section > 0)
        hp->rope.kind = HR_ROPE_NEOX;
    return true;
}

static bool shape_plamo3(HrHparams *hp, const HrKeys *keys)
{
    return hr_hparams_read_windows(hp, keys, 0, 8) &&
           hr_hparams_read_local_rope(hp, keys, 10000, false);
}

/* ---- Tensors ---- */

/* Some files leave the usual ending out. */
static void bind_norm(HrBinder *b, HrWeight *norm, int il, const char *name, uint64_t n)
{
    g_autofree char *full = g_strconcat(name, ".weight", NULL);
    hr_bind(b, norm, il, hr_bind_finds(b, il, name) ? name : full, n, 1);
}

static void bind_layer(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    hr_bind_attention(b, hp, il, l);
    bind_norm(b, &l->post_attn_norm, il, "post_attention_norm", hp->n_embd);
    hr_bind_ffn(b, hp, il, l);
    bind_norm(b, &l->post_ffn_norm, il, "post_ffw_norm", hp->n_embd);
}

static void bind_behind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++)
        bind_layer(b, hp, (int)il, &w->layers[il]);
    hr_take_unscaled(hp, w);
}

static void bind_around(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    bind_behind(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        hr_bind(b, &w->layers[il].attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        hr_bind(b, &w->layers[il].ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
    }
}

/* ---- Steps ---- */

static void emit_behind(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_emit_heads(e, x, l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_add_normed(e, x, hr_emit_linear(e, a, &l->attn_output), &l->post_attn_norm);
        x = hr_emit_add_normed(e, x, hr_emit_ffn(e, x, l, HR_SILU, HR_NO_BUF), &l->post_ffn_norm);
    }
    hr_emit_head(e, x, w);
}

static void emit_around(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_emit_heads(e, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_add_normed(e, x, hr_emit_linear(e, a, &l->attn_output), &l->post_attn_norm);
        HrBuf f = hr_emit_ffn(e, hr_emit_rms_norm(e, x, &l->ffn_norm), l, HR_SILU, HR_NO_BUF);
        x = hr_emit_add_normed(e, x, f, &l->post_ffn_norm);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_olmo2 = {.name = "olmo2",
                              .models = "OLMo 2, OLMo 3",
                              .rope = HR_ROPE_NEOX,
                              .shape = shape_olmo2,
                              .bind = bind_behind,
                              .emit = emit_behind};
const HrArch hr_arch_exaone4 = {.name = "exaone4",
                                .models = "EXAONE 4",
                                .rope = HR_ROPE_NEOX,
                                .shape = shape_exaone4,
                                .bind = bind_behind,
                                .emit = emit_behind};
const HrArch hr_arch_glm4 = {.name = "glm4",
                             .models = "GLM-4 0414, GLM-Z1",
                             .rope = HR_ROPE_NORM,
                             .shape = shape_glm4,
                             .bind = bind_around,
                             .emit = emit_around};
const HrArch hr_arch_plamo3 = {.name = "plamo3",
                               .models = "PLaMo 3",
                               .rope = HR_ROPE_NEOX,
                               .shape = shape_plamo3,
                               .bind = bind_around,
                               .emit = emit_around};
