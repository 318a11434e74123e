/* headroom-sparkline.h: a few readings as a small curve, with the line that they should stay below.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-json.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_SPARKLINE (headroom_sparkline_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomSparkline, headroom_sparkline, HEADROOM, SPARKLINE, GtkWidget)

GtkWidget *headroom_sparkline_new        (void);
void       headroom_sparkline_set_values (HeadroomSparkline *self,
                                          const HrValue     *values,
                                          double             threshold,
                                          const char        *title);

G_END_DECLS
