/* headroom-key.h: who may ask, by a secret.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * HEADROOM_API_KEY is asked for of everybody who comes over TCP. Without one, programs of this
 * machine may ask and others may not, unless it says "none" or they know the key that a person let
 * them in with (see headroom-exposure.h). Who comes over the unix socket is this
 * user. Thread-safety: belongs to the server's main context.
 */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* "Authorization: Bearer KEY", or "x-api-key: KEY" as Anthropic's clients send it. key:
 * HEADROOM_API_KEY, or NULL. guest_key: that of other machines where there is no other, or NULL.
 * NULL: may ask. Else why not, a sentence (static). */
const char *headroom_key_refuses (const char *key, const char *guest_key,
                                  SoupServerMessage *message);
/* Whether it comes over TCP from a program of this machine, which needs no key unless there is one. */
gboolean headroom_key_is_from_here (SoupServerMessage *message);

/* What other machines meet at an address that they can reach: "refused", "key" or "all". Both
 * keys: (nullable) */
const char *headroom_key_access (const char *key, const char *guest_key);
/* The secret that is asked for: (nullable): none is */
const char *headroom_key_secret (const char *key, const char *guest_key);

G_END_DECLS
