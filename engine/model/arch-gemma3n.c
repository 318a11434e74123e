/* arch-gemma3n.c: Gemma 3n.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gemma Team 2025: four residual streams, of which one goes through the layer; what the others
 * become is predicted from all of them before it and corrected by what it did (AltUp, Baykal et al.
 * 2023). Beside attention a low-rank path (LAuReL, Menghani et al. 2024); gates of the first layers
 * count only far above their mean; numbers of each token for each layer (per-layer.h); the last
 * layers see earlier ones' keys and values.
 */
#include "model/gemma-heads.h"
#include "model/per-layer.h"

#include <math.h>

/* Where files do not say it: how many streams and numbers, how many layers have keys and values,
 * and that the first ten keep a twentieth of their gates (1.645 deviations). */
#define N_STREAMS 4
#define MAX_STREAMS 16
#define N_PER_LAYER 256
#define N_KV_LAYERS 20
#define N_SPARSE_LAYERS 10
#define SPARSE_DEVIATIONS 1.6448533535003662f
#define MAX_DEVIATIONS 100

/* ---- Keys ---- */

/* Layers that keep all gates have a number that cuts nothing off: minus infinity. */
static bool read_sparsity(HrHparams *hp, const HrKeys *keys)
{
    static const char name[] = "activation_sparsity_scale";
    const double none = -INFINITY;
    g_autofree char *full = hr_keys_name(keys, name);
    if (!hr_keys_read_floats_per_layer(keys, name, hp->n_layer, INFINITY, &none,
                                       offsetof(HrLayerShape, sparsity), hp->layers))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        if (hp->layers[il].sparsity > MAX_DEVIATIONS)
            return hr_keys_bad(keys, name, "is out of range");
        if (!hr_gguf_find(keys->gguf, full) && il < N_SPARSE_LAYERS)
            hp->layers[il].sparsity = SPARSE_DEVIATIONS;
        hp->layers[il].sparsity = MAX(hp->layers[il].sparsity, 0);
    }
    return true;
}

static bool read_streams(HrHparams *hp, const HrKeys *keys)
{
    uint32_t active;
    if (!hr_keys_read_uint_or(keys, "altup.num_inputs", 2, MAX_STREAMS, N_STREAMS,
                              &hp->n_streams) ||
        !hr_keys_read_uint_or(keys, "altup.active_idx", 0, MAX_STREAMS, 0, &active))
        return false;
    if (active != 0)
        return hr_keys_bad(keys, "altup.active_idx", "is not 0");
    return (uint64_t)hp->n_embd * hp->n_streams <= HR_MAX_WIDTH ||
           hr_keys_bad(keys, "altup.num_inputs", "is out of range");
}

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    double cap;
    uint32_t n_shared = hp->n_layer > N_KV_LAYERS ? hp->n_layer - N_KV_LAYERS : 0;
    hp->attention_scale = 1;
    if (!hr_hparams_read_windows(hp, keys, 0, 5) ||
        !hr_hparams_read_local_rope(hp, keys, 10000, false) ||
        !hr_hparams_read_shared_kv(hp, keys, n_shared) || !read_streams(hp, keys) ||
        !hr_per_layer_read(hp, keys, N_PER_LAYER) || !read_sparsity(hp, keys) ||
        !hr_keys_read_float_or(keys, "final_logit_softcapping", 0, 1e6, 30, &cap))
        return false;
    hp->logit_cap = (float)cap;
    return true;
}

/* ---- Tensors ---- */

static uint64_t laurel_rank(const HrBinder *b, int il)
{
    g_autofree char *name = g_strdup_printf("blk.%d.laurel_l.weight", il);
    const HrGgufTensor *t = hr_gguf_find_tensor(b->gguf, name);
    return t ? t->dims[1] : 1;
}

static void bind_streams(HrBinder *b, const HrHparams *hp, int il, HrStreamWeights *s)
{
    uint64_t n = hp->n_streams, rank = laurel_rank(b, il);
    hr_bind_linear(b, &s->router, il, "altup_router", hp->n_embd, n);
    hr_bind(b, &s->router_norm, il, "altup_router_norm.weight", hp->n_embd, 1);
    hr_bind_linear(b, &s->predict, il, "altup_predict_coef", n, n * n);
    hr_bind_linear(b, &s->correct, il, "altup_correct_coef", n, n);
    hr_bind(b, &s->scale, il, "altup_correct_scale.weight", hp->n_embd, 1);
    hr_bind_linear(b, &s->laurel_left, il, "laurel_l", hp->n_embd, rank);
    hr_bind_linear(b, &s->laurel_right, il, "laurel_r", rank, hp->n_embd);
    hr_bind(b, &s->laurel_norm, il, "laurel_post_norm.weight", hp->n_embd, 1);
    s->router.fine = s->predict.fine = s->correct.fine = true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    HrLinearStack to_streams = {0};
    hr_bind_ends(b, hp, w);
    w->rope_freqs = (HrWeight){0};
    hr_bind_stack(b, &to_streams, -1, "altup_proj", hp->n_embd, hp->n_embd, hp->n_streams - 1);
    w->stream_proj = (HrLinear){.weight = to_streams.all};
    hr_bind_stack(b, &w->stream_unproj, -1, "altup_unembd_proj", hp->n_embd, hp->n_embd,
                  hp->n_streams - 1);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        hr_gemma_bind_heads(b, hp, (int)il, l);
        hr_bind(b, &l->post_attn_norm, (int)il, "post_attention_norm.weight", hp->n_embd, 1);
        hr_bind(b, &l->ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        hr_bind_swiglu(b, hp, (int)il, l);
        hr_bind(b, &l->post_ffn_norm, (int)il, "post_ffw_norm.weight", hp->n_embd, 1);
        bind_streams(b, hp, (int)il, &l->streams);
    }
    hr_per_layer_bind(b, hp, w);
}

