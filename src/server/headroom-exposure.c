/* headroom-exposure.c: see headroom-exposure.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-exposure.h"

#include <gio/gio.h>
#include <sys/random.h>

#include "headroom-address.h"
#include "headroom-server.h"

#define KEY_CHARS 32 /* of 32 letters: 160 bits */
#define MAX_KEY_CHARS 1024

static char *
dup_path (const char *name)
{
  return g_build_filename (g_get_user_config_dir (), "headroom", name, NULL);
}

/* The one line of a file, or NULL. */
static char *
dup_line (const char *name)
{
  g_autofree char *path = dup_path (name), *text = NULL;
  gsize len;

  if (!g_file_get_contents (path, &text, &len, NULL) || len > MAX_KEY_CHARS)
    return NULL;
  g_strstrip (text);
  return *text != '\0' && g_str_is_ascii (text) ? g_steal_pointer (&text) : NULL;
}

static gboolean
keep_line (const char *name, const char *line, GError **error)
{
  g_autofree char *path = dup_path (name), *folder = g_path_get_dirname (path),
                  *text = g_strconcat (line, "\n", NULL);

  if (g_mkdir_with_parents (folder, 0700) != 0) {
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", folder,
                 g_strerror (errno));
    return FALSE;
  }
  return g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}

gboolean
headroom_exposure_is_network (void)
{
  g_autofree char *kept = dup_line ("exposure");

  return g_strcmp0 (kept, HEADROOM_EXPOSURE_NETWORK) == 0;
}

gboolean
headroom_exposure_keep (gboolean network, GError **error)
{
  return keep_line ("exposure", network ? HEADROOM_EXPOSURE_NETWORK : HEADROOM_EXPOSURE_COMPUTER,
                    error);
}

char *
headroom_exposure_dup_spec (gboolean network, const char *uri)
{
  g_autoptr (GUri) parsed = uri != NULL ? g_uri_parse (uri, G_URI_FLAGS_NONE, NULL) : NULL;
  int port = parsed != NULL ? g_uri_get_port (parsed) : -1;

  return g_strdup_printf ("%s:%d", network ? "0.0.0.0" : "127.0.0.1",
                          port > 0 ? port : HEADROOM_DEFAULT_PORT);
}

/* Letters and digits that are not taken for one another when they are read aloud. */
static char *
make_key (GError **error)
{
  static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";
  guint8 bytes[KEY_CHARS];
  char *key;

  if (getrandom (bytes, sizeof bytes, 0) != (gssize) sizeof bytes) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "no random numbers to make a key of");
    return NULL;
  }
  key = g_new0 (char, KEY_CHARS + 1);
  for (gsize i = 0; i < KEY_CHARS; i++)
    key[i] = alphabet[bytes[i] % (sizeof alphabet - 1)];
  return key;
}

char *
headroom_exposure_dup_key (GError **error)
{
  char *kept = dup_line ("api-key");
  g_autofree char *made = kept == NULL ? make_key (error) : NULL;

  if (kept != NULL)
    return kept;
  return made != NULL && keep_line ("api-key", made, error) ? g_steal_pointer (&made) : NULL;
}
