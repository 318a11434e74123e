/* hparams-experts.h: the keys of mixtures of experts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "model/keys.h"

/* Fills hparams->experts; the layers' shapes have been read. */
bool hr_hparams_read_experts(HrHparams *hparams, const HrKeys *keys);

/* Whether a layer has experts. */
static inline bool hr_has_experts(const HrHparams *hp, uint32_t layer)
{
    const HrExperts *x = &hp->experts;
    return x->n > 0 && layer >= x->n_dense_lead && (layer + 1) % x->every == 0;
}
/* swiglu_clamp_exp and swiglu_clamp_shexp, for each layer. */
bool hr_hparams_read_limits(HrHparams *hparams, const HrKeys *keys);
