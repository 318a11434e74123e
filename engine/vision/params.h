/* params.h: a vision tower's shape, from the metadata of its projector, as typed fields.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Keys are those of files of the architecture "clip" (clip.vision.*). Models that carry their tower
 * themselves name the same things <architecture>.vision.*; what they leave out is known from the
 * family.
 */
#pragma once

#include "gguf/gguf.h"
#include "model/hparams.h"

/* What stands between the tower and the language model; it decides the tower too. */
typedef enum {
    HR_VISION_MLP, /* LLaVA 1.5 and 1.6, BakLLaVA, Granite Vision: CLIP or SigLIP, two matrices */
    HR_VISION_GEMMA3,   /* SigLIP, averaged over squares */
    HR_VISION_IDEFICS3, /* Idefics3, SmolVLM: SigLIP, squares laid side by side */
    HR_VISION_PIXTRAL,  /* Pixtral: any size, rotary positions */
    HR_VISION_QWEN2VL,
    HR_VISION_QWEN25VL, /* attention within windows */
    HR_VISION_N_KINDS,
} HrVisionKind;

#define HR_VISION_MAX_FEATURES 16   /* layers whose output is looked at; Granite has 4 */
#define HR_VISION_MAX_PINPOINTS 256 /* sizes of an image's grid of tiles; Granite has 27 */
#define HR_VISION_MAX_TILES 64      /* of one image; Idefics3 has 16 at most */
/* Patches of an image, of models that take any size: 1280 tokens of Qwen2-VL, as its makers advise,
 * and all that Pixtral reads. More take memory and time by the square and show little. */
#define HR_VISION_MAX_PATCHES 5120
#define HR_VISION_MIN_TOKENS 4 /* Qwen2-VL's */

typedef struct {
    HrVisionKind kind;
    uint32_t image_size, patch_size; /* pixels on a side */
    uint32_t n_embd, n_layer, n_head;
    uint32_t n_out;                  /* columns of the language model */
    uint32_t merge;                  /* patches on a side of the square that becomes one token */
    float eps;
    float mean[3], deviation[3];     /* of red, green and blue in [0, 1] */
    HrActivation activation;
    uint32_t features[HR_VISION_MAX_FEATURES],
        n_features; /* layers run before each; none: the last one's output */
    uint32_t pinpoints[HR_VISION_MAX_PINPOINTS][2], n_pinpoints; /* width, height; LLaVA 1.6 */
    bool unpad; /* tiles become one picture, without its borders, a newline behind each row */
    uint32_t longest_edge; /* IDEFICS3: an image is made this long before it is cut into tiles; 0:
                              it is not cut */
    uint32_t window;                 /* QWEN25VL: pixels on a side */
    uint32_t full_every; /* QWEN25VL: every so many layers attention is not kept to windows; 0: see
                            full_layers */
    uint64_t full_layers[HR_MAX_LAYERS / 64]; /* bits */
    uint32_t min_tokens, max_tokens; /* of models that take images of any size */
} HrVisionParams;

const char *hr_vision_kind_name(HrVisionKind kind); /* as clip.projector_type says it */

/* Whether a file holds a tower: of its own or beside a language model. */
bool hr_vision_is_in(const HrGguf *gguf);
/* HR_ERROR_FORMAT names the key that is missing or impossible, HR_ERROR_UNSUPPORTED a projector
 * that is not known here. */
bool hr_vision_params_read(HrVisionParams *params, const HrGguf *gguf, GError **error);

static inline bool hr_vision_layer_is_full(const HrVisionParams *p, uint32_t il)
{
    return p->full_every > 0 ? (il + 1) % p->full_every == 0
                             : p->full_layers[il / 64] >> (il % 64) & 1;
}
/* Images of any size, in patches; otherwise all views are image_size on a side. */
static inline bool hr_vision_is_any_size(const HrVisionParams *p)
{
    return p->kind == HR_VISION_PIXTRAL || p->kind == HR_VISION_QWEN2VL ||
           p->kind == HR_VISION_QWEN25VL;
}
static inline uint32_t hr_vision_grid(
    const HrVisionParams *p) /* patches on a side of a view of image_size */
{
    return p->image_size / p->patch_size;
}
