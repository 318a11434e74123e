/* headroom-what-if-page.h: the page that plays a day of requests on a machine of one's choice.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Nothing is loaded: the residency decides as it would, over a clock that jumps. Every choice plays
 * it again.
 */
#pragma once

#include "headroom-memory.h"
#include "headroom-what-if.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_WHAT_IF_PAGE (headroom_what_if_page_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomWhatIfPage, headroom_what_if_page, HEADROOM, WHAT_IF_PAGE, GtkWidget)

GtkWidget *headroom_what_if_page_new (void);
void headroom_what_if_page_set_models (HeadroomWhatIfPage *self, GListModel *models);
void headroom_what_if_page_set_devices (HeadroomWhatIfPage *self,
                                        const HeadroomMemoryDevice *devices, gsize n_devices);
const HeadroomPlayed *headroom_what_if_page_get_played (HeadroomWhatIfPage *self);

G_END_DECLS
