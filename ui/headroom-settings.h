/* headroom-settings.h: finds the program's settings, installed or not.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

GSettings *headroom_settings_new (GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
