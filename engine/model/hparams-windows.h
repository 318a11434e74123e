/* hparams-windows.h: the keys of layers that see a window, and of how those turn.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "model/keys.h"

/* Gives layers their windows: of attention.sliding_window positions (window where the file says
 * nothing; 0: none has one), those that attention.sliding_window_pattern names, layer by layer, or
 * all but each last of its number of layers (period where the file says nothing; 1: none, 0: all).
 */
bool hr_hparams_read_windows(HrHparams *hparams, const HrKeys *keys, uint32_t window,
                             uint32_t period);
/* The same for all but each first of the period's layers. */
bool hr_hparams_read_windows_behind(HrHparams *hparams, const HrKeys *keys, uint32_t window,
                                    uint32_t period);
/* Layers with windows turn rope.dimension_count_swa dimensions (as the others where the file says
 * nothing) by rope.freq_base_swa (base likewise); scaled: and scaled as the others. */
bool hr_hparams_read_local_rope(HrHparams *hparams, const HrKeys *keys, double base, bool scaled);
/* Layers with windows have heads of attention.key_length_swa and value_length_swa (as the others
 * where the file says nothing). Before their rope is read. */
bool hr_hparams_read_local_heads(HrHparams *hparams, const HrKeys *keys);
/* The last attention.shared_kv_layers layers (n_shared where the file says nothing) see the keys
 * and values of the last layer before them all that reaches as far. */
bool hr_hparams_read_shared_kv(HrHparams *hparams, const HrKeys *keys, uint32_t n_shared);
