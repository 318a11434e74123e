/* delta.h: the mixer of gated delta networks, and the gated attention beside it, which Qwen3-Next
 * and Qwen3.5 are made of.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "model/arch.h"

/* Reads ssm.* into hparams->recurrent, which layers are recurrent, and leaves layers for predicting
 * further tokens out. */
bool hr_delta_shape(HrHparams *hparams, const HrKeys *keys);
static inline bool hr_delta_is_recurrent(const HrHparams *hparams, uint32_t il)
{
    return hparams->layers[il].n_ssm_state > 0;
}

/* Convolution, decays, norm and output: what all files have in one form. */
void hr_delta_bind(HrBinder *binder, const HrHparams *hparams, int il, HrRecurrentWeights *weights);
/* Queries, keys and values as projected, side by side; the projected gate, decays and rates. tiled:
 * see HrRecurrence. Before the output matrix. */
HrBuf hr_delta_emit(HrEmit *emit, const HrHparams *hparams, HrBuf qkv, HrBuf gate, HrBuf decay,
                    HrBuf rate, bool tiled, const HrRecurrentWeights *weights);

/* Attention with a gate for each of its outputs, projected head by head beside the queries. */
void hr_gated_attention_bind(HrBinder *binder, const HrHparams *hparams, int il,
                             HrLayerWeights *weights);
HrBuf hr_gated_attention_emit(HrEmit *emit, const HrHparams *hparams, HrBuf h,
                              const HrLayerWeights *weights);
