/* hparams.c: metadata keys to typed fields, with every range checked. See hparams.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/hparams.h"

#include "model/hparams-experts.h"
#include "model/keys.h"

#include <math.h>

static bool read_layers(HrHparams *hp, const HrKeys *keys, uint32_t min)
{
    hp->layers = g_new0(HrLayerShape, hp->n_layer);
    if (!hr_keys_read_per_layer(keys, "attention.head_count", hp->n_layer, min, NULL,
                                offsetof(HrLayerShape, n_head), hp->layers) ||
        !hr_keys_read_per_layer(keys, "attention.head_count_kv", hp->n_layer, min,
                                &hp->layers[0].n_head, offsetof(HrLayerShape, n_head_kv),
                                hp->layers) ||
        !hr_keys_read_per_layer(keys, "feed_forward_length", hp->n_layer, min, NULL,
                                offsetof(HrLayerShape, n_ff), hp->layers))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerShape *l = &hp->layers[il];
        if (l->n_head == 0 || l->n_head_kv == 0)
            l->n_head = l->n_head_kv = 0;
        else if (l->n_head % l->n_head_kv != 0)
            return hr_keys_bad(keys, "attention.head_count_kv",
                               "does not divide attention.head_count");
    }
    return true;
}

/* Files write a negative number for "as the type says": 1 for yarn. */
static bool read_ext_factor(HrRope *rope, const HrKeys *keys)
{
    if (!hr_keys_read_float_or(keys, "rope.scaling.yarn_ext_factor", -1, 1, -1, &rope->ext_factor))
        return false;
    if (rope->ext_factor < 0)
        rope->ext_factor = rope->scaling == HR_ROPE_SCALING_YARN ? 1 : 0;
    return true;
}

static bool read_scaling(HrRope *rope, uint32_t n_ctx_train, const HrKeys *keys)
{
    g_autofree char *key = hr_keys_name(keys, "rope.scaling.type");
    const char *type = hr_gguf_get_string(keys->gguf, key, NULL);
    double legacy;
    if (!hr_keys_read_float_or(keys, "rope.scale_linear", 1e-3, 1e6, 1, &legacy) ||
        !hr_keys_read_float_or(keys, "rope.scaling.factor", 0, 1e6, legacy, &rope->factor))
        return false;
    if (rope->factor == 0)
        rope->factor = 1;
    if (!type)
        rope->scaling = rope->factor != 1 ? HR_ROPE_SCALING_LINEAR : HR_ROPE_SCALING_NONE;
    else if (g_str_equal(type, "none"))
        rope->scaling = HR_ROPE_SCALING_NONE;
    else if (g_str_equal(type, "linear"))
        rope->scaling = HR_ROPE_SCALING_LINEAR;
    else if (g_str_equal(type, "yarn"))
        rope->scaling = HR_ROPE_SCALING_YARN;
    else if (g_str_equal(type, "longrope"))
        rope->scaling = HR_ROPE_SCALING_LONG;
    else {
        g_set_error(keys->error, HR_ERROR, HR_ERROR_UNSUPPORTED,
                    "This build does not know the rope scaling \"%s\" of %s.", type, key);
        return false;
    }
    return hr_keys_read_uint_or(keys, "rope.scaling.original_context_length", 1, HR_MAX_CTX,
                                n_ctx_train, &rope->n_ctx_orig) &&
           read_ext_factor(rope, keys) &&
           hr_keys_read_float_or(keys, "rope.scaling.attn_factor", 0, 1e3, 1, &rope->attn_factor) &&
           hr_keys_read_float_or(keys, "rope.scaling.yarn_beta_fast", 0, 1e4, 32,
                                 &rope->beta_fast) &&
           hr_keys_read_float_or(keys, "rope.scaling.yarn_beta_slow", 0, 1e4, 1, &rope->beta_slow);
}

static bool read_rope(HrHparams *hp, const HrKeys *keys)
{
    HrRope *rope = &hp->rope;
    if (!hr_keys_read_uint_or(keys, "rope.dimension_count", 0, HR_MAX_WIDTH, hp->head_dim_k,
                              &rope->n_rot) ||
        !hr_keys_read_float_or(keys, "rope.freq_base", 1e-3, 1e12, 10000, &rope->base))
        return false;
    if (rope->n_rot > hp->head_dim_k || rope->n_rot % 2 != 0)
        return hr_keys_bad(keys, "rope.dimension_count", "does not fit the head's width");
    return read_scaling(rope, hp->n_ctx_train, keys);
}

/* The heads of the first layer that has some. */
static uint32_t first_n_head(const HrHparams *hp)
{
    for (uint32_t il = 0; il < hp->n_layer; il++)
        if (hp->layers[il].n_head > 0)
            return hp->layers[il].n_head;
    return 0;
}

