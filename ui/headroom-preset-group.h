/* headroom-preset-group.h: settings for a purpose, each with its price on this machine.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Choosing one moves the sliders and stores nothing. Signal "chosen" (HeadroomPreset *).
 */
#pragma once

#include "headroom-plan-preview.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* What a preset sets; 0 and NULL leave a setting as it is. */
typedef struct {
  guint num_ctx;          /* tokens of each answer */
  guint parallel;         /* answers at once */
  const char *keep_alive; /* as requests say it */
  int num_predict;        /* tokens of an answer at most; -1: no limit */
} HeadroomPreset;

#define HEADROOM_TYPE_PRESET_GROUP (headroom_preset_group_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomPresetGroup, headroom_preset_group, HEADROOM, PRESET_GROUP,
                      AdwPreferencesGroup)

GtkWidget *headroom_preset_group_new (HeadroomPlanPreview *preview);

G_END_DECLS
