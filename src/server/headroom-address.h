/* headroom-address.h: where to listen, as people write it, and who is there already.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Thread-safety: Safe.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define HEADROOM_DEFAULT_PORT 11434

/**
 * headroom_address_parse:
 * @spec: "HOST:PORT", "HOST", ":PORT", "[::1]:PORT", "http://HOST:PORT/..."; "http://HOST" means
 * port 80, else 11434 is the default
 *
 * Names other than localhost are not looked up: one listens on addresses.
 */
gboolean headroom_address_parse (const char *spec, GInetAddress **ret_address, guint16 *ret_port,
                                 GError **error);

/* "http://127.0.0.1:11434" */
char *headroom_address_dup_uri (GInetSocketAddress *address) G_GNUC_WARN_UNUSED_RESULT;

/* The process that listens on a port of this machine, as "name (process 123)", or NULL where the
 * system does not tell. */
char *headroom_address_dup_port_owner (guint16 port) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a Host header may be meant for a server on a loopback address. Anything else is a web
 * page that had its name resolved to this machine. host: (nullable) */
gboolean headroom_address_is_local_host_header (const char *host);
/* Whether a web page of this origin may ask. extra: (nullable): NULL-terminated patterns beside the
 * usual ones. */
gboolean headroom_address_is_allowed_origin (const char *origin, const char *const *extra);

G_END_DECLS
