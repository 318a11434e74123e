/* headroom-projector.c: see headroom-projector.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-projector.h"

#include <string.h>

#define PREFIX "mmproj"
#define SUFFIX ".gguf"
#define PART_LENGTH strlen ("-00001-of-00002") /* of a file in parts */

gboolean
headroom_projector_is_name (const char *file_name)
{
  return g_str_has_prefix (file_name, PREFIX) && g_str_has_suffix (file_name, SUFFIX);
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* A file's name without its ending, and without the number of its part. */
static char *
dup_stem (const char *file_name)
{
  gsize len = strlen (file_name) - strlen (SUFFIX);

  if (len > PART_LENGTH && strncmp (file_name + len - PART_LENGTH + 6, "-of-", 4) == 0)
    len -= PART_LENGTH;
  return g_strndup (file_name, len);
}

/* Whether "mmproj-NAME-f16.gguf" goes on like "NAME-Q4_K_M.gguf". */
static gboolean
is_named_like (const char *projector, const char *model)
{
  g_autofree char *stem = dup_stem (projector), *lower_stem = g_ascii_strdown (stem, -1),
                  *lower_model = g_ascii_strdown (model, -1);
  const char *name = lower_stem + strlen (PREFIX) + strspn (lower_stem + strlen (PREFIX), "-_.");
  char *last = MAX (strrchr (name, '-'), strrchr (name, '.'));

  if (g_str_has_prefix (lower_model, name) && *name != '\0')
    return TRUE;
  if (last == NULL || last == name)
    return FALSE;
  *last = '\0';
  return g_str_has_prefix (lower_model, name);
}

typedef struct {
  GPtrArray *projectors; /* names, sorted */
  GHashTable *models;    /* stems */
} Folder;

static void
read_folder (Folder *folder, const char *dir)
{
  g_autoptr (GDir) handle = g_dir_open (dir, 0, NULL);
  const char *name;

  folder->projectors = g_ptr_array_new_with_free_func (g_free);
  folder->models = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  while (handle != NULL && (name = g_dir_read_name (handle)) != NULL) {
    if (headroom_projector_is_name (name))
      g_ptr_array_add (folder->projectors, g_strdup (name));
    else if (g_str_has_suffix (name, SUFFIX))
      g_hash_table_add (folder->models, dup_stem (name));
  }
  g_ptr_array_sort (folder->projectors, compare_texts);
}

char *
headroom_projector_dup_path_for (const char *path)
{
  g_autofree char *dir = g_path_get_dirname (path), *model = g_path_get_basename (path);
  const char *found = NULL;
  char *result;
  Folder folder;

  if (!g_str_has_suffix (model, SUFFIX) || headroom_projector_is_name (model))
    return NULL;
  read_folder (&folder, dir);
  for (guint i = 0; i < folder.projectors->len && found == NULL; i++)
    if (is_named_like (g_ptr_array_index (folder.projectors, i), model))
      found = g_ptr_array_index (folder.projectors, i);
  if (found == NULL && folder.projectors->len > 0 && g_hash_table_size (folder.models) == 1)
    found = g_ptr_array_index (folder.projectors, 0);
  result = found != NULL ? g_build_filename (dir, found, NULL) : NULL;
  g_ptr_array_unref (folder.projectors);
  g_hash_table_unref (folder.models);
  return result;
}
