/* headroom-variants-group.h: the chosen model in other quantisations: which fits best here, and what
 * each would take.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signal "chosen" (name): a person wants the model that has another quantisation; only those that
 * are on this computer can be chosen.
 */
#pragma once

#include "headroom-plan-preview.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_VARIANTS_GROUP (headroom_variants_group_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomVariantsGroup, headroom_variants_group, HEADROOM, VARIANTS_GROUP,
                      AdwPreferencesGroup)

GtkWidget *headroom_variants_group_new (HeadroomPlanPreview *preview);

G_END_DECLS
