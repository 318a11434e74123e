/* headroom-preset.c: settings for a purpose, by name.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-preset.h"

#include <glib/gi18n.h>

static const HeadroomPreset presets[] = {
  { .id = "chat", .parallel = 2, .keep_alive = "5m", .num_predict = 512 },
  { .id = "api", .parallel = 4, .keep_alive = "-1", .num_predict = -1 },
  { .id = "batch", .parallel = 8, .keep_alive = "30m", .num_predict = 2048 },
  { .id = "research", .num_predict = -1 },
};

static const char *const titles[G_N_ELEMENTS (presets)] = {
  N_("For a chat"),
  N_("For other programs"),
  N_("For many texts"),
  N_("For research"),
};

const HeadroomPreset *
headroom_preset_get (gsize index)
{
  return index < G_N_ELEMENTS (presets) ? &presets[index] : NULL;
}

const HeadroomPreset *
headroom_preset_find (const char *id)
{
  for (gsize i = 0; i < G_N_ELEMENTS (presets); i++)
    if (g_strcmp0 (presets[i].id, id) == 0)
      return &presets[i];
  return NULL;
}

const char *
headroom_preset_title (const char *id)
{
  const HeadroomPreset *preset = headroom_preset_find (id);

  return preset != NULL ? _ (titles[preset - presets]) : id;
}
