/* headroom-client-private.h: how a session keeps its client's other end alive.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-client.h"

G_BEGIN_DECLS

/* Makes the server reachable again and returns TRUE or an error from take_task. */
typedef void (*HeadroomClientReviveFunc) (gpointer owner, GTask *take_task);

/* Called once per request that finds nobody listening. owner must clear it before it goes. */
void headroom_client_set_reviver (HeadroomClient *self, HeadroomClientReviveFunc func,
                                  gpointer owner);

G_END_DECLS