/* ---- Steps ---- */

/* What a row says of the streams, between -1 and 1. */
static HrBuf emit_modalities(HrEmit *e, const HrHparams *hp, HrBuf x, const HrStreamWeights *w)
{
    HrBuf h = hr_emit_rms_norm(e, x, &w->router_norm);
    HrBuf m = hr_emit_linear_add_scaled(e, h, &w->router, 1 / (float)hp->n_embd, HR_NO_BUF);
    return hr_emit_activate(e, HR_TANH, m, HR_NO_BUF);
}

static HrBuf first_stream(HrEmit *e, const HrHparams *hp, HrBuf streams)
{
    return hr_emit_pick(e, streams, hp->n_embd * hp->n_streams, 0, hp->n_embd);
}

static HrBuf emit_ffn(HrEmit *e, const HrHparams *hp, HrBuf h, const HrLayerWeights *l)
{
    float sparsity = hp->layers[e->layer].sparsity;
    HrBuf gate = hr_emit_linear(e, h, &l->ffn_gate), up = hr_emit_linear(e, h, &l->ffn_up);
    if (sparsity > 0)
        gate = hr_emit_beyond(e, gate, sparsity);
    return hr_emit_linear(e, hr_emit_activate(e, HR_GELU_TANH, gate, up), &l->ffn_down);
}

/* What the layer makes of the stream that goes through it. */
static HrBuf emit_layer(HrEmit *e, const HrHparams *hp, HrBuf x, const HrLayerWeights *l)
{
    const HrStreamWeights *s = &l->streams;
    HrBuf h = hr_emit_rms_norm(e, x, &l->attn_norm);
    HrBuf low = hr_emit_linear(e, hr_emit_linear(e, h, &s->laurel_left), &s->laurel_right);
    low = hr_emit_add_normed(e, h, low, &s->laurel_norm);
    HrBuf a = hr_emit_linear(e, hr_gemma_emit_heads(e, hp, h, l), &l->attn_output);
    a = hr_emit_add_normed(e, x, a, &l->post_attn_norm);
    a = hr_emit_scale(e, hr_emit_add(e, a, low), (float)M_SQRT1_2);
    HrBuf f = emit_ffn(e, hp, hr_emit_rms_norm(e, a, &l->ffn_norm), l);
    return hr_emit_add_normed(e, a, f, &l->post_ffn_norm);
}

/* The streams behind a layer from those before it. */
static HrBuf emit_streams(HrEmit *e, const HrHparams *hp, HrBuf streams, HrBuf inputs,
                          const HrLayerWeights *l)
{
    const HrStreamWeights *s = &l->streams;
    HrBuf m = emit_modalities(e, hp, first_stream(e, hp, streams), s);
    HrBuf foreseen =
        hr_emit_mix(e, streams, hp->n_embd, hr_emit_linear(e, m, &s->predict), 0, streams);
    HrBuf before = first_stream(e, hp, foreseen), after = emit_layer(e, hp, before, l);
    HrBuf news = hr_emit_scale_add(e, before, -1, after);
    m = emit_modalities(e, hp, after, s);
    HrBuf y = hr_emit_mix(e, news, hp->n_embd, hr_emit_linear(e, m, &s->correct), 1, foreseen);
    HrBuf first = hr_emit_factors(e, first_stream(e, hp, y), &s->scale, HR_NO_BUF);
    first = hr_per_layer_emit(e, first, hr_per_layer_pick(e, hp, inputs), &l->per_layer);
    return hr_emit_add_to_streams(e, first, 1, y);
}

static HrBuf emit_merged(HrEmit *e, const HrHparams *hp, HrBuf streams, const HrWeights *w)
{
    uint32_t n = hp->n_embd, n_others = hp->n_streams - 1;
    HrBuf first = first_stream(e, hp, streams);
    HrBuf others = hr_emit_pick(e, streams, n * hp->n_streams, n, n * n_others);
    others = hr_emit_match(e, hr_emit_head_linear(e, others, &w->stream_unproj, n), first);
    return hr_emit_scale(e, hr_emit_mix(e, others, n, HR_NO_BUF, 1, first),
                         1 / (float)hp->n_streams);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed_scaled(e, &w->token_embd, sqrtf((float)hp->n_embd));
    HrBuf inputs = hr_per_layer_emit_inputs(e, hp, w, x);
    HrBuf others = hr_emit_match(e, hr_emit_linear(e, x, &w->stream_proj), x);
    HrBuf streams = hr_emit_join_heads(e, x, hp->n_embd, hp->n_embd, others, 0);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        hr_emit_layer(e, il);
        streams = emit_streams(e, hp, streams, inputs, &w->layers[il]);
    }
    hr_emit_narrow(e, &streams);
    hr_emit_head(e, emit_merged(e, hp, streams, w), w);
}

const HrArch hr_arch_gemma3n = {.name = "gemma3n",
                                .models = "Gemma 3n E2B and E4B",
                                .rope = HR_ROPE_NEOX,
                                .shape = shape,
                                .bind = bind,
                                .emit = emit};
