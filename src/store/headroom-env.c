/* headroom-env.c: see headroom-env.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-env.h"

#include <string.h>

static gboolean
is_wrapping (char c)
{
  return g_ascii_isspace (c) || c == '"' || c == '\'';
}

static char *
dup_trimmed (const char *prefix, const char *name)
{
  g_autofree char *variable = g_strconcat (prefix, name, NULL);
  const char *value = g_getenv (variable);

  if (value == NULL)
    return NULL;
  while (is_wrapping (*value))
    value++;
  gsize len = strlen (value);
  while (len > 0 && is_wrapping (value[len - 1]))
    len--;
  return len > 0 ? g_strndup (value, len) : NULL;
}

char *
headroom_env_dup (const char *name)
{
  char *value = dup_trimmed ("HEADROOM_", name);

  return value != NULL ? value : dup_trimmed ("OLLAMA_", name);
}

gboolean
headroom_env_get_bool (const char *name, gboolean fallback)
{
  static const char *const no[] = { "0", "f", "F", "false", "False", "FALSE", NULL };
  g_autofree char *value = headroom_env_dup (name);

  return value != NULL ? !g_strv_contains (no, value) : fallback;
}

guint64
headroom_env_get_uint (const char *name, guint64 fallback)
{
  g_autofree char *value = headroom_env_dup (name);
  guint64 number;

  return value != NULL && g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT64, &number, NULL)
             ? number
             : fallback;
}
