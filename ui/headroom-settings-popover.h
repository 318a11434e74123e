/* headroom-settings-popover.h: the settings of a chat.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bound to GSettings both ways: whoever wants to know a setting reads or watches GSettings and not
 * this widget.
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_SETTINGS_POPOVER (headroom_settings_popover_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomSettingsPopover, headroom_settings_popover, HEADROOM,
                      SETTINGS_POPOVER, GtkPopover)

GtkWidget *headroom_settings_popover_new         (GSettings               *settings);
void       headroom_settings_popover_set_max_ctx (HeadroomSettingsPopover *self,
                                                  guint                    tokens);
void       headroom_settings_popover_set_cost    (HeadroomSettingsPopover *self,
                                                  const char              *text,
                                                  gboolean                 fits);

G_END_DECLS
