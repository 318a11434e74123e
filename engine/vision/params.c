/* params.c: see params.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vision/params.h"

#include "model/keys.h"

#include <math.h>
#include <string.h>

#define CLIP "clip"
#define CLIP_KEYS "clip.vision"

/* What a family's files may leave out. */
typedef struct {
    const char *name; /* clip.projector_type */
    const char *inside; /* architecture of models that carry such a tower themselves, or NULL */
    const char *scale_key; /* of merge, or NULL */
    uint32_t merge, image_size, patch_size;
    double eps;
    HrActivation activation;
    bool always_active_so; /* whatever the file says: converters have written different things */
    double mean[3], deviation[3];
} Family;

#define CLIP_MEAN {0.48145466, 0.4578275, 0.40821073}
#define CLIP_DEVIATION {0.26862954, 0.26130258, 0.27577711}
#define HALF {0.5, 0.5, 0.5}

static const Family families[HR_VISION_N_KINDS] = {
    [HR_VISION_MLP] = {"mlp", NULL, NULL, 1, 0, 0, 1e-5, HR_GELU_QUICK, false, CLIP_MEAN,
                       CLIP_DEVIATION},
    [HR_VISION_GEMMA3] = {"gemma3", "gemma3", "projector.scale_factor", 4, 896, 14, 1e-6,
                          HR_GELU_TANH, true, HALF, HALF},
    [HR_VISION_IDEFICS3] = {"idefics3", NULL, "projector.scale_factor", 4, 0, 0, 1e-6, HR_GELU_TANH,
                            true, HALF, HALF},
    [HR_VISION_PIXTRAL] = {"pixtral", NULL, "spatial_merge_size", 1, 1024, 16, 1e-5, HR_SILU, false,
                           CLIP_MEAN, CLIP_DEVIATION},
    [HR_VISION_QWEN2VL] = {"qwen2vl_merger", NULL, "spatial_merge_size", 2, 560, 14, 1e-6,
                           HR_GELU_QUICK, true, CLIP_MEAN, CLIP_DEVIATION},
    [HR_VISION_QWEN25VL] = {"qwen2.5vl_merger", "qwen25vl", "spatial_merge_size", 2, 560, 14, 1e-6,
                            HR_SILU, true, CLIP_MEAN, CLIP_DEVIATION},
};

const char *hr_vision_kind_name(HrVisionKind kind)
{
    return families[kind].name;
}

/* ---- Which tower it is ---- */

static const char *architecture_of(const HrGguf *gguf)
{
    const char *arch = hr_gguf_get_string(gguf, "general.architecture", NULL);
    return arch ? arch : "";
}

static bool is_inside(const HrGguf *gguf)
{
    g_autofree char *key = g_strdup_printf("%s.vision.block_count", architecture_of(gguf));
    return hr_gguf_find(gguf, key) != NULL;
}

bool hr_vision_is_in(const HrGguf *gguf)
{
    return g_str_equal(architecture_of(gguf), CLIP) || is_inside(gguf);
}

static bool find_kind(const HrGguf *gguf, HrVisionKind *ret, GError **error)
{
    const char *arch = architecture_of(gguf),
               *type = hr_gguf_get_string(gguf, "clip.vision.projector_type", NULL);
    bool clip = g_str_equal(arch, CLIP);
    if (!type)
        type = hr_gguf_get_string(gguf, "clip.projector_type", NULL);
    if (!type)
        type = "mlp"; /* files older than the key */
    for (uint32_t k = 0; k < HR_VISION_N_KINDS; k++) {
        const char *name = clip ? families[k].name : families[k].inside;
        if (name && g_str_equal(name, clip ? type : arch)) {
            *ret = k;
            return true;
        }
    }
    if (clip)
        g_set_error(error, HR_ERROR, HR_ERROR_UNSUPPORTED,
                    "This build does not know the projector \"%s\" of clip.projector_type.", type);
    else
        g_set_error(error, HR_ERROR, HR_ERROR_UNSUPPORTED,
                    "This build does not know the vision tower that %s models carry.", arch);
    return false;
}

/* ---- Keys ---- */

static bool read_colours(const HrKeys *keys, const char *name, double min, const double *fallback,
                         float *ret)
{
    g_autofree char *key = hr_keys_name(keys, name);
    const HrGgufEntry *entry = hr_gguf_find(keys->gguf, key);
    for (uint32_t c = 0; c < 3; c++) {
        double value = fallback[c];
        if (entry && !hr_gguf_element_float(entry, c, &value))
            return hr_keys_bad(keys, name, "is not three numbers");
        if (!(value >= min && value <= 1))
            return hr_keys_bad(keys, name, "is out of range");
        ret[c] = (float)value;
    }
    return true;
}

