/* headroom-lora.h: how much of each of a model's adapters a request wants.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Adapters belong to a model (ADAPTER in its Modelfile); a request chooses among them and names no
 * files. Pure. Thread-safety: Safe.
 */
#pragma once

#include "headroom-model-entry.h"

G_BEGIN_DECLS

/**
 * headroom_lora_dup_scales:
 * @entry: the model
 * @lora: (nullable): the list of a HeadroomWireRequest; adapters that it does not name count for
 * nothing
 * @ret_scales: (out) (transfer full) (nullable): one for each adapter; %NULL without @lora: all of
 * them as they were trained
 *
 * Returns: %FALSE with @error set where an adapter is named that the model has not
 */
gboolean headroom_lora_dup_scales (HeadroomModelEntry *entry, const HrValue *lora,
                                   float **ret_scales, GError **error);

G_END_DECLS
