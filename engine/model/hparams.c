/* hparams.c: metadata keys to typed fields, with every range checked. See hparams.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/hparams.h"

#include <math.h>

typedef struct {
    const HrGguf *gguf;
    const char *arch;
    GError **error;
} Keys;

static char *key_of(const Keys *keys, const char *name)
{
    return g_strdup_printf("%s.%s", keys->arch, name);
}

static bool bad_key(const Keys *keys, const char *name, const char *what)
{
    g_set_error(keys->error, HR_ERROR, HR_ERROR_FORMAT, "The model's metadata is unusable: %s.%s %s.", keys->arch, name, what);
    return false;
}

static bool read_uint(const Keys *keys, const char *name, uint64_t min, uint64_t max, uint32_t *ret)
{
    g_autofree char *key = key_of(keys, name);
    uint64_t value;
    if (!hr_gguf_find(keys->gguf, key))
        return bad_key(keys, name, "is missing");
    if (!hr_gguf_get_uint(keys->gguf, key, &value))
        return bad_key(keys, name, "is not a whole number");
    if (value < min || value > max)
        return bad_key(keys, name, "is out of range");
    *ret = (uint32_t)value;
    return true;
}

static bool read_uint_or(const Keys *keys, const char *name, uint64_t min, uint64_t max, uint32_t fallback, uint32_t *ret)
{
    g_autofree char *key = key_of(keys, name);
    if (!hr_gguf_find(keys->gguf, key)) {
        *ret = fallback;
        return true;
    }
    return read_uint(keys, name, min, max, ret);
}

static bool read_float_or(const Keys *keys, const char *name, double min, double max, double fallback, double *ret)
{
    g_autofree char *key = key_of(keys, name);
    double value = fallback;
    if (hr_gguf_find(keys->gguf, key) && !hr_gguf_get_float(keys->gguf, key, &value))
        return bad_key(keys, name, "is not a number");
    if (!(value >= min && value <= max))
        return bad_key(keys, name, "is out of range");
    *ret = value;
    return true;
}

/* A key that holds one number for all layers or an array with one for each. */
static bool read_per_layer(const Keys *keys, const char *name, uint32_t n_layer, uint32_t fallback, size_t field,
                           HrLayerShape *layers)
{
    g_autofree char *key = key_of(keys, name);
    const HrGgufEntry *entry = hr_gguf_find(keys->gguf, key);
    if (!entry && fallback == 0)
        return bad_key(keys, name, "is missing");
    if (entry && entry->kind == HR_GGUF_ARRAY && entry->n < n_layer)
        return bad_key(keys, name, "has fewer entries than there are layers");
    for (uint32_t il = 0; il < n_layer; il++) {
        int64_t value = fallback;
        if (entry && !hr_gguf_element_int(entry, entry->kind == HR_GGUF_ARRAY ? il : 0, &value))
            return bad_key(keys, name, "is not a whole number");
        if (value < 1 || value > HR_MAX_WIDTH)
            return bad_key(keys, name, "is out of range");
        G_STRUCT_MEMBER(uint32_t, &layers[il], field) = (uint32_t)value;
    }
    return true;
}

static bool read_layers(HrHparams *hp, const Keys *keys)
{
    hp->layers = g_new0(HrLayerShape, hp->n_layer);
    if (!read_per_layer(keys, "attention.head_count", hp->n_layer, 0, offsetof(HrLayerShape, n_head), hp->layers) ||
        !read_per_layer(keys, "attention.head_count_kv", hp->n_layer, hp->layers[0].n_head,
                        offsetof(HrLayerShape, n_head_kv), hp->layers) ||
        !read_per_layer(keys, "feed_forward_length", hp->n_layer, 0, offsetof(HrLayerShape, n_ff), hp->layers))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++)
        if (hp->layers[il].n_head % hp->layers[il].n_head_kv != 0)
            return bad_key(keys, "attention.head_count_kv", "does not divide attention.head_count");
    return true;
}

/* Files write a negative number for "as the type says": 1 for yarn. */
static bool read_ext_factor(HrRope *rope, const Keys *keys)
{
    if (!read_float_or(keys, "rope.scaling.yarn_ext_factor", -1, 1, -1, &rope->ext_factor))
        return false;
    if (rope->ext_factor < 0)
        rope->ext_factor = rope->scaling == HR_ROPE_SCALING_YARN ? 1 : 0;
    return true;
}

