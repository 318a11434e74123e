/* headroom-show-effective.h: the settings of a model and where they come from, for the terminal.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-model-entry.h"

G_BEGIN_DECLS

gboolean headroom_show_effective (HeadroomModelEntry *entry, HrModel *model, gboolean json,
                                  GError **error);

/* What it would take here, row by row; nothing where it cannot be run. */
void headroom_show_memory (HeadroomModelEntry *entry, HrModel *model);

G_END_DECLS
