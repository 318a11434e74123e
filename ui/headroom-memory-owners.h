/* headroom-memory-owners.h: who takes a device's memory, by name: models and other programs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-memory.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_MEMORY_OWNERS (headroom_memory_owners_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomMemoryOwners, headroom_memory_owners, HEADROOM, MEMORY_OWNERS, GtkWidget)

GtkWidget *headroom_memory_owners_new        (void);
void       headroom_memory_owners_set_device (HeadroomMemoryOwners       *self,
                                              const HeadroomMemoryDevice *device);

G_END_DECLS