static bool read_activation(HrVisionParams *p, const HrKeys *keys)
{
    bool gelu = false, silu = false;
    hr_gguf_get_bool(keys->gguf, "clip.use_gelu", &gelu);
    hr_gguf_get_bool(keys->gguf, "clip.use_silu", &silu);
    p->activation = families[p->kind].activation;
    if (families[p->kind].always_active_so || (!gelu && !silu))
        return true;
    if (gelu && silu) {
        HrKeys top = {keys->gguf, CLIP, keys->error};
        return hr_keys_bad(&top, "use_gelu", "contradicts clip.use_silu");
    }
    p->activation = gelu ? HR_GELU_TANH : HR_SILU;
    return true;
}

static int64_t element_or(const HrGgufEntry *entry, uint64_t index, int64_t fallback)
{
    int64_t value = fallback;
    hr_gguf_element_int(entry, index, &value);
    return value;
}

/* Layers that a projector looks at, in the order in which it does. */
static bool read_features(HrVisionParams *p, const HrKeys *keys)
{
    g_autofree char *key = hr_keys_name(keys, "feature_layer");
    const HrGgufEntry *entry = hr_gguf_find(keys->gguf, key);
    if (!entry)
        return true;
    if (entry->n > HR_VISION_MAX_FEATURES)
        return hr_keys_bad(keys, "feature_layer", "has too many entries");
    for (uint64_t i = 0; i < entry->n; i++) {
        int64_t layer = element_or(entry, i, -1);
        if (layer < 0 || layer > p->n_layer)
            return hr_keys_bad(keys, "feature_layer", "names a layer that there is not");
        p->features[p->n_features++] = (uint32_t)layer;
    }
    return true;
}

/* Pairs of width and height, each some whole number of tiles. */
static bool read_pinpoints(HrVisionParams *p, const HrKeys *keys)
{
    g_autofree char *key = hr_keys_name(keys, "image_grid_pinpoints");
    const HrGgufEntry *entry = hr_gguf_find(keys->gguf, key);
    if (!entry)
        return true;
    if (entry->n % 2 != 0 || entry->n / 2 > HR_VISION_MAX_PINPOINTS)
        return hr_keys_bad(keys, "image_grid_pinpoints", "is not a list of pairs");
    for (uint64_t i = 0; i < entry->n / 2; i++) {
        int64_t width = element_or(entry, 2 * i, 0), height = element_or(entry, 2 * i + 1, 0),
                size = p->image_size;
        if (width < size || height < size || width % size != 0 || height % size != 0 ||
            (width / size) > HR_VISION_MAX_TILES ||
            (width / size) * (height / size) > HR_VISION_MAX_TILES)
            return hr_keys_bad(keys, "image_grid_pinpoints",
                               "holds a size that is no whole number of tiles");
        p->pinpoints[p->n_pinpoints][0] = (uint32_t)width;
        p->pinpoints[p->n_pinpoints++][1] = (uint32_t)height;
    }
    return true;
}

static bool read_tiles(HrVisionParams *p, const HrKeys *keys)
{
    g_autofree char *merge_key = hr_keys_name(keys, "mm_patch_merge_type");
    const char *merge_type = hr_gguf_get_string(keys->gguf, merge_key, NULL);
    p->unpad = merge_type && g_str_equal(merge_type, "spatial_unpad");
    if (p->kind == HR_VISION_MLP && !read_pinpoints(p, keys))
        return false;
    return p->kind != HR_VISION_IDEFICS3 ||
           hr_keys_read_uint_or(keys, "preproc_image_size", p->image_size,
                                p->image_size * HR_VISION_MAX_TILES / 8, p->image_size * 4,
                                &p->longest_edge);
}

/* ---- Windows ---- */

static bool read_full_layers(HrVisionParams *p, const HrKeys *keys, const char *name)
{
    g_autofree char *key = hr_keys_name(keys, name);
    const HrGgufEntry *entry = hr_gguf_find(keys->gguf, key);
    for (uint64_t i = 0; entry && i < entry->n && i < HR_MAX_LAYERS; i++) {
        int64_t layer = element_or(entry, i, -1);
        if (layer < 0 || layer >= p->n_layer)
            return hr_keys_bad(keys, name, "names a layer that there is not");
        p->full_layers[layer / 64] |= (uint64_t)1 << (layer % 64);
    }
    return true;
}

