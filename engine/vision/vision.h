/* vision.h: a vision tower and its projector, opened: what turns an image into rows of a prompt.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Its tensors come from a file of their own or lie beside the language model's. Data stays in the
 * mapped file. Immutable. Thread-safety: Safe.
 */
#pragma once

#include "model/weights.h"
#include "vision/params.h"

typedef struct {
    HrWeight weight, bias; /* no bias: RMS norm, or none at all */
} HrVisionNorm;

typedef struct {
    HrVisionNorm norm1, norm2;
    HrLinear q, k, v, out;
    HrLinear up, gate, down; /* gate may be absent */
} HrVisionLayer;

typedef struct HrVision {
    HrGguf *own;           /* the projector's file; NULL: the model's */
    const HrGguf *gguf;
    HrVisionParams params;
    HrLinear patch, patch2; /* [n_embd, 3 * patch * patch]; patch2: of the second frame, which is
                               the same for a still image */
    HrWeight class_embd;    /* [n_embd], or none */
    HrWeight position;      /* [n_positions, n_embd], or none */
    HrVisionNorm pre, post; /* or none */
    HrVisionLayer *layers;  /* [n_layer] */
    HrVisionNorm input_norm;     /* of the projector, or none */
    HrLinear merger;             /* PIXTRAL: four patches to one, or none */
    HrLinear project1, project2; /* project2 may be absent */
    bool project1_is_transposed; /* GEMMA3: [n_embd, n_out] */
    HrWeight newline;            /* [n_out] behind a row of patches, or none */
    uint64_t bytes;              /* of all that is bound */
} HrVision;

/* The tower in the file at path, or (path NULL) in the model's own. n_out: columns of the language
 * model; arch: its architecture. NULL with an error that names the key or tensor: what is damaged,
 * unknown, or made for another model. */
HrVision *hr_vision_open(const char *path, const HrGguf *model, const char *arch, uint32_t n_out,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
void hr_vision_free(HrVision *vision);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrVision, hr_vision_free)
