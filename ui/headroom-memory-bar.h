/* headroom-memory-bar.h: a bar that shows what one device's memory is used for, and what the chosen
 * settings would need.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The upper lane is the machine now, the lower and slimmer lane is the plan. Every part has its own
 * pattern beside its colour. The bar is a meter to assistive technologies.
 */
#pragma once

#include "headroom-memory.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_MEMORY_BAR (headroom_memory_bar_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomMemoryBar, headroom_memory_bar, HEADROOM, MEMORY_BAR, GtkWidget)

GtkWidget                  *headroom_memory_bar_new        (void);
void                        headroom_memory_bar_set_device (HeadroomMemoryBar          *self,
                                                            const HeadroomMemoryDevice *device);
const HeadroomMemoryDevice *headroom_memory_bar_get_device (HeadroomMemoryBar          *self);

/* A small square that shows one part's colour and pattern, for legends. */
#define HEADROOM_TYPE_MEMORY_SWATCH (headroom_memory_swatch_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomMemorySwatch, headroom_memory_swatch, HEADROOM, MEMORY_SWATCH,
                      GtkWidget)

GtkWidget                  *headroom_memory_swatch_new     (HeadroomMemoryPart          part);

G_END_DECLS
