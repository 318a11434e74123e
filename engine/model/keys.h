/* keys.h: reading <arch>.* metadata with every range checked.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each function sets HR_ERROR_FORMAT, which names the key, and returns false if the key is not what
 * it should be.
 */
#pragma once

#include "gguf/gguf.h"
#include "model/hparams.h"

typedef struct HrKeys {
    const HrGguf *gguf;
    const char *arch;
    GError **error;
} HrKeys;

/* "<arch>.<name>", owned by the caller. */
char *hr_keys_name(const HrKeys *keys, const char *name) G_GNUC_WARN_UNUSED_RESULT;
/* Sets the error "<arch>.<name> <what>"; false. */
bool hr_keys_bad(const HrKeys *keys, const char *name, const char *what);

bool hr_keys_read_uint(const HrKeys *keys, const char *name, uint64_t min, uint64_t max,
                       uint32_t *ret);
bool hr_keys_read_uint_or(const HrKeys *keys, const char *name, uint64_t min, uint64_t max,
                          uint32_t fallback, uint32_t *ret);
bool hr_keys_read_float_or(const HrKeys *keys, const char *name, double min, double max,
                           double fallback, double *ret);
/* A key that holds one number for all layers or an array with one for each, min to HR_MAX_WIDTH;
 * field: offset in HrLayerShape. fallback NULL: the key must be there. */
bool hr_keys_read_per_layer(const HrKeys *keys, const char *name, uint32_t n_layer, uint32_t min,
                            const uint32_t *fallback, size_t field, HrLayerShape *layers);
/* Likewise of numbers from -max to max, for a field that is a float. */
bool hr_keys_read_floats_per_layer(const HrKeys *keys, const char *name, uint32_t n_layer,
                                   double max, const double *fallback, size_t field,
                                   HrLayerShape *layers);
