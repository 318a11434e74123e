/* mamba.h: the mixers of Mamba and Mamba 2, which hybrids put in the place of attention.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "model/arch.h"

/* Mamba (Gu and Dao 2023). read: ssm.* into hparams->recurrent, checked. */
bool hr_mamba_read(HrHparams *hparams, const HrKeys *keys);
void hr_mamba_shape_layer(HrHparams *hparams, uint32_t il);
void hr_mamba_bind(HrBinder *binder, const HrHparams *hparams, int il, HrRecurrentWeights *weights);
/* What the layer makes of h, before its output matrix. */
HrBuf hr_mamba_emit(HrEmit *emit, const HrHparams *hparams, HrBuf h,
                    const HrRecurrentWeights *weights);

/* Mamba 2 (Dao and Gu 2024). */
bool hr_mamba2_read(HrHparams *hparams, const HrKeys *keys);
void hr_mamba2_shape_layer(HrHparams *hparams, uint32_t il);
void hr_mamba2_bind(HrBinder *binder, const HrHparams *hparams, int il,
                    HrRecurrentWeights *weights);
HrBuf hr_mamba2_emit(HrEmit *emit, const HrHparams *hparams, HrBuf h,
                     const HrRecurrentWeights *weights);