static bool read_heads(HrHparams *hp, const HrKeys *keys)
{
    uint32_t n_head = first_n_head(hp), head_dim = n_head > 0 ? MAX(hp->n_embd / n_head, 1) : 0;
    g_autofree char *width_key = hr_keys_name(keys, "attention.key_length");
    double scale;
    if (!hr_gguf_find(keys->gguf, width_key) && n_head > 0 && hp->n_embd % n_head != 0)
        return hr_keys_bad(keys, "attention.head_count", "does not divide embedding_length");
    if (!hr_keys_read_uint_or(keys, "attention.key_length", 1, HR_MAX_WIDTH, head_dim,
                              &hp->head_dim_k) ||
        !hr_keys_read_uint_or(keys, "attention.value_length", 1, HR_MAX_WIDTH, head_dim,
                              &hp->head_dim_v) ||
        !hr_keys_read_float_or(keys, "attention.scale", 0, 1e6, 0, &scale))
        return false;
    hp->attention_scale = scale > 0 ? (float)scale : 1.0f / sqrtf((float)MAX(hp->head_dim_k, 1));
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        hp->layers[il].head_dim_k = hp->head_dim_k;
        hp->layers[il].head_dim_v = hp->head_dim_v;
        if ((uint64_t)hp->layers[il].n_head * MAX(hp->head_dim_k, hp->head_dim_v) > HR_MAX_WIDTH)
            return hr_keys_bad(keys, "attention.head_count", "is out of range");
    }
    return true;
}

static bool read_scale(const HrKeys *keys, const char *name, float *ret)
{
    double value;
    if (!hr_keys_read_float_or(keys, name, 0, 1e6, 0, &value))
        return false;
    *ret = (float)value;
    return true;
}

static bool read_scales(HrHparams *hp, const HrKeys *keys)
{
    return read_scale(keys, "embedding_scale", &hp->embedding_scale) &&
           read_scale(keys, "residual_scale", &hp->residual_scale) &&
           read_scale(keys, "logit_scale", &hp->logit_scale);
}

/* Blocks without those at the end that only guess further tokens ahead. */
static bool read_n_layer(HrHparams *hp, const HrKeys *keys)
{
    uint32_t n_ahead;
    if (!hr_keys_read_uint(keys, "block_count", 1, HR_MAX_LAYERS, &hp->n_layer) ||
        !hr_keys_read_uint_or(keys, "nextn_predict_layers", 0, HR_MAX_LAYERS, 0, &n_ahead))
        return false;
    if (n_ahead >= hp->n_layer)
        return hr_keys_bad(keys, "nextn_predict_layers", "is not less than block_count");
    hp->n_layer -= n_ahead;
    return true;
}

bool hr_hparams_read(HrHparams *hp, const HrGguf *gguf, const char *arch, bool mixed_layers,
                     GError **error)
{
    HrKeys keys = {gguf, arch, error};
    double rms_eps, eps;
    *hp = (HrHparams){0};
    if (!read_n_layer(hp, &keys) ||
        !hr_keys_read_uint(&keys, "context_length", 1, HR_MAX_CTX, &hp->n_ctx_train) ||
        !hr_keys_read_uint(&keys, "embedding_length", 1, HR_MAX_WIDTH, &hp->n_embd) ||
        !hr_keys_read_float_or(&keys, "attention.layer_norm_rms_epsilon", 0, 1, 1e-5, &rms_eps) ||
        !hr_keys_read_float_or(&keys, "attention.layer_norm_epsilon", 0, 1, rms_eps, &eps) ||
        !read_layers(hp, &keys, mixed_layers ? 0 : 1) || !read_heads(hp, &keys) ||
        !read_rope(hp, &keys) || !read_scales(hp, &keys) || !hr_hparams_read_experts(hp, &keys)) {
        hr_hparams_finish(hp);
        return false;
    }
    hp->norm_eps = (float)(eps > 0 ? eps : rms_eps); /* some files write both, the other one as 0 */
    return true;
}

void hr_hparams_finish(HrHparams *hp)
{
    g_clear_pointer(&hp->layers, g_free);
}

/* The pair whose wavelength fits turns times into the original context (YaRN, equation 17). */
static double yarn_dimension(const HrRope *rope, double turns)
{
    return rope->n_rot * log(rope->n_ctx_orig / (turns * 2 * G_PI)) / (2 * log(rope->base));
}

void hr_rope_frequencies(const HrRope *rope, const float *divisors, double *inv_freq,
                         float *ret_magnitude)
{
    double low = yarn_dimension(rope, rope->beta_fast);
    double high = yarn_dimension(rope, rope->beta_slow);
    low = MAX(0, rope->unrounded_ramp ? low : floor(low));
    high = MIN(rope->n_rot - 1.0, rope->unrounded_ramp ? high : ceil(high));
    double shrink = rope->scaling == HR_ROPE_SCALING_LINEAR || rope->scaling == HR_ROPE_SCALING_YARN
                        ? 1 / rope->factor
                        : 1;
    bool yarn = rope->scaling == HR_ROPE_SCALING_YARN && rope->ext_factor != 0;
    for (uint32_t i = 0; i < rope->n_rot / 2; i++) {
        double freq = pow(rope->base, -2.0 * i / rope->n_rot) / (divisors ? divisors[i] : 1);
        double mix =
            yarn ? rope->ext_factor * (1 - CLAMP((i - low) / MAX(0.001, high - low), 0, 1)) : 0;
        inv_freq[i] = freq * (shrink * (1 - mix) + mix);
    }
    *ret_magnitude = (float)(yarn ? rope->attn_factor * (1 + 0.1 * log(MAX(rope->factor, 1)))
                                  : rope->attn_factor);
}
