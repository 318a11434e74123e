/* headroom-memory-paint.h: the colours and patterns of the parts of memory.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The colours are named in style.css, so that themes and high contrast may change them.
 */
#pragma once

#include "headroom-memory.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

void headroom_memory_paint (GtkWidget             *widget,
                            GtkSnapshot           *snapshot,
                            const graphene_rect_t *area,
                            HeadroomMemoryPart     part);
GdkRGBA headroom_memory_colour     (GtkWidget             *widget,
                                    const char            *name);
void headroom_memory_paint_trough  (GtkWidget             *widget,
                                    GtkSnapshot           *snapshot,
                                    const graphene_rect_t *area);
void headroom_memory_paint_overrun (GtkWidget             *widget,
                                    GtkSnapshot           *snapshot,
                                    const graphene_rect_t *area);

void    headroom_memory_paint_cairo   (GtkWidget             *widget,
                                       cairo_t               *cr,
                                       const graphene_rect_t *area,
                                       HeadroomMemoryPart     part);
void    headroom_memory_paint_ghost   (GtkWidget             *widget,
                                       GtkSnapshot           *snapshot,
                                       const graphene_rect_t *area,
                                       gboolean               takes);

G_END_DECLS
