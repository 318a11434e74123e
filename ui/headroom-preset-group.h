/* headroom-preset-group.h: settings for a purpose, each with its price on this machine.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Choosing one moves the sliders and stores nothing. Signal "chosen" (HeadroomPreset *).
 */
#pragma once

#include "headroom-plan-preview.h"
#include "headroom-preset.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_PRESET_GROUP (headroom_preset_group_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomPresetGroup, headroom_preset_group, HEADROOM, PRESET_GROUP,
                      AdwPreferencesGroup)

GtkWidget *headroom_preset_group_new (HeadroomPlanPreview *preview);

G_END_DECLS
