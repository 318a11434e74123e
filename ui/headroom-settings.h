/* headroom-settings.h: finds the program's settings, installed or not, and reads them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-conversation.h"

G_BEGIN_DECLS

GSettings *headroom_settings_new (GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How questions are asked with them; model is borrowed, words stay for ever. */
HeadroomAskOptions headroom_settings_get_ask_options (GSettings *settings, const char *model);

G_END_DECLS
