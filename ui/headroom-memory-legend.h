/* headroom-memory-legend.h: every number of one device's memory, as a table with its patterns.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-memory.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_MEMORY_LEGEND (headroom_memory_legend_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomMemoryLegend, headroom_memory_legend, HEADROOM, MEMORY_LEGEND,
                      GtkWidget)

GtkWidget *headroom_memory_legend_new        (void);
void       headroom_memory_legend_set_device (HeadroomMemoryLegend       *self,
                                              const HeadroomMemoryDevice *device);

G_END_DECLS