static bool read_scaling(HrRope *rope, uint32_t n_ctx_train, const Keys *keys)
{
    g_autofree char *key = key_of(keys, "rope.scaling.type");
    const char *type = hr_gguf_get_string(keys->gguf, key, NULL);
    double legacy;
    if (!read_float_or(keys, "rope.scale_linear", 1e-3, 1e6, 1, &legacy) ||
        !read_float_or(keys, "rope.scaling.factor", 0, 1e6, legacy, &rope->factor))
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
    else {
        g_set_error(keys->error, HR_ERROR, HR_ERROR_UNSUPPORTED, "This build does not know the rope scaling \"%s\" of %s.", type, key);
        return false;
    }
    return read_uint_or(keys, "rope.scaling.original_context_length", 1, HR_MAX_CTX, n_ctx_train, &rope->n_ctx_orig) &&
           read_ext_factor(rope, keys) &&
           read_float_or(keys, "rope.scaling.attn_factor", 0, 1e3, 1, &rope->attn_factor) &&
           read_float_or(keys, "rope.scaling.yarn_beta_fast", 0, 1e4, 32, &rope->beta_fast) &&
           read_float_or(keys, "rope.scaling.yarn_beta_slow", 0, 1e4, 1, &rope->beta_slow);
}

static bool read_rope(HrHparams *hp, const Keys *keys)
{
    HrRope *rope = &hp->rope;
    if (!read_uint_or(keys, "rope.dimension_count", 0, HR_MAX_WIDTH, hp->head_dim_k, &rope->n_rot) ||
        !read_float_or(keys, "rope.freq_base", 1e-3, 1e12, 10000, &rope->base))
        return false;
    if (rope->n_rot > hp->head_dim_k || rope->n_rot % 2 != 0)
        return bad_key(keys, "rope.dimension_count", "does not fit the head's width");
    return read_scaling(rope, hp->n_ctx_train, keys);
}

static bool read_heads(HrHparams *hp, const Keys *keys)
{
    uint32_t n_head = hp->layers[0].n_head, head_dim = hp->n_embd / n_head;
    g_autofree char *width_key = key_of(keys, "attention.key_length");
    double scale;
    if (!hr_gguf_find(keys->gguf, width_key) && hp->n_embd % n_head != 0)
        return bad_key(keys, "attention.head_count", "does not divide embedding_length");
    if (!read_uint_or(keys, "attention.key_length", 1, HR_MAX_WIDTH, MAX(head_dim, 1), &hp->head_dim_k) ||
        !read_uint_or(keys, "attention.value_length", 1, HR_MAX_WIDTH, MAX(head_dim, 1), &hp->head_dim_v) ||
        !read_float_or(keys, "attention.scale", 0, 1e6, 0, &scale))
        return false;
    hp->attention_scale = scale > 0 ? (float)scale : 1.0f / sqrtf((float)hp->head_dim_k);
    for (uint32_t il = 0; il < hp->n_layer; il++)
        if ((uint64_t)hp->layers[il].n_head * MAX(hp->head_dim_k, hp->head_dim_v) > HR_MAX_WIDTH)
            return bad_key(keys, "attention.head_count", "is out of range");
    return true;
}

bool hr_hparams_read(HrHparams *hp, const HrGguf *gguf, const char *arch, GError **error)
{
    Keys keys = {gguf, arch, error};
    double eps;
    *hp = (HrHparams){0};
    if (!read_uint(&keys, "block_count", 1, HR_MAX_LAYERS, &hp->n_layer) ||
        !read_uint(&keys, "context_length", 1, HR_MAX_CTX, &hp->n_ctx_train) ||
        !read_uint(&keys, "embedding_length", 1, HR_MAX_WIDTH, &hp->n_embd) ||
        !read_float_or(&keys, "attention.layer_norm_rms_epsilon", 0, 1, 1e-5, &eps) || !read_layers(hp, &keys) ||
        !read_heads(hp, &keys) || !read_rope(hp, &keys)) {
        hr_hparams_finish(hp);
        return false;
    }
    hp->norm_eps = (float)eps;
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

void hr_rope_frequencies(const HrRope *rope, const float *divisors, double *inv_freq, float *ret_magnitude)
{
    double low = MAX(0, floor(yarn_dimension(rope, rope->beta_fast)));
    double high = MIN(rope->n_rot - 1.0, ceil(yarn_dimension(rope, rope->beta_slow)));
    double shrink = rope->scaling == HR_ROPE_SCALING_NONE ? 1 : 1 / rope->factor;
    bool yarn = rope->scaling == HR_ROPE_SCALING_YARN && rope->ext_factor != 0;
    for (uint32_t i = 0; i < rope->n_rot / 2; i++) {
        double freq = pow(rope->base, -2.0 * i / rope->n_rot) / (divisors ? divisors[i] : 1);
        double mix = yarn ? rope->ext_factor * (1 - CLAMP((i - low) / MAX(0.001, high - low), 0, 1)) : 0;
        inv_freq[i] = freq * (shrink * (1 - mix) + mix);
    }
    *ret_magnitude = (float)(yarn ? rope->attn_factor * (1 + 0.1 * log(MAX(rope->factor, 1))) : rope->attn_factor);
}
