/* headroom-cli-images.c: see headroom-cli-images.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli-images.h"

#include "headroom-image.h"

#include <glib/gi18n.h>

#define MAX_FILE_BYTES (48 * 1024 * 1024) /* what fits in a request in base64 */
#define ENDING "\\.(?i:png|jpe?g|webp)"
/* In single quotes, in double ones, or a word whose blanks stand behind backslashes. */
#define PATTERN \
  "'([^']+" ENDING ")'|\"([^\"]+" ENDING ")\"|((?:\\\\.|[^\\s\\\\])+" ENDING ")(?![\\w.])"

static GRegex *
new_regex (void)
{
  return g_regex_new (PATTERN, 0, 0, NULL);
}

gboolean
headroom_cli_may_name_image (const char *text)
{
  g_autoptr (GRegex) regex = new_regex ();

  return g_regex_match (regex, text, 0, NULL);
}

static char *
dup_path (GMatchInfo *match)
{
  g_autofree char *quoted = g_match_info_fetch (match, 1), *quoted2 = g_match_info_fetch (match, 2);
  g_autofree char *word = g_match_info_fetch (match, 3);
  g_autoptr (GString) path = g_string_new (NULL);

  if (quoted != NULL && *quoted != '\0')
    return g_steal_pointer (&quoted);
  if (quoted2 != NULL && *quoted2 != '\0')
    return g_steal_pointer (&quoted2);
  for (const char *at = word; *at != '\0'; at++) {
    if (*at == '\\' && at[1] != '\0')
      at++;
    g_string_append_c (path, *at);
  }
  return g_string_free (g_steal_pointer (&path), FALSE);
}

/* The file's content in base64, or NULL: it is none that is an image. */
static char *
dup_image (const char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInfo) info =
      g_file_query_info (file, G_FILE_ATTRIBUTE_STANDARD_TYPE "," G_FILE_ATTRIBUTE_STANDARD_SIZE, 0,
                         NULL, NULL);
  g_autofree char *data = NULL;
  gsize len;

  if (info == NULL || g_file_info_get_file_type (info) != G_FILE_TYPE_REGULAR ||
      g_file_info_get_size (info) > MAX_FILE_BYTES ||
      !g_file_get_contents (path, &data, &len, NULL) ||
      !headroom_image_is_known ((const guint8 *) data, len))
    return NULL;
  return g_base64_encode ((const guchar *) data, len);
}

HrValue *
headroom_cli_take_images (const char *text, char **ret_text)
{
  g_autoptr (GRegex) regex = new_regex ();
  g_autoptr (GMatchInfo) match = NULL;
  g_autoptr (HrValue) images = hr_value_new_list ();
  g_autoptr (GString) rest = g_string_new (NULL);
  int at = 0;

  for (g_regex_match (regex, text, 0, &match); g_match_info_matches (match);
       g_match_info_next (match, NULL)) {
    g_autofree char *path = dup_path (match), *image = dup_image (path);
    int start, end;
    if (image == NULL || !g_match_info_fetch_pos (match, 0, &start, &end))
      continue;
    g_printerr (_("Added image “%s”\n"), path);
    hr_value_append (images, hr_value_new_string (image, -1, false));
    g_string_append_len (rest, text + at, start - at);
    at = end;
  }
  g_string_append (rest, text + at);
  *ret_text =
      at > 0 ? g_strstrip (g_string_free (g_steal_pointer (&rest), FALSE)) : g_strdup (text);
  return hr_value_size (images) > 0 ? g_steal_pointer (&images) : NULL;
}
