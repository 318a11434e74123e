/* per-layer.h: numbers that a token has for each layer, beside its embedding (Gemma 3n and 4).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A second table has a row of n_per_layer numbers for each layer; what the embedding says is
 * projected on the same width, normalised and added. At its end each layer gates the stream by its
 * own numbers and projects it back.
 */
#pragma once

#include "model/arch.h"

/* n: numbers where the file says nothing; 0: it has to. */
bool hr_per_layer_read(HrHparams *hparams, const HrKeys *keys, uint32_t n);
/* All of it, of layers as well; after the embeddings. */
void hr_per_layer_bind(HrBinder *binder, const HrHparams *hparams, HrWeights *weights);
/* The numbers of all layers side by side. */
HrBuf hr_per_layer_emit_inputs(HrEmit *emit, const HrHparams *hparams, const HrWeights *weights,
                               HrBuf embeddings);
/* Those of the layer that is being emitted. */
HrBuf hr_per_layer_pick(HrEmit *emit, const HrHparams *hparams, HrBuf inputs);
/* What the layer adds to x by its numbers. */
HrBuf hr_per_layer_emit(HrEmit *emit, HrBuf x, HrBuf numbers, const HrPerLayerWeights *weights);
