/* headroom-server-page.h: whether and where other programs reach the models, who is being answered
 * and was before, and how to connect one more.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Asks the server once a second while it can be seen. Signal "problem" (text): something that a
 * person wanted did not work.
 */
#pragma once

#include "headroom-client.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_SERVER_PAGE (headroom_server_page_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomServerPage, headroom_server_page, HEADROOM, SERVER_PAGE, GtkWidget)

GtkWidget *headroom_server_page_new        (void);
void       headroom_server_page_set_client (HeadroomServerPage *self,
                                            HeadroomClient     *client);
void       headroom_server_page_set_settings (HeadroomServerPage *self,
                                              GSettings          *settings);
void       headroom_server_page_set_uri    (HeadroomServerPage *self,
                                            const char         *uri);
void       headroom_server_page_set_model  (HeadroomServerPage *self,
                                            const char         *model);

G_END_DECLS
