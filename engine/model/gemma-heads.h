/* gemma-heads.h: the attention of Gemma 3n and 4: queries, keys and values each normalised, values
 * without a weight; some layers see the keys and values of an earlier one, and have queries alone.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "model/arch.h"

/* Without a matrix for values they are what the keys are before their norm. */
void hr_gemma_bind_heads(HrBinder *binder, const HrHparams *hparams, int il,
                         HrLayerWeights *weights);
/* What the heads answer to h. */
HrBuf hr_gemma_emit_heads(HrEmit *emit, const HrHparams *hparams, HrBuf h,
                          const HrLayerWeights *weights);
