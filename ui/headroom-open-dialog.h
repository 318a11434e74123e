/* headroom-open-dialog.h: asks for a model file.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* path: absolute. Not called when the dialog is dismissed. */
typedef void (*HeadroomOpenFunc) (GtkWindow  *parent,
                                  const char *path);

void headroom_open_dialog_show (GtkWindow        *parent,
                                HeadroomOpenFunc  func);

G_END_DECLS
