/* headroom-connections.h: how many connections there may be, and for how long one may say nothing.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A connection is given up when it is silent for too long, when the headers of a request take too
 * long however busily they trickle, and the same with a body that is not a file. Where there are as
 * many as may be, the one that has waited longest without having asked anything makes room.
 *
 * Thread-safety: belongs to the server's main context.
 */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* At once. A few programs with a few chats each; the rest is somebody who does not close. */
#define HEADROOM_MAX_CONNECTIONS 512

typedef struct _HeadroomConnections HeadroomConnections;

/* silence_seconds: what a client that has not finished its request, or does not read its answer,
 * may take. */
HeadroomConnections *headroom_connections_new (guint silence_seconds) G_GNUC_WARN_UNUSED_RESULT;
/* Looks after everybody who comes to that server, which has to be gone before self is. */
void headroom_connections_attach (HeadroomConnections *self, SoupServer *soup);
void headroom_connections_free (HeadroomConnections *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomConnections, headroom_connections_free)

G_END_DECLS
