/* headroom-banner.h: a line over a page that tells of a lasting state.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * libadwaita has a banner of its own from 1.3 on; when that is the floor this file goes.
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_BANNER (headroom_banner_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomBanner, headroom_banner, HEADROOM, BANNER, GtkWidget)

GtkWidget *headroom_banner_new  (void);
void       headroom_banner_show (HeadroomBanner *self,
                                 const char     *text);
void       headroom_banner_hide (HeadroomBanner *self);

G_END_DECLS
