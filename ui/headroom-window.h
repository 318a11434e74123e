/* headroom-window.h: the window: chooser, conversation, composer, settings and the memory strip.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Puts the parts together and owns the actions of the prefix "win". Thread-safety: main thread
 * only, never blocks.
 */
#pragma once

#include "headroom-client.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_WINDOW (headroom_window_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomWindow, headroom_window, HEADROOM, WINDOW, AdwApplicationWindow)

GtkWidget *headroom_window_new          (GtkApplication *application,
                                         GSettings      *settings);
void       headroom_window_set_client   (HeadroomWindow *self,
                                         HeadroomClient *client);
void       headroom_window_set_failure  (HeadroomWindow *self,
                                         const char     *reason);
void       headroom_window_set_notice   (HeadroomWindow *self,
                                         const char     *text);
void       headroom_window_choose_model (HeadroomWindow *self,
                                         const char     *name);
void       headroom_window_set_server_uri (HeadroomWindow *self,
                                           const char     *uri);

G_END_DECLS
