/* headroom-key.c: see headroom-key.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-key.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define NO_KEY "none" /* switches the need for one off, in so many words */

/* In a time that does not tell how much of it was right. */
static gboolean
is_same (const char *a, const char *b)
{
  gsize n = strlen (a), m = strlen (b);
  guchar differences = n != m;

  for (gsize i = 0; i < n; i++)
    differences |= (guchar) (a[i] ^ b[m > 0 ? i % m : 0]);
  return differences == 0 && m > 0;
}

static const char *
given_key (SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *bearer = soup_message_headers_get_one (headers, "Authorization");

  if (bearer != NULL && g_ascii_strncasecmp (bearer, "Bearer ", strlen ("Bearer ")) == 0)
    return bearer + strlen ("Bearer ");
  return soup_message_headers_get_one (headers, "x-api-key");
}

gboolean
headroom_key_is_from_here (SoupServerMessage *message)
{
  GSocketAddress *address = soup_server_message_get_remote_address (message);

  return G_IS_INET_SOCKET_ADDRESS (address) &&
         g_inet_address_get_is_loopback (
             g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

const char *
headroom_key_refuses (const char *key, const char *guest_key, SoupServerMessage *message)
{
  const char *given = given_key (message);

  if (g_socket_get_family (soup_server_message_get_socket (message)) == G_SOCKET_FAMILY_UNIX)
    return NULL;
  if (key == NULL && !headroom_key_is_from_here (message)) {
    if (guest_key == NULL)
      return _(
          "This server answers other machines only with a key: set HEADROOM_API_KEY to one, or to \"none\" to do without");
    key = guest_key;
  }
  if (key == NULL || g_str_equal (key, NO_KEY) || (given != NULL && is_same (given, key)))
    return NULL;
  return _("A key is needed: send it as \"Authorization: Bearer KEY\"");
}

const char *
headroom_key_access (const char *key, const char *guest_key)
{
  if (key == NULL)
    return guest_key != NULL ? "key" : "refused";
  return g_str_equal (key, NO_KEY) ? "all" : "key";
}

const char *
headroom_key_secret (const char *key, const char *guest_key)
{
  return key != NULL ? (g_str_equal (key, NO_KEY) ? NULL : key) : guest_key;
}
