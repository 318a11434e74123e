/* recode.h: pages of the cache from one type into another.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * f16 to f32 and back loses nothing; every other change rounds what is held once more.
 * Thread-safety: Safe.
 */
#pragma once

#include "cpu/vector.h"

/* Turns a query or key as caches of that type hold it; turned twice it is as it was. The values in
 * a latent layer's keys are turned by themselves, as values are. */
void hr_recode_turn_key(const HrVectorKernels *kernels, HrKvType type, const HrKvLayerLayout *layer,
                        float *key);
/* Likewise a value, or what attention made of values. */
void hr_recode_turn_value(const HrVectorKernels *kernels, HrKvType type, uint32_t dv, float *value);

/* target = a page of layer in the other layout's type. row: scratch, as many floats as a key or
 * value is wide. */
void hr_recode_page(const HrVectorKernels *kernels, const HrKvLayout *from, const HrKvLayout *to,
                    uint32_t layer, const void *source, void *target, float *row);
