/* headroom-memory-strip.h: the strip that shows every device's memory, always in sight.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One bar for each device, one line that says whether the chosen settings fit, and a popover with
 * every number in bytes.
 */
#pragma once

#include "headroom-memory.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_MEMORY_STRIP (headroom_memory_strip_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomMemoryStrip, headroom_memory_strip, HEADROOM, MEMORY_STRIP, GtkWidget)

GtkWidget *headroom_memory_strip_new         (void);
void       headroom_memory_strip_set_devices (HeadroomMemoryStrip        *self,
                                              const HeadroomMemoryDevice *devices,
                                              gsize                       n_devices);
void       headroom_memory_strip_set_reason  (HeadroomMemoryStrip        *self,
                                              const char                 *reason);

G_END_DECLS
