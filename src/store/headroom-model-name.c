/* headroom-model-name.c: see headroom-model-name.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-model-name.h"

#include <string.h>

#define MAX_PART_BYTES 80
#define MAX_HOST_BYTES 350
#define DIGEST_HEX_BYTES 64

static gboolean
is_word (const char *text, const char *punctuation, gsize max_bytes)
{
  gsize len = strlen (text);

  if (len == 0 || len > max_bytes || !(g_ascii_isalnum (text[0]) || text[0] == '_'))
    return FALSE;
  for (gsize i = 1; i < len; i++) {
    if (!g_ascii_isalnum (text[i]) && strchr (punctuation, text[i]) == NULL)
      return FALSE;
  }
  return TRUE;
}

gboolean
headroom_model_name_is_host (const char *text)
{
  return is_word (text, "_-.:", MAX_HOST_BYTES);
}

gboolean
headroom_model_name_is_space (const char *text)
{
  return is_word (text, "_-", MAX_PART_BYTES);
}

gboolean
headroom_model_name_is_part (const char *text)
{
  return is_word (text, "_-.", MAX_PART_BYTES);
}

/* Cuts what follows the last separator off text and returns it, or NULL if there is no separator.
 */
static char *
cut_last (char *text, char separator)
{
  char *at = strrchr (text, separator);

  if (at == NULL)
    return NULL;
  *at = '\0';
  return at + 1;
}

HeadroomModelName *
headroom_model_name_parse (const char *text)
{
  g_autoptr(HeadroomModelName) name = g_new0 (HeadroomModelName, 1);
  g_autofree char *rest = NULL;
  const char *scheme_end = strstr (text, "://");
  char *slash, *tag = NULL;

  name->scheme =
      scheme_end != NULL ? g_strndup (text, (gsize) (scheme_end - text)) : g_strdup ("https");
  rest = g_strdup (scheme_end != NULL ? scheme_end + 3 : text);
  slash = strrchr (rest, '/');
  if (strchr (slash != NULL ? slash : rest, ':') != NULL)
    tag = cut_last (rest, ':');
  name->has_tag = tag != NULL;
  name->tag = g_strdup (tag != NULL ? tag : HEADROOM_DEFAULT_TAG);

  char *model = cut_last (rest, '/');
  char *space = model != NULL ? cut_last (rest, '/') : NULL;
  name->model = g_strdup (model != NULL ? model : rest);
  name->space = g_strdup (space != NULL   ? space
                          : model != NULL ? rest
                                          : HEADROOM_DEFAULT_NAMESPACE);
  name->host = g_strdup (space != NULL ? rest : HEADROOM_DEFAULT_HOST);

  if (!is_word (name->scheme, "+-.", MAX_PART_BYTES) || !headroom_model_name_is_host (name->host)
      || !headroom_model_name_is_space (name->space) || !headroom_model_name_is_part (name->model)
      || !headroom_model_name_is_part (name->tag))
    return NULL;
  return g_steal_pointer (&name);
}

void
headroom_model_name_free (HeadroomModelName *name)
{
  if (name == NULL)
    return;
  g_free (name->scheme);
  g_free (name->host);
  g_free (name->space);
  g_free (name->model);
  g_free (name->tag);
  g_free (name);
}

char *
headroom_model_name_dup_display (const HeadroomModelName *name)
{
  if (g_ascii_strcasecmp (name->host, HEADROOM_DEFAULT_HOST) != 0)
    return headroom_model_name_dup_full (name);
  if (g_ascii_strcasecmp (name->space, HEADROOM_DEFAULT_NAMESPACE) != 0)
    return g_strdup_printf ("%s/%s:%s", name->space, name->model, name->tag);
  return g_strdup_printf ("%s:%s", name->model, name->tag);
}

char *
headroom_model_name_dup_full (const HeadroomModelName *name)
{
  return g_strdup_printf ("%s/%s/%s:%s", name->host, name->space, name->model, name->tag);
}

gboolean
headroom_model_name_equal (const HeadroomModelName *a, const HeadroomModelName *b)
{
  return g_ascii_strcasecmp (a->host, b->host) == 0 &&
         g_ascii_strcasecmp (a->space, b->space) == 0 &&
         g_ascii_strcasecmp (a->model, b->model) == 0 && g_ascii_strcasecmp (a->tag, b->tag) == 0;
}

gboolean
headroom_digest_is_valid (const char *digest)
{
  if (strncmp (digest, "sha256", 6) != 0 || (digest[6] != ':' && digest[6] != '-')
      || strlen (digest) != 7 + DIGEST_HEX_BYTES)
    return FALSE;
  for (const char *c = digest + 7; *c != '\0'; c++) {
    if (!g_ascii_isxdigit (*c))
      return FALSE;
  }
  return TRUE;
}

char *
headroom_digest_dup_file_name (const char *digest)
{
  char *name = g_ascii_strdown (digest, -1);

  name[6] = '-';
  return name;
}