static bool read_windows(HrVisionParams *p, const HrKeys *keys)
{
    bool inside = !g_str_equal(keys->arch, CLIP_KEYS);
    if (p->kind != HR_VISION_QWEN25VL) {
        p->full_every = 1;
        return true;
    }
    if (!hr_keys_read_uint_or(keys, "n_wa_pattern", 0, HR_MAX_LAYERS, 0, &p->full_every) ||
        !hr_keys_read_uint_or(keys, "window_size", p->patch_size * p->merge, HR_MAX_IMAGE_SIDE, 112,
                              &p->window) ||
        !read_full_layers(p, keys, inside ? "fullatt_block_indexes" : "wa_layer_indexes"))
        return false;
    return p->window % (p->patch_size * p->merge) == 0 ||
           hr_keys_bad(keys, "window_size", "is no whole number of tokens");
}

/* ---- All together ---- */

static bool read_shape(HrVisionParams *p, const HrKeys *keys)
{
    const Family *family = &families[p->kind];
    const char *merge_key = family->scale_key ? family->scale_key : "";
    double eps;
    if (!hr_keys_read_uint(keys, "block_count", 1, HR_MAX_LAYERS, &p->n_layer) ||
        !hr_keys_read_uint(keys, "embedding_length", 1, HR_MAX_WIDTH / 16, &p->n_embd) ||
        !hr_keys_read_uint(keys, "attention.head_count", 1, HR_MAX_WIDTH, &p->n_head) ||
        !hr_keys_read_float_or(keys, "attention.layer_norm_epsilon", 0, 1, family->eps, &eps) ||
        !hr_keys_read_uint_or(keys, "patch_size", 1, 256, family->patch_size, &p->patch_size) ||
        !hr_keys_read_uint_or(keys, "image_size", 1, HR_MAX_IMAGE_SIDE, family->image_size,
                              &p->image_size))
        return false;
    p->eps = (float)eps;
    p->merge = family->merge;
    if (*merge_key && !hr_keys_read_uint_or(keys, merge_key, 1, 16, family->merge, &p->merge))
        return false;
    if (p->n_embd % p->n_head != 0)
        return hr_keys_bad(keys, "attention.head_count", "does not divide embedding_length");
    if (p->patch_size == 0)
        return hr_keys_bad(keys, "patch_size", "is missing");
    return p->image_size > 0 || hr_keys_bad(keys, "image_size", "is missing");
}

/* Views must be whole patches, and these whole squares; a head's width whole pairs for both axes.
 */
static bool check_shape(const HrVisionParams *p, const HrKeys *keys)
{
    uint32_t grid = hr_vision_grid(p);
    bool turns = hr_vision_is_any_size(p);
    if (!turns && (p->image_size % p->patch_size != 0 || grid * grid > HR_VISION_MAX_PATCHES))
        return hr_keys_bad(keys, "image_size", "is no whole number of patches, or too many");
    if (!turns && grid % p->merge != 0)
        return hr_keys_bad(keys, "image_size", "is no whole number of merged patches");
    return !turns || (p->n_embd / p->n_head) % 4 == 0 ||
           hr_keys_bad(keys, "attention.head_count", "gives heads that cannot be turned");
}

static bool read_limits(HrVisionParams *p, const HrKeys *keys)
{
    uint64_t per_token = (uint64_t)p->patch_size * p->merge * p->patch_size * p->merge,
             most = HR_VISION_MAX_PATCHES / (p->merge * p->merge);
    uint64_t min = HR_VISION_MIN_TOKENS * per_token, max = most * per_token;
    g_autofree char *min_key = hr_keys_name(keys, "image_min_pixels"),
                    *max_key = hr_keys_name(keys, "image_max_pixels");
    hr_gguf_get_uint(keys->gguf, min_key, &min);
    hr_gguf_get_uint(keys->gguf, max_key, &max);
    p->min_tokens = (uint32_t)CLAMP(min / per_token, 1, most);
    p->max_tokens = (uint32_t)CLAMP(max / per_token, 1, most);
    return p->min_tokens <= p->max_tokens ||
           hr_keys_bad(keys, "image_min_pixels", "is more than image_max_pixels");
}

bool hr_vision_params_read(HrVisionParams *p, const HrGguf *gguf, GError **error)
{
    const Family *family;
    *p = (HrVisionParams){0};
    if (!find_kind(gguf, &p->kind, error))
        return false;
    g_autofree char *prefix = g_strdup_printf("%s.vision", architecture_of(gguf));
    HrKeys keys = {gguf, prefix, error};
    family = &families[p->kind];
    return read_shape(p, &keys) && check_shape(p, &keys) && read_limits(p, &keys) &&
           read_activation(p, &keys) &&
           read_colours(&keys, "image_mean", 0, family->mean, p->mean) &&
           read_colours(&keys, "image_std", 1e-3, family->deviation, p->deviation) &&
           read_features(p, &keys) && read_tiles(p, &keys) && read_windows(p, &keys);
}
