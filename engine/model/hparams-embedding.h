/* hparams-embedding.h: what models that turn texts into vectors say of themselves.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "model/keys.h"

/* Pooling, and whether texts are whole. encoder: every token sees the whole text, by the
 * architecture's nature. */
bool hr_hparams_read_embedding(HrHparams *hparams, const HrKeys *keys, bool encoder);
