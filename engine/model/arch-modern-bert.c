/* arch-modern-bert.c: ModernBERT.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Warner et al. 2024: norms in front of the sublayers (none in front of the first attention, whose
 * input is one's output already), rotary positions, feed-forward gated by GELU. Every third layer,
 * the first one among them, sees the whole text; the others see what is near, and turn faster. The
 * Granite embedding models of 2025 are such.
 */
#include "model/arch.h"

#define PERIOD 3 /* where the file does not say */

/* ---- Keys ---- */

/* The file's flag of each layer, or every how manieth one, from the first on, sees everything. */
static bool is_local(const HrKeys *keys, uint32_t layer, bool *ret)
{
    g_autofree char *key = hr_keys_name(keys, "attention.sliding_window_pattern");
    const HrGgufEntry *pattern = hr_gguf_find(keys->gguf, key);
    bool flags = pattern && pattern->kind == HR_GGUF_ARRAY;
    int64_t value = PERIOD;
    if (pattern && (!hr_gguf_element_int(pattern, flags ? layer : 0, &value) || value < 0))
        return hr_keys_bad(keys, "attention.sliding_window_pattern",
                           "is neither a number nor one for each layer");
    *ret = flags ? value != 0 : value > 0 && layer % value != 0;
    return true;
}

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    uint32_t window;
    hp->local_rope = hp->rope;
    if (!hr_keys_read_uint_or(keys, "attention.sliding_window", 0, HR_MAX_CTX, 0, &window) ||
        !hr_keys_read_float_or(keys, "rope.freq_base_swa", 1e-3, 1e12, hp->rope.base,
                               &hp->local_rope.base))
        return false;
    for (uint32_t il = 0; window > 0 && il < hp->n_layer; il++) {
        if (!is_local(keys, il, &hp->layers[il].local_rope))
            return false;
        hp->layers[il].window = hp->layers[il].local_rope ? window : 0;
    }
    return true;
}

/* ---- Tensors ---- */

static void bind_layer(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    const HrLayerShape *s = &hp->layers[il];
    uint64_t n_q = (uint64_t)s->n_head * s->head_dim_k,
             n_k = (uint64_t)s->n_head_kv * s->head_dim_k;
    HrLinear both = {0};
    if (il == 0)
        hr_bind_norm_optional(b, &l->attn_layer_norm, il, "attn_norm", hp->n_embd);
    else
        hr_bind_norm(b, &l->attn_layer_norm, il, "attn_norm", hp->n_embd);
    hr_bind_qkv(b, l, il, hp->n_embd, n_q, n_k, (uint64_t)s->n_head_kv * s->head_dim_v);
    hr_bind_linear(b, &l->attn_output, il, "attn_output", (uint64_t)s->n_head * s->head_dim_v,
                   hp->n_embd);
    hr_bind_norm(b, &l->ffn_layer_norm, il, "ffn_norm", hp->n_embd);
    hr_bind_linear(b, &both, il, "ffn_up", hp->n_embd, 2 * (uint64_t)s->n_ff);
    l->ffn_gate = hr_linear_rows(&both, 0, s->n_ff);
    l->ffn_up = hr_linear_rows(&both, s->n_ff, s->n_ff);
    hr_bind_linear(b, &l->ffn_down, il, "ffn_down", s->n_ff, hp->n_embd);
    l->attn_output.fine = true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind(b, &w->token_embd, -1, "token_embd.weight", hp->n_embd, 0);
    hr_bind_norm(b, &w->token_embd_norm, -1, "token_embd_norm", hp->n_embd);
    hr_bind_norm(b, &w->output_layer_norm, -1, "output_norm", hp->n_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++)
        bind_layer(b, hp, (int)il, &w->layers[il]);
    hr_bind_classifier(b, hp, w);
}

/* ---- The program ---- */

static HrBuf attend(HrEmit *e, const HrLayerWeights *l, HrBuf x, uint32_t window)
{
    HrBuf h = hr_weight_exists(&l->attn_layer_norm.weight)
                  ? hr_emit_layer_norm(e, x, &l->attn_layer_norm)
                  : x;
    HrBuf q = hr_emit_linear(e, h, &l->attn_q);
    HrBuf k = hr_emit_linear(e, h, &l->attn_k);
    HrBuf v = hr_emit_linear(e, h, &l->attn_v);
    hr_emit_rope(e, q, k);
    return hr_emit_attend_text(e, q, k, v, window);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_layer_norm(e, hr_emit_embed(e, &w->token_embd), &w->token_embd_norm);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = attend(e, l, x, hp->layers[il].window);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        HrBuf h = hr_emit_layer_norm(e, x, &l->ffn_layer_norm);
        HrBuf gate = hr_emit_linear(e, h, &l->ffn_gate);
        HrBuf up = hr_emit_linear(e, h, &l->ffn_up);
        x = hr_emit_linear_add(e, hr_emit_activate(e, HR_GELU_ERF, gate, up), &l->ffn_down, x);
    }
    hr_emit_layer(e, HR_NO_LAYER);
    hr_emit_vector(e, hr_emit_layer_norm(e, x, &w->output_layer_norm), w);
}

const HrArch hr_arch_modern_bert = {
    .name = "modern-bert",
    .models = "ModernBERT, GTE ModernBERT, Granite Embedding R2",
    .encoder = true,
    .rope = HR_ROPE_NEOX,
    .shape = shape,
    .bind = bind,
    .emit = emit,
};
