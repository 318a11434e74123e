/* headroom-welcome.h: the page of a chat that has not begun, with a few questions to begin with.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The signal "suggested" carries the question that was chosen.
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_WELCOME (headroom_welcome_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomWelcome, headroom_welcome, HEADROOM, WELCOME, AdwBin)

G_END_DECLS
