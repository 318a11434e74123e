/* headroom-application.h: the program with a window.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Owns the settings and the session (the engine's server, started here or found running). Windows
 * get a client of it.
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_APPLICATION (headroom_application_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomApplication, headroom_application, HEADROOM, APPLICATION,
                      AdwApplication)

HeadroomApplication *headroom_application_new (GSettings *settings);

G_END_DECLS
