/* latent.h: multi-head latent attention.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * DeepSeek-AI 2024, V2 section 2.1: keys and values of all heads are made from one narrow row per
 * position, and a few dimensions that turn are shared. Only that row is kept: queries are taken to
 * its space and answers back from it, head by head. Older files hold the two matrices for that as
 * one, which cannot be turned around; with them keys and values of every head are made and kept.
 */
#pragma once

#include "model/arch.h"

/* Reads the widths and gives the layers that attend their shape; what of it is unturned or tempered
 * stays so. */
bool hr_latent_shape(HrHparams *hparams, const HrKeys *keys);
void hr_latent_bind(HrBinder *binder, const HrHparams *hparams, int il, HrLayerWeights *weights);
/* Attention of h: what the heads answer, in the space of the rows where these are kept. */
HrBuf hr_latent_emit(HrEmit *emit, const HrHparams *hparams, HrBuf h,
                     const HrLayerWeights *weights);
/* Such answers as the output matrix reads them. */
HrBuf hr_latent_emit_answers(HrEmit *emit, const HrHparams *hparams, HrBuf a,
                             const HrLayerWeights *weights);
