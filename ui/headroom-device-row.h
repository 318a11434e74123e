/* headroom-device-row.h: one device's memory in a list: its bar, and on demand every number.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-memory.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_DEVICE_ROW (headroom_device_row_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomDeviceRow, headroom_device_row, HEADROOM, DEVICE_ROW, AdwPreferencesRow)

GtkWidget *headroom_device_row_new        (void);
void       headroom_device_row_set_device (HeadroomDeviceRow          *self,
                                           const HeadroomMemoryDevice *device);

G_END_DECLS
