/* headroom-playback.h: what came of a scenario, as a drawing that a person can move through or
 * watch.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Property "moment": seconds since the beginning, what is shown.
 */
#pragma once

#include "headroom-what-if.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_PLAYBACK (headroom_playback_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomPlayback, headroom_playback, HEADROOM, PLAYBACK, GtkWidget)

GtkWidget *headroom_playback_new (void);
void headroom_playback_set_played (HeadroomPlayback *self, const HeadroomPlayed *played);
double headroom_playback_get_moment (HeadroomPlayback *self);

G_END_DECLS
