/* headroom-slot-strip.h: the slots of a loaded model, each filled as far as it remembers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * To assistive technologies it is an image whose description tells the positions of every slot.
 */
#pragma once

#include "headroom-json.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_SLOT_STRIP (headroom_slot_strip_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomSlotStrip, headroom_slot_strip, HEADROOM, SLOT_STRIP, GtkWidget)

GtkWidget  *headroom_slot_strip_new       (void);
void        headroom_slot_strip_set_slots (HeadroomSlotStrip *self,
                                           const HrValue     *slots,
                                           guint              num_ctx);
const char *headroom_slot_strip_get_text  (HeadroomSlotStrip *self);

G_END_DECLS
