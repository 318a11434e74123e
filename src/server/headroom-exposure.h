/* headroom-exposure.h: whom a person lets reach the server, and the key that other computers need
 * for it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Kept in the user's configuration, so that a server that is started later is reached alike:
 *
 *   headroom/exposure   "computer" or "network"
 *   headroom/api-key    made when it is first needed; a line of 32 characters, for its owner only
 *
 * HEADROOM_HOST and HEADROOM_API_KEY win over both. Thread-safety: Safe.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define HEADROOM_EXPOSURE_COMPUTER "computer"
#define HEADROOM_EXPOSURE_NETWORK "network"

/* What was chosen last; computer unless something was. */
gboolean headroom_exposure_is_network (void);
gboolean headroom_exposure_keep (gboolean network, GError **error);

/* uri: (nullable): where the server is reached, whose port stays. Returns: (transfer full): as
 * headroom_server_listen () wants it */
char *headroom_exposure_dup_spec (gboolean network, const char *uri) G_GNUC_WARN_UNUSED_RESULT;

/* The key of other computers, made if there is none. */
char *headroom_exposure_dup_key (GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
