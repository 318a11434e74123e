/* headroom-key.h: who may ask, by a secret.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * HEADROOM_API_KEY is asked for of everybody who comes over TCP. Without one, programs of this
 * machine may ask and others may not, unless it says "none". Who comes over the unix socket is this
 * user. Thread-safety: belongs to the server's main context.
 */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* "Authorization: Bearer KEY", or "x-api-key: KEY" as Anthropic's clients send it. key:
 * HEADROOM_API_KEY, or NULL. NULL: may ask. Else why not, a sentence (static). */
const char *headroom_key_refuses (const char *key, SoupServerMessage *message);

/* What other machines meet at an address that they can reach: "refused", "key" or "all". key:
 * (nullable) */
const char *headroom_key_access (const char *key);

G_END_DECLS
