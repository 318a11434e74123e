/* headroom-address.c: see headroom-address.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-address.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "headroom-server.h"

/* ---- Host specs ---- */

static GInetAddress *
parse_host (const char *host)
{
  if (*host == '\0' || g_ascii_strcasecmp (host, "localhost") == 0)
    return g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  return g_inet_address_new_from_string (host);
}

/* Splits "host:port", "[v6]:port", "v6". port NULL where there is none. */
static void
split_port (char *text, char **ret_host, char **ret_port)
{
  char *colon = strrchr (text, ':'), *bracket = *text == '[' ? strchr (text, ']') : NULL;

  *ret_port = NULL;
  if (bracket != NULL) {
    *bracket = '\0';
    *ret_port = bracket[1] == ':' ? bracket + 2 : NULL;
    *ret_host = text + 1;
    return;
  }
  if (colon != NULL && strchr (text, ':') == colon) {
    *colon = '\0';
    *ret_port = colon + 1;
  }
  *ret_host = text;
}

gboolean
headroom_address_parse (const char *spec, GInetAddress **ret_address, guint16 *ret_port,
                        GError **error)
{
  gboolean is_http = g_str_has_prefix (spec, "http://"),
           is_https = g_str_has_prefix (spec, "https://");
  const char *rest = is_http    ? spec + strlen ("http://")
                     : is_https ? spec + strlen ("https://")
                                : spec;
  g_autofree char *text = g_strndup (rest, strcspn (rest, "/"));
  guint64 number = is_http ? 80 : is_https ? 443 : HEADROOM_DEFAULT_PORT;
  g_autoptr (GInetAddress) address = NULL;
  char *host, *port;

  split_port (text, &host, &port);
  address = parse_host (host);
  if (address == NULL) {
    g_set_error (
        error, HEADROOM_SERVER_ERROR, HEADROOM_SERVER_ERROR_ADDRESS,
        _("“%s” is not an address to listen on; use for example 127.0.0.1:11434 or 0.0.0.0:11434"),
        spec);
    return FALSE;
  }
  if (port != NULL && *port != '\0' &&
      !g_ascii_string_to_unsigned (port, 10, 0, G_MAXUINT16, &number, NULL)) {
    g_set_error (error, HEADROOM_SERVER_ERROR, HEADROOM_SERVER_ERROR_ADDRESS,
                 _("“%s” is not a port in “%s”"), port, spec);
    return FALSE;
  }
  *ret_address = g_steal_pointer (&address);
  *ret_port = (guint16) number;
  return TRUE;
}

char *
headroom_address_dup_uri (GInetSocketAddress *address)
{
  GInetAddress *inet = g_inet_socket_address_get_address (address);
  g_autofree char *host = g_inet_address_to_string (inet);
  gboolean is_v6 = g_inet_address_get_family (inet) == G_SOCKET_FAMILY_IPV6;

  return g_strdup_printf (is_v6 ? "http://[%s]:%u" : "http://%s:%u", host,
                          g_inet_socket_address_get_port (address));
}

/* ---- Who has a port ---- */

/* The inode of a socket that listens on a port, from a table of /proc/net, or 0. */
static guint64
find_listener (const char *table, guint16 port)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (table, &text, NULL, NULL))
    return 0;
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    char local[64], remote[64];
    unsigned state;
    unsigned long long inode;
    /* "  0: 0100007F:2CAA 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0
     * 12345 ..." */
    if (sscanf (*line, " %*d: %63s %63s %x %*s %*s %*s %*u %*u %llu", local, remote, &state,
                &inode) != 4 ||
        state != 0x0a)
      continue;
    const char *colon = strrchr (local, ':');
    if (colon != NULL && g_ascii_strtoull (colon + 1, NULL, 16) == port)
      return inode;
  }
  return 0;
}

static gboolean
process_holds (const char *pid, const char *target)
{
  g_autofree char *folder = g_build_filename ("/proc", pid, "fd", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_autofree char *link = g_file_read_link (path, NULL);
    if (g_strcmp0 (link, target) == 0)
      return TRUE;
  }
  return FALSE;
}

static char *
describe_process (const char *pid)
{
  g_autofree char *path = g_build_filename ("/proc", pid, "comm", NULL);
  g_autofree char *name = NULL;

  if (!g_file_get_contents (path, &name, NULL, NULL))
    return g_strdup_printf (_("process %s"), pid);
  return g_strdup_printf (_("%s (process %s)"), g_strstrip (name), pid);
}

char *
headroom_address_dup_port_owner (guint16 port)
{
  guint64 inode = find_listener ("/proc/net/tcp", port);
  g_autoptr (GDir) dir = g_dir_open ("/proc", 0, NULL);
  g_autofree char *target = NULL;
  const char *pid;

  if (inode == 0)
    inode = find_listener ("/proc/net/tcp6", port);
  if (inode == 0 || dir == NULL)
    return NULL;
  target = g_strdup_printf ("socket:[%" G_GUINT64_FORMAT "]", inode);
  while ((pid = g_dir_read_name (dir)) != NULL)
    if (g_ascii_isdigit (*pid) && process_holds (pid, target))
      return describe_process (pid);
  return NULL;
}

/* ---- Who may ask ---- */

static gboolean
is_private (GInetAddress *address)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);

  return g_inet_address_get_is_loopback (address) || g_inet_address_get_is_site_local (address) ||
         g_inet_address_get_is_any (address) ||
         (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 && (bytes[0] & 0xfe) == 0xfc);
}

gboolean
headroom_address_is_local_host_header (const char *host)
{
  static const char *const suffixes[] = { ".localhost", ".local", ".internal" };
  g_autofree char *text = g_ascii_strdown (host != NULL ? host : "", -1);
  g_autoptr (GInetAddress) address = NULL;
  char name[256] = "", *bare, *port;

  split_port (text, &bare, &port);
  address = g_inet_address_new_from_string (bare);
  if (address != NULL)
    return is_private (address);
  if (*bare == '\0' || g_str_equal (bare, "localhost"))
    return TRUE;
  if (gethostname (name, sizeof name - 1) == 0 && g_ascii_strcasecmp (bare, name) == 0)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (bare, suffixes[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_allowed_scheme (const char *origin)
{
  static const char *const schemes[] = { "app://", "file://", "tauri://", "vscode-webview://",
                                         "vscode-file://" };

  for (gsize i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (g_str_has_prefix (origin, schemes[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_local_page (const char *origin)
{
  static const char *const hosts[] = { "localhost", "127.0.0.1", "0.0.0.0" };
  const char *rest = g_str_has_prefix (origin, "http://")    ? origin + 7
                     : g_str_has_prefix (origin, "https://") ? origin + 8
                                                             : "";

  for (gsize i = 0; i < G_N_ELEMENTS (hosts); i++) {
    gsize len = strlen (hosts[i]);
    if (strncmp (rest, hosts[i], len) == 0 && (rest[len] == '\0' || rest[len] == ':'))
      return TRUE;
  }
  return FALSE;
}

gboolean
headroom_address_is_allowed_origin (const char *origin, const char *const *extra)
{
  for (const char *const *p = extra; p != NULL && *p != NULL; p++)
    if (g_pattern_match_simple (*p, origin))
      return TRUE;
  return is_local_page (origin) || is_allowed_scheme (origin);
}
