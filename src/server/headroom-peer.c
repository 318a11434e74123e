/* headroom-peer.c: see headroom-peer.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A Unix socket knows its peer. For TCP, /proc/net/tcp names the inode of the socket whose local
 * address is our remote one, and some /proc/PID/fd/N of this user's is a link to "socket:[INODE]".
 */
#include "headroom-peer.h"

#include <gio/gunixcredentialsmessage.h>
#include <stdio.h>
#include <string.h>

/* Longer tables than this are not read: a machine with more connections has other worries than
 * their names. */
#define MAX_TABLE_BYTES (4u * 1024 * 1024)

static char *
dup_name_of (GPid pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/comm", (int) pid);
  char *name = NULL;

  if (!g_file_get_contents (path, &name, NULL, NULL))
    return NULL;
  g_strchomp (name);
  return name;
}

/* ---- TCP ------------------------------------------------------------------------------------- */

/* The last 32 bits of an IPv4 or mapped address as the kernel prints them, and the port:
 * "0100007F:2CB6". */
static char *
dup_kernel_address (GInetSocketAddress *address)
{
  GInetAddress *inet = g_inet_socket_address_get_address (address);
  const guint8 *bytes = g_inet_address_to_bytes (inet);
  gsize size = g_inet_address_get_native_size (inet);
  GString *text = g_string_new (NULL);

  for (gsize word = 0; word < size; word += 4) {
    guint32 value;
    memcpy (&value, bytes + word, sizeof value);
    g_string_append_printf (text, "%08X", value);
  }
  g_string_append_printf (text, ":%04X", g_inet_socket_address_get_port (address));
  return g_string_free (text, FALSE);
}

/* Fields of a line: slot, local address, remote address, state, queues, timer, retransmits, uid,
 * timeout, inode. */
static guint64
find_inode_in (const char *table, const char *local, const char *remote)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  gsize length;

  if (!g_file_get_contents (table, &text, &length, NULL) || length > MAX_TABLE_BYTES)
    return 0;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 1; lines[i] != NULL; i++) {
    char line_local[64], line_remote[64];
    guint64 inode;
    if (sscanf (lines[i], "%*s %63s %63s %*s %*s %*s %*s %*s %*s %" G_GUINT64_FORMAT, line_local,
                line_remote, &inode) == 3 &&
        g_str_has_suffix (line_local, local) && g_str_has_suffix (line_remote, remote))
      return inode;
  }
  return 0;
}

static gboolean
process_has (const char *pid, const char *wanted)
{
  g_autofree char *folder = g_build_filename ("/proc", pid, "fd", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_autofree char *target = g_file_read_link (path, NULL);
    if (g_strcmp0 (target, wanted) == 0)
      return TRUE;
  }
  return FALSE;
}

static GPid
find_process (guint64 inode)
{
  g_autofree char *wanted = g_strdup_printf ("socket:[%" G_GUINT64_FORMAT "]", inode);
  g_autoptr (GDir) dir = g_dir_open ("/proc", 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_ascii_isdigit (*name) && process_has (name, wanted))
      return (GPid) g_ascii_strtoll (name, NULL, 10);
  return 0;
}

/* The other end's local address is our remote one, and the other way round. */
static GPid
find_tcp_peer (GInetSocketAddress *ours, GInetSocketAddress *theirs)
{
  g_autofree char *local = dup_kernel_address (theirs), *remote = dup_kernel_address (ours);
  guint64 inode = find_inode_in ("/proc/net/tcp", local, remote);

  if (inode == 0)
    inode = find_inode_in ("/proc/net/tcp6", local, remote);
  return inode != 0 ? find_process (inode) : 0;
}

/* ---- Either ---------------------------------------------------------------------------------- */

static GPid
find_unix_peer (GSocket *socket)
{
  g_autoptr (GCredentials) credentials = g_socket_get_credentials (socket, NULL);

  return credentials != NULL ? MAX (g_credentials_get_unix_pid (credentials, NULL), 0) : 0;
}

static char *
name_tcp_peer (GSocket *socket, GPid *ret_pid)
{
  g_autoptr (GSocketAddress) theirs = g_socket_get_remote_address (socket, NULL);
  g_autoptr (GSocketAddress) ours = g_socket_get_local_address (socket, NULL);
  GInetAddress *inet;

  if (!G_IS_INET_SOCKET_ADDRESS (theirs) || !G_IS_INET_SOCKET_ADDRESS (ours))
    return NULL;
  inet = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (theirs));
  if (!g_inet_address_get_is_loopback (inet))
    return g_inet_address_to_string (inet);
  *ret_pid = find_tcp_peer (G_INET_SOCKET_ADDRESS (ours), G_INET_SOCKET_ADDRESS (theirs));
  return *ret_pid > 0 ? dup_name_of (*ret_pid) : NULL;
}

char *
headroom_peer_dup_program (GSocket *socket, GPid *ret_pid)
{
  GPid pid = 0;
  char *name;

  if (g_socket_get_family (socket) == G_SOCKET_FAMILY_UNIX) {
    pid = find_unix_peer (socket);
    name = pid > 0 ? dup_name_of (pid) : NULL;
  } else
    name = name_tcp_peer (socket, &pid);
  if (ret_pid != NULL)
    *ret_pid = pid;
  return name;
}
